"""What a step of a restore request works with: the run's workplace, and what happened before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from respaldo.config.configuration import Configuration, ConfiguredScope
from respaldo.config.organization import Organization
from respaldo.domain.requests import Decision, Failure, Finding, Outcome, RestoreRequest, Story
from respaldo.domain.restoring import Identified, Restored, Which
from respaldo.domain.values import Value
from respaldo.flows.requests.findings import interrupted
from respaldo.flows.workplace import Workplace

if TYPE_CHECKING:
    from airflow.sdk import Context

FAILURE = "failure"
"""XCom by which a step that failed says why. One that was killed could not."""

BACKUP_RUN = "backup_run"
"""XCom by which a step tells the run of the scope that it began."""

DECISIONS = ("analyse", "authorize", "accept", "second_authorize", "second_accept")
LOOKS: dict[Which, str] = {"first": "identify", "second": "second_identify"}
RESTORES: dict[Which, str] = {"first": "restore", "second": "second_restore"}
BACKUPS = ("safety_backup", "second_safety_backup", "unscheduled_backup", "rerun", "second_rerun")


class Looked(Value):
    """What looking at a copy gave: what was found, and what a good copy holds of the request."""

    finding: Finding
    identified: Identified | None = None
    run_key: str | None = None
    """The run that made the copy, also of one that is not good; None: no run made such a copy."""
    number: int | None = None


class Delivered(Value):
    """What a restoration gave. A copy may show only now that it is not good."""

    finding: Finding
    restored: Restored | None = None


class Closed(Value):
    """How the request ended, and when: the watcher makes the run red by it."""

    outcome: Outcome
    at: AwareDatetime


@dataclass(frozen=True)
class RequestPlace:
    """One attempt at one step of one request. What it reads again and again, it reads once."""

    work: Workplace

    @classmethod
    def of(cls, context: Context) -> RequestPlace:
        return cls(Workplace.of(str(context["params"].get("scope") or ""), context))

    @property
    def ti(self) -> Any:  # noqa: ANN401  (Airflow's)
        return self.work.context["ti"]

    @property
    def asked_by(self) -> str:
        """The Airflow user that sent the form; empty for a program."""
        return self.work.context["dag_run"].triggering_user_name or ""

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration of the request's scope.

        :raises InvalidConfigurationError: see `Workplace.configuration`.
        """
        return self.work.configuration()

    @property
    def scope(self) -> ConfiguredScope:
        return self.configuration.kept[self.work.run.scope_id]

    @property
    def organization(self) -> Organization:
        return self.configuration.organization

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organization.timezone)

    @cached_property
    def request(self) -> RestoreRequest:
        """The request as it was registered."""
        return self.work.result("register", RestoreRequest)

    def looked(self, which: Which) -> Looked | None:
        """Give what looking at a copy gave, None when nobody looked at it."""
        found: Looked | None = self._handed_on(LOOKS[which], Looked)
        return found

    def identified(self, which: Which) -> Identified:
        """Give the copy that was found good: nothing else is asked about or restored from."""
        return Identified.model_validate(self.ti.xcom_pull(task_ids=LOOKS[which])["identified"])

    def restored(self, which: Which) -> Restored:
        """Give what a restoration left: nothing else is asked about."""
        return Restored.model_validate(self.ti.xcom_pull(task_ids=RESTORES[which])["restored"])

    def decision(self, step: str) -> Decision | None:
        """Give what was decided at a step, None when nobody was asked or has answered."""
        found: Decision | None = self._handed_on(step, Decision)
        return found

    def story(self) -> Story:
        """Put together what happened so far, from what each step handed on."""
        looks = {which: self.looked(which) for which in LOOKS}
        gifts = {which: self._handed_on(step, Delivered) for which, step in RESTORES.items()}
        findings = {which: one.finding for which, one in looks.items() if one}
        findings |= {which: one.finding for which, one in gifts.items() if one}
        decisions = {step: self.decision(step) for step in DECISIONS}
        backups = {step: self.ti.xcom_pull(task_ids=step, key=BACKUP_RUN) for step in BACKUPS}
        closed = self._handed_on("record", Closed)
        return Story(
            request=self._handed_on("register", RestoreRequest),
            decisions={step: decision for step, decision in decisions.items() if decision},
            findings=findings,
            identified={which: one.identified for which, one in looks.items() if one and one.identified},
            restored={which: one.restored for which, one in gifts.items() if one and one.restored},
            backups={step: run for step, run in backups.items() if run},
            failures=self._failures(),
            closed_at=closed.at if closed else None,
        )

    def _handed_on(self, step: str, model: type[Any]) -> Any:  # noqa: ANN401  (an instance of the model)
        given = self.ti.xcom_pull(task_ids=step)
        return model.model_validate(given) if given is not None else None

    def _failures(self) -> tuple[Failure, ...]:
        """Give why each failed step above failed; one that ended without a word was interrupted."""
        failed = [step for step, state in self.work.states().items() if state == "failed"]
        told = {step: self.ti.xcom_pull(task_ids=step, key=FAILURE) for step in failed}
        return tuple(
            Failure.model_validate(told[step]) if told[step] else interrupted(step) for step in failed
        )
