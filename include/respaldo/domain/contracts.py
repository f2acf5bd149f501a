"""Contracts (activities 4, 5): which of several counts on a day, its state, and what no renewal can be.

A contract is valid until the end of its last day, in the organization's time zone: all here is of days, and
whoever calls tells which day it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from respaldo.domain.values import Value

State = Literal["valid", "lapsing", "lapsed"]
Choice = Literal["renewed", "not_renewed"]
Refusal = Literal["past", "order", "not_later", "taken"]

Number = Annotated[str, Field(min_length=1, max_length=100)]


class Term(Value):
    """A contract by its number and its last day: an extension has the same number and is another term."""

    number: Number
    valid_until: date

    @property
    def key(self) -> str:
        """A short name for the term: 16 hexadecimal digits."""
        return hashlib.sha256(f"{self.valid_until}/{self.number}".encode()).hexdigest()[:16]


class Renewal(Term):
    """A contract, or an extension, that follows another."""

    valid_from: date
    replaces: str
    """Number of the contract before it; its own for an extension."""


class Standing(Value):
    """How it is on a day with the contract that a scope's file names."""

    term: Term
    """The one that counts: the file's, or the renewal that leads furthest of those that have begun."""
    state: State
    following: Renewal | None = None
    """One that was renewed already, and begins later."""
    covered_until: date
    """The last day of whatever is known of it, begun or not."""
    numbers: frozenset[str]
    """Of the file's contract and of all its renewals."""

    @property
    def is_open(self) -> bool:
        """Whether somebody has to decide: it has lapsed, and nothing follows."""
        return self.state == "lapsed" and self.following is None


class Decision(Value):
    """What the director decided on a contract (activity 5), and the renewal when it was renewed."""

    choice: Choice
    renewal: Renewal | None = None
    subject: str | None = None
    document: str | None = None
    note: str | None = None
    by: str
    at: AwareDatetime


def warns_from(valid_until: date, warn_before: timedelta) -> date:
    """Give the first day on which a contract is lapsing."""
    return valid_until - timedelta(days=warn_before.days)


def state_on(day: date, valid_until: date, warn_before: timedelta) -> State:
    """Tell the state of a contract on a day."""
    if day > valid_until:
        return "lapsed"
    return "lapsing" if day >= warns_from(valid_until, warn_before) else "valid"


def chain_of(number: str, renewals: Iterable[Renewal]) -> tuple[Renewal, ...]:
    """Give the renewals of a contract, of its renewals, and so on."""
    known, left, found = {number}, list(renewals), list[Renewal]()
    while following := [renewal for renewal in left if renewal.replaces in known]:
        found += following
        left = [renewal for renewal in left if renewal.replaces not in known]
        known |= {renewal.number for renewal in following}
    return tuple(found)


def standing(file: Term, warn_before: timedelta, renewals: Iterable[Renewal], day: date) -> Standing:
    """Tell how it is on a day with the contract that a scope's file names."""
    chain = chain_of(file.number, renewals)
    begun = [Term(number=one.number, valid_until=one.valid_until) for one in chain if one.valid_from <= day]
    # The file is named last: of equals the first is taken, and a renewal tells more.
    term = max((*begun, file), key=lambda one: one.valid_until)
    later = (one for one in chain if one.valid_from > day and one.valid_until > term.valid_until)
    return Standing(
        term=term,
        state=state_on(day, term.valid_until, warn_before),
        following=min(later, key=lambda one: one.valid_from, default=None),
        covered_until=max((term, *chain), key=lambda one: one.valid_until).valid_until,
        numbers=frozenset((file.number, *(one.number for one in chain))),
    )


def refusal(renewal: Renewal, of: Standing, *, taken: Collection[str], day: date) -> Refusal | None:
    """Give what keeps a renewal from being one on a day, None when nothing does.

    :param taken: numbers of other contracts that are not over on that day.
    """
    wrong: dict[Refusal, bool] = {
        "past": renewal.valid_until < day,
        "order": renewal.valid_until < renewal.valid_from,
        "not_later": renewal.valid_until <= of.covered_until,
        "taken": renewal.number in taken,
    }
    return next((code for code, is_so in wrong.items() if is_so), None)
