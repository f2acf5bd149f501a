"""Names that the DAGs of contracts share."""

from __future__ import annotations

from respaldo.domain.contracts import Term
from respaldo.flows.trigger import Trigger

CONTRACTING = "contracting"
WATCH = "contract_watch"


def question_on(term: Term) -> Trigger:
    """Name the question of a term's renewal: one a term, however often it is looked for."""
    conf = {"number": term.number, "valid_until": term.valid_until.isoformat()}
    return Trigger(CONTRACTING, f"contract__{term.key}", conf)
