"""Which contracts the scopes' copies are made under on a day (activity 4), and what the report is to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from respaldo import __version__
from respaldo.config.configuration import AnyScope, Configuration
from respaldo.config.contract import Contract
from respaldo.domain import contracts
from respaldo.domain.contracts import Renewal, Standing, Term
from respaldo.domain.values import Value
from respaldo.report.contracts import ContractUpdate, KnownContract, OnLapse


class Agreement(Value):
    """A term that counts on a day, and all scopes whose copies are made under it."""

    standing: Standing
    scopes: tuple[str, ...]
    responsible: tuple[str, ...]
    """Roles that answer for the scopes."""
    on_lapse: OnLapse
    warns_from: date

    @property
    def term(self) -> Term:
        return self.standing.term


def standing(contract: Contract, known: Iterable[KnownContract], day: date) -> Standing:
    """Tell how it is on a day with the contract of one scope."""
    file = Term(number=contract.number, valid_until=contract.valid_until)
    return contracts.standing(file, contract.warn_before, renewals(known), day)


def renewals(known: Iterable[KnownContract]) -> tuple[Renewal, ...]:
    """Give the renewals among what the report knows."""
    return tuple(one.renewal for one in known if one.renewal)


def agreements(
    configuration: Configuration, known: Sequence[KnownContract], day: date
) -> dict[str, Agreement]:
    """Give the terms that count on a day, by key, the one that ends first first."""
    scopes_of, standings = defaultdict[str, list[AnyScope]](list), dict[str, Standing]()
    for scope in configuration.all_scopes.values():
        if scope.settings.contract is not None:
            found = standing(scope.settings.contract, known, day)
            scopes_of[found.term.key].append(scope)
            earlier = standings.setdefault(found.term.key, found)
            # Two numbers can lead to one renewal: both are its own.
            both = {
                "numbers": earlier.numbers | found.numbers,
                "covered_until": max(earlier.covered_until, found.covered_until),
            }
            standings[found.term.key] = earlier.model_copy(update=both)
    by_end = sorted(standings.items(), key=lambda one: (one[1].term.valid_until, one[1].term.number))
    return {key: _agreement(found, scopes_of[key]) for key, found in by_end}


def taken(
    agreed: Mapping[str, Agreement], known: Iterable[KnownContract], of: Standing, day: date
) -> frozenset[str]:
    """Give the numbers of other contracts that are not over on a day."""
    terms = (*(one.term for one in agreed.values()), *(one.term for one in known))
    return frozenset(term.number for term in terms if term.valid_until >= day) - of.numbers


def to_register(
    configuration: Configuration, known: Iterable[KnownContract], agreed: Mapping[str, Agreement]
) -> list[ContractUpdate]:
    """State what the report does not know yet of the terms that count, and of those that do no more.

    While a scope's file cannot be read, nobody knows whether it still leads to a contract.
    """
    before = {one.term.key: one for one in known}
    zone = configuration.organization.timezone
    updates = [
        ContractUpdate.of(
            one.term,
            scopes=one.scopes,
            on_lapse=one.on_lapse,
            warns_from=one.warns_from,
            timezone=zone,
            respaldo_version=__version__,
        )
        for key, one in agreed.items()
        if not _is_known(before.get(key), one)
    ]
    if configuration.invalid:
        return updates
    return updates + [
        ContractUpdate.of(one.term, scopes=())
        for key, one in before.items()
        if one.scopes and key not in agreed
    ]


def _agreement(standing: Standing, scopes: Sequence[AnyScope]) -> Agreement:
    named = [(scope, scope.settings.contract) for scope in scopes if scope.settings.contract]
    return Agreement(
        standing=standing,
        scopes=tuple(scope.id for scope in scopes),
        responsible=tuple(dict.fromkeys(scope.settings.responsible for scope in scopes)),
        on_lapse="block" if any(contract.on_lapse == "block" for _, contract in named) else "continue",
        warns_from=min(
            contracts.warns_from(standing.term.valid_until, contract.warn_before) for _, contract in named
        ),
    )


def _is_known(before: KnownContract | None, now: Agreement) -> bool:
    return before is not None and (before.scopes, before.on_lapse, before.warns_from) == (
        now.scopes,
        now.on_lapse,
        now.warns_from,
    )
