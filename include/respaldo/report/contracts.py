"""What is stated about a contract's row, and what the report knows of contracts (activities 4 and 5)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, JsonValue

from respaldo.domain.contracts import Number, Renewal, Term
from respaldo.domain.values import Endpoint, Value
from respaldo.report.database import connected
from respaldo.report.row import Row

OnLapse = Literal["continue", "block"]

_CONTRACTS = """
    SELECT number, valid_until, scopes, on_lapse, warns_from, valid_from, replaces,
        registered_at, declined_at, asked_at, warned_at
    FROM respaldo.contract
    ORDER BY valid_until, number
"""


class ContractUpdate(Row):
    """Columns of ``respaldo.contract`` that somebody knows now. ``notices`` are merged by kind.

    The database never changes what was registered or declined once.
    """

    TABLE: ClassVar[str] = "contract"
    KEY: ClassVar[str] = "contract_key"
    MERGED: ClassVar[frozenset[str]] = frozenset({"notices"})
    OUTCOME: ClassVar[frozenset[str]] = frozenset({"asked_at"})

    contract_key: str
    number: Number
    valid_until: date

    scopes: tuple[str, ...] = ()
    on_lapse: OnLapse | None = None
    warns_from: date | None = None
    timezone: str | None = None

    valid_from: date | None = None
    subject: str | None = None
    document: str | None = None
    replaces: str | None = None
    registered_by: str | None = None
    registered_at: AwareDatetime | None = None
    note: str | None = None

    declined_by: str | None = None
    declined_at: AwareDatetime | None = None
    declined_note: str | None = None

    asked_at: AwareDatetime | None = None
    warned_at: AwareDatetime | None = None
    notices: dict[str, JsonValue] = Field(default_factory=dict)
    respaldo_version: str | None = None

    @classmethod
    def of(cls, term: Term, **columns: object) -> Self:
        """Build the update of a term's row."""
        key = {"contract_key": term.key, "number": term.number, "valid_until": term.valid_until}
        return cls.model_validate(key | columns)


class KnownContract(Value):
    """A term of a contract as the report has it."""

    number: Number
    valid_until: date
    scopes: tuple[str, ...]
    on_lapse: OnLapse | None
    warns_from: date | None
    valid_from: date | None
    replaces: str | None
    registered_at: AwareDatetime | None = None
    declined_at: AwareDatetime | None
    asked_at: AwareDatetime | None
    warned_at: AwareDatetime | None

    @property
    def term(self) -> Term:
        return Term(number=self.number, valid_until=self.valid_until)

    @property
    def renewal(self) -> Renewal | None:
        """The renewal that it is, None for one that is known from a file only."""
        if self.valid_from is None or self.replaces is None:
            return None
        return Renewal(
            number=self.number,
            valid_until=self.valid_until,
            valid_from=self.valid_from,
            replaces=self.replaces,
        )


def contracts(endpoint: Endpoint) -> tuple[KnownContract, ...]:
    """Give every term of every contract, the one that ends first first.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        found = connection.execute(_CONTRACTS).fetchall()
    return tuple(map(KnownContract.model_validate, found))
