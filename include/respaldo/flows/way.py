"""Go on with some of the tasks below a task, and skip the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.sdk.bases.skipmixin import SkipMixin

if TYPE_CHECKING:
    from airflow.sdk import Context


class Way(SkipMixin):
    """Skips every task below that only the ways not taken lead to.

    Airflow's own branching skips direct neighbours; where ways join again, the join would run all the same.
    """

    def go_on(self, context: Context, following: Sequence[str] | None) -> None:
        """Go on with the tasks named (None: with all)."""
        if following is None:
            return
        dag = context["dag"]
        kept = set(following)
        for name in following:
            kept |= dag.get_task(name).get_flat_relative_ids(upstream=False)
        others = context["task"].get_flat_relative_ids(upstream=False) - kept
        if others:
            self.skip(context["ti"], [dag.get_task(name) for name in sorted(others)])
