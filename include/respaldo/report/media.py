"""Labels of copies (activity 16): what a run states of them, and the labels that the database gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, LiteralString, Self

from pydantic import AwareDatetime

from respaldo.domain.labels import NUMBER
from respaldo.domain.media import Medium
from respaldo.domain.restoring import Which
from respaldo.domain.values import Endpoint, Run, Value
from respaldo.report.database import connected
from respaldo.report.row import RunRow

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

_GIVEN = "SELECT copy, label FROM respaldo.media_holding WHERE run_key = %s ORDER BY copy"
# Places change: a medium is told by its repository, or by how people describe it. Only a later word counts.
_ELSEWHERE = """
    SELECT 1
    FROM respaldo.media_holding held JOIN respaldo.media m ON m.label = held.label
    WHERE held.run_key = %(run_key)s AND held.copy = %(copy)s AND held.recorded_at < %(at)s::timestamptz
        AND (m.repository, lower(m.description))
            IS DISTINCT FROM (%(repository)s::text, lower(%(description)s::text))
"""
# The series stays locked until the transaction ends.
_NUMBER = """
    INSERT INTO respaldo.media_series AS kept (series, last) VALUES (%s, 1)
    ON CONFLICT (series) DO UPDATE SET last = kept.last + 1
    RETURNING last
"""
# Two runs may read of one copy that another product made.
_SEEN = """
    SELECT held.label
    FROM respaldo.media_holding held JOIN respaldo.fm007 f ON f.run_key = held.run_key
    WHERE f.scope_id = %(scope_id)s AND f.ended_at = %(made_at)s AND f.run_key <> %(run_key)s
        AND held.copy = %(copy)s
    ORDER BY f.number
    LIMIT 1
"""
_MEDIUM = """
    INSERT INTO respaldo.media
        (label, kind, description, site, custody, repository, registered_at, registered_by)
    VALUES
        (%(label)s, %(kind)s, %(description)s, %(site)s, %(custody)s, %(repository)s, %(at)s,
        %(registered_by)s)
    ON CONFLICT (label) DO NOTHING
"""
# A run that was done again by hand may have gone to another medium; an old word about it changes nothing.
_HOLDING = """
    INSERT INTO respaldo.media_holding AS kept (run_key, copy, label, keep_until, recorded_at)
    VALUES (%(run_key)s, %(copy)s, %(label)s, %(keep_until)s, %(at)s)
    ON CONFLICT (run_key, copy) DO UPDATE
    SET label = excluded.label, keep_until = excluded.keep_until, recorded_at = excluded.recorded_at
    WHERE kept.recorded_at < excluded.recorded_at
"""
_KNOWN: LiteralString = """
    SELECT m.label, m.kind, m.description, m.site, m.custody, m.repository, m.state,
        count(h.label) AS copies, max(h.keep_until) AS keep_until
    FROM respaldo.media m LEFT JOIN respaldo.media_holding h ON h.label = m.label
    WHERE m.label = %s
    GROUP BY m.label
"""


class LabelledCopy(Value):
    """One of a run's copies, and the label that it gets: a new one of a series, or a medium's own."""

    which: Which
    series: str
    """See ``respaldo.domain.labels.series``."""
    label: str | None = None
    """The label of the medium that somebody named; None: a new one."""
    made_at: AwareDatetime | None = None
    """When another product made it: a run that found the same copy before has given it its label."""
    kind: str | None = None
    description: str | None = None
    site: str | None = None
    custody: str | None = None
    repository: str | None = None
    keep_until: AwareDatetime


class LabelsUpdate(RunRow):
    """The copies of a good run, to be labelled. Which labels they get, the database says when it arrives."""

    TABLE: ClassVar[str] = "fm007"
    KEY: ClassVar[str] = "run_key"
    MERGED: ClassVar[frozenset[str]] = frozenset()
    OUTCOME: ClassVar[frozenset[str]] = frozenset()

    run_key: str
    labelled: tuple[LabelledCopy, ...]

    @classmethod
    def of_copies(cls, run: Run, *copies: LabelledCopy) -> Self:
        """State which copies a run left."""
        return cls.of(run, labelled=copies)


def give_labels(connection: Connection[DictRow], row: LabelsUpdate, at: str) -> dict[str, Any]:
    """Label the copies that have no label yet, or are on another medium now, and give the row's columns.

    Within the transaction that writes the row, while nobody else may write it.
    """
    given = _given(connection, row.run_key)
    # Series are locked in one order: two runs never wait for each other.
    for copy in sorted(row.labelled, key=lambda copy: copy.series):
        values = copy.model_dump() | {"run_key": row.run_key, "scope_id": row.scope_id, "copy": copy.which}
        values |= {"at": at, "registered_by": None}
        if copy.which not in given or copy.label is not None or _is_elsewhere(connection, values):
            _label(connection, values)
    key = row.model_dump(include={"run_key", "dag_id", "run_id", "scope_id"})
    return key | {"labels": list(_given(connection, row.run_key).values())}


def known(endpoint: Endpoint, label: str) -> Medium | None:
    """Give the medium with a label, None where there is none.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        return medium(connection, label)


def medium(connection: Connection[DictRow], label: str) -> Medium | None:
    """Give the medium with a label, within somebody's transaction."""
    found = connection.execute(_KNOWN, (label,)).fetchone()
    return Medium.model_validate(found) if found else None


def _given(connection: Connection[DictRow], run_key: str) -> dict[str, str]:
    """Give the labels that the copies of a run have, the first copy's first."""
    return {found["copy"]: found["label"] for found in connection.execute(_GIVEN, (run_key,))}


def _is_elsewhere(connection: Connection[DictRow], values: dict[str, Any]) -> bool:
    """Tell whether a copy that was made again is on another medium than the one whose label it has."""
    return connection.execute(_ELSEWHERE, values).fetchone() is not None


def _label(connection: Connection[DictRow], values: dict[str, Any]) -> None:
    seen = connection.execute(_SEEN, values).fetchone() if values["made_at"] else None
    # A medium that somebody named is known: it was looked up when it was named.
    label = seen["label"] if seen else new_medium(connection, values) or values["label"]
    connection.execute(_HOLDING, values | {"label": label})


def new_medium(connection: Connection[DictRow], values: dict[str, Any]) -> str | None:
    """Register a medium, within somebody's transaction, and give its label; None: that is another medium's.

    :param values: by the columns' names; without a label it gets the next of its ``series`` that nobody has.
    """
    if values["label"] is not None:
        return values["label"] if connection.execute(_MEDIUM, values).rowcount == 1 else None
    while True:
        [number] = connection.execute(_NUMBER, (values["series"],)).fetchall()
        label = _numbered(values["series"], number["last"])
        if connection.execute(_MEDIUM, values | {"label": label}).rowcount == 1:
            return label


def _numbered(series: str, number: int) -> str:
    width = series.count(NUMBER)
    return series.replace(NUMBER * width, f"{number:0{width}}")
