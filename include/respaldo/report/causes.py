"""The catalogue of causes: the tree of errors with its words, as the report's readers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from respaldo.domain.causes import every_cause
from respaldo.domain.values import Remedy, Value
from respaldo.texts import causes as texts

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

_WRITE = """
    INSERT INTO respaldo.cause (code, title, meaning, corrective, passes_by_itself, remedy)
    VALUES (%(code)s, %(title)s, %(meaning)s, %(corrective)s, %(passes_by_itself)s, %(remedy)s)
    ON CONFLICT (code) DO UPDATE SET
        title = excluded.title, meaning = excluded.meaning, corrective = excluded.corrective,
        passes_by_itself = excluded.passes_by_itself, remedy = excluded.remedy
"""


class ListedCause(Value):
    """One cause: a row of ``respaldo.cause``."""

    code: str
    title: str
    meaning: str
    corrective: str
    passes_by_itself: bool
    remedy: Remedy | None


def catalogue() -> tuple[ListedCause, ...]:
    """Give every cause of the tree in words, branch by branch."""
    return tuple(
        ListedCause(
            code=code,
            title=texts.CAUSES[code].title,
            meaning=texts.CAUSES[code].meaning,
            corrective=texts.usual(code),
            passes_by_itself=cause.transient,
            remedy=cause.remedy,
        )
        for code, cause in every_cause().items()
    )


def write(connection: Connection[DictRow]) -> None:
    """Write the catalogue into its table. A code that this version does not know stays, for old rows."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(_WRITE, [cause.model_dump() for cause in catalogue()])
