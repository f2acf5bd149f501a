"""What the procedure's roles have to do, and what that lets them do with the runs of Airflow.

The only place that says it. Airflow's managers of users are told in their own terms:
``respaldo.flows.roles`` for FAB, ``respaldo.embedded.configured`` for the simple one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Literal

from respaldo.domain.values import Value

Duty = Literal[
    "report",
    "reading",
    "programming",
    "contracts",
    "copies",
    "verification",
    "failures",
    "media",
    "analysis",
    "authorization",
    "restores",
    "archive",
]

Kind = Literal["scopes", "manual", "failures", "requests", "contracts", "media", "archive"]
"""Kinds of DAGs: of all scopes, of those that people copy by hand, and those of other activities."""


class Power(Value):
    """What a duty lets people do, by kind of DAG. To see is not among it: that is a duty of its own."""

    switches: frozenset[Kind] = frozenset()
    """Turn the schedule on and off."""
    starts: frozenset[Kind] = frozenset()
    """Begin a run, and end it."""
    answers: frozenset[Kind] = frozenset()
    """Answer a waiting task, where that task asks them."""

    @property
    def acts(self) -> frozenset[Kind]:
        """Every kind of DAG that one does something with."""
        return self.switches | self.starts | self.answers


_SCOPES, _MANUAL = frozenset[Kind](["scopes"]), frozenset[Kind](["manual"])
_FAILURES, _REQUESTS = frozenset[Kind](["failures"]), frozenset[Kind](["requests"])
_CONTRACTS, _MEDIA = frozenset[Kind](["contracts"]), frozenset[Kind](["media"])
_ARCHIVE = frozenset[Kind](["archive"])

POWERS: Mapping[Duty, Power] = MappingProxyType(
    {
        "report": Power(),
        "reading": Power(),
        "programming": Power(switches=_SCOPES),
        "contracts": Power(starts=_CONTRACTS, answers=_CONTRACTS),
        "copies": Power(starts=_SCOPES, answers=_MANUAL),
        "verification": Power(answers=_MANUAL),
        "failures": Power(answers=_FAILURES),
        "media": Power(starts=_MEDIA, answers=_MEDIA),
        "analysis": Power(answers=_REQUESTS),
        "authorization": Power(answers=_REQUESTS),
        "restores": Power(starts=_REQUESTS, answers=_REQUESTS),
        "archive": Power(starts=_ARCHIVE),
    }
)
"""Activities: programming 1, 6; contracts 4, 5; copies 8 to 11, 21; verification 12; failures 14, 15;
media 16; analysis 17, 18; authorization 22; restores 19 to 25; archive 26.
"""

OF_ROLE: Mapping[str, frozenset[Duty]] = MappingProxyType(
    {
        "director": frozenset(["report", "reading", "contracts", "authorization"]),
        "servidores": frozenset(["report", "reading", "programming", "authorization"]),
        "soporte": frozenset(["report", "reading", "copies", "failures", "media", "restores", "archive"]),
        "infraestructura": frozenset(["report", "reading", "verification"]),
        "profesional": frozenset(["report", "reading", "analysis", "archive"]),
        "analista": frozenset(["report"]),
    }
)
"""The duties of the procedure's roles, and of who only looks at the report, by the role's name."""


def sees_more_than_report(duties: Collection[Duty]) -> bool:
    """Whether who has these duties looks at runs: whoever acts has to see what on."""
    return any(duty != "report" for duty in duties)


def acts(duties: Collection[Duty]) -> bool:
    """Whether any of the duties lets people do something, and not only look."""
    return any(POWERS[duty].acts for duty in duties)
