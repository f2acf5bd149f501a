"""What duties are to FAB: pairs of an action and a resource, in its words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from respaldo.domain.duties import POWERS, Duty, Kind, sees_more_than_report

Permission = tuple[str, str]

_READ, _EDIT, _CREATE, _MENU = "can_read", "can_edit", "can_create", "menu_access"

_EVERYBODY: tuple[Permission, ...] = (
    # The page TIC-FM007, and the list that Airflow's menu finds it by.
    (_READ, "Website"),
    (_READ, "Plugins"),
    (_MENU, "Browse"),
    (_READ, "My Profile"),
    (_EDIT, "My Profile"),
    (_READ, "My Password"),
    (_EDIT, "My Password"),
)
_READING: tuple[Permission, ...] = (
    *(
        (_READ, resource)
        for resource in (
            "DAGs",
            "DAG Code",
            "DAG Dependencies",
            "DAG Runs",
            "DAG Versions",
            "DAG Warnings",
            "Task Instances",
            "Task Logs",
            "XComs",
            "HITL Detail",
            "ImportError",
            "Jobs",
            "Pools",
            "Cluster Activity",
        )
    ),
    *((_MENU, resource) for resource in ("DAGs", "DAG Runs", "Task Instances", "HITL Detail", "Docs")),
)


def permissions_of(duties: Collection[Duty], dags: Mapping[Kind, Collection[str]]) -> frozenset[Permission]:
    """Give all that a role with these duties may do in Airflow; nothing if it has none.

    Task instances are nobody's to change: who could mark a task as done by hand could pass over the question
    of another role. A run as a whole may be ended, or repeated, by who may start it.
    """
    if not duties:
        return frozenset()
    seen = _READING if sees_more_than_report(duties) else ()
    return frozenset((*_EVERYBODY, *seen, *(each for duty in duties for each in _powers(duty, dags))))


def _powers(duty: Duty, dags: Mapping[Kind, Collection[str]]) -> Iterator[Permission]:
    power = POWERS[duty]
    # FAB asks for the right to edit a DAG of whoever does anything with its runs.
    yield from ((_EDIT, f"DAG:{dag}") for kind in power.acts for dag in dags.get(kind, ()))
    # Not of all runs: who also answers another DAG's questions could end the runs that ask them.
    yield from (
        (action, f"DAG Run:{dag}")
        for action in (_CREATE, _EDIT)
        for kind in power.starts
        for dag in dags.get(kind, ())
    )
    if power.answers:
        yield _EDIT, "HITL Detail"
