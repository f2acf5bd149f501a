"""Activity 4, in every run of every mode: under which contract the copy is made, and whether it may be."""

from __future__ import annotations

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from respaldo.actions.agreements import standing
from respaldo.config.configuration import AnyScope
from respaldo.config.organization import Organization
from respaldo.domain.errors import ReportError
from respaldo.domain.people_errors import ContractLapsedError
from respaldo.flows.workplace import Workplace
from respaldo.report.contracts import KnownContract
from respaldo.report.fm007 import RowUpdate
from respaldo.texts import contracts as texts
from respaldo.texts.report import TERMS

log = logging.getLogger(__name__)


def check(place: Workplace, scope: AnyScope, organization: Organization) -> tuple[str, ...]:
    """Write the scope's contract and its state into the run's row, and give the warnings that follow.

    One that is about to lapse is no warning of each night: the row's state says it, and the watch tells the
    director. While the report is away nobody knows whether one that has lapsed by its file was renewed: the
    copy is made, with a warning, because one that is missing cannot be made later.

    :raises ContractLapsedError: it has lapsed, and the scope makes no copies without one.
    """
    contract = scope.settings.contract
    if contract is None:
        return ()
    today = datetime.now(ZoneInfo(organization.timezone)).date()
    known = _known(place)
    found = standing(contract, known or (), today)
    number, until = found.term.number, found.term.valid_until
    if known is None and found.state == "lapsed":
        place.report.write(RowUpdate.of(place.run, contract=number))
        return (texts.UNCHECKED.format(number=number, valid_until=until),)
    place.report.write(RowUpdate.of(place.run, contract=number, contract_state=found.state))
    log.info(texts.CHECKED, number, until, TERMS["contract_state"][found.state])
    if found.state != "lapsed":
        return ()
    if contract.on_lapse == "block":
        raise ContractLapsedError(number=number, valid_until=until)
    return (texts.LAPSED.format(number=number, valid_until=until),)


def _known(place: Workplace) -> tuple[KnownContract, ...] | None:
    """Give the contracts of the report, None while it cannot be asked."""
    try:
        return place.report.contracts()
    except ReportError as error:
        log.warning("%s", error)
        return None
