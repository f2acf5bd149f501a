"""The fields that go with the decision on a contract, and what was filled in: refused when it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from airflow.sdk import Param

from respaldo.actions.agreements import Agreement, taken
from respaldo.domain import contracts
from respaldo.domain.contracts import Decision, Renewal
from respaldo.domain.people_errors import InvalidAnswerError
from respaldo.domain.values import Value
from respaldo.flows.contracts.place import ContractPlace
from respaldo.texts import contracts as texts

_LONGEST_NUMBER = 100
_LONGEST_TEXT = 4000


class Settled(Value):
    """What was decided on a contract, and how that stood then."""

    agreement: Agreement
    decision: Decision


def asked_number() -> dict[str, Param]:
    """Give the field of the form by which somebody registers a renewal by hand."""
    title, description = texts.PARAMS["number"]
    return {
        "number": Param(
            title=title, description=description, type="string", minLength=1, maxLength=_LONGEST_NUMBER
        )
    }


def fields() -> dict[str, Param]:
    """Give the fields that go with the decision."""
    special: dict[str, dict[str, Any]] = {
        "number": {"maxLength": _LONGEST_NUMBER},
        "valid_from": {"format": "date"},
        "valid_until": {"format": "date"},
        "note": {"format": "multiline"},
    }
    return {name: _field(name, **special.get(name, {})) for name in texts.ANSWERS}


def filled_in(place: ContractPlace, choice: str, given: Mapping[str, Any], by: str, at: datetime) -> Settled:
    """Read a decision, and tell which contract it is on.

    :raises InvalidAnswerError: something is missing, or the contract cannot be so.
    """
    text = {name: str(given.get(name) or "").strip() for name in texts.ANSWERS}
    agreement = place.agreement()
    if agreement is None or place.lapsed not in (None, agreement.term):
        raise _refused("number", texts.SETTLED)
    if agreement.standing.following and (place.lapsed or choice == "not_renewed"):
        # Renewed meanwhile, from a later day on.
        raise _refused("number", texts.SETTLED)
    if choice == "not_renewed":
        _require(text, "note")
        if place.is_declined(agreement.term):
            raise _refused("note", texts.DECLINED)
        declined = Decision(choice="not_renewed", note=text["note"], by=by, at=at)
        return Settled(agreement=agreement, decision=declined)
    _require(text, "number", "subject", "valid_from", "valid_until", "document")
    if len(text["number"]) > _LONGEST_NUMBER:
        raise _refused("number", texts.TOO_LONG)
    renewal = Renewal(
        number=text["number"],
        valid_from=_date(text, "valid_from"),
        valid_until=_date(text, "valid_until"),
        replaces=agreement.term.number,
    )
    of, day = agreement.standing, place.today
    others = taken(place.agreed, place.known, of, day)
    code = contracts.refusal(renewal, of, taken=others, day=day)
    if code is not None:
        raise _refused(*texts.PROBLEMS[code])
    decision = Decision(
        choice="renewed",
        renewal=renewal,
        subject=text["subject"],
        document=text["document"],
        note=text["note"] or None,
        by=by,
        at=at,
    )
    return Settled(agreement=agreement, decision=decision)


def _require(text: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not text[name]:
            raise _refused(name, texts.MISSING)


def _date(text: Mapping[str, str], name: str) -> date:
    # Airflow does not check the format of a field.
    try:
        return date.fromisoformat(text[name])
    except ValueError as error:
        raise _refused(name, texts.NO_DATE) from error


def _refused(name: str, problem: str) -> InvalidAnswerError:
    return InvalidAnswerError(field=texts.ANSWERS[name][0], problem=problem)


def _field(name: str, **special: Any) -> Param:  # noqa: ANN401
    title, description = texts.ANSWERS[name]
    # Without the null, Airflow's page takes the field for one that must be filled in.
    schema: dict[str, Any] = {"type": ["null", "string"], "maxLength": _LONGEST_TEXT} | special
    return Param(None, title=title, description=description, **schema)
