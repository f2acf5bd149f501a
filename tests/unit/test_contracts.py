"""Which contract counts on a day, how it stands, and what no renewal can be."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respaldo.actions.agreements import agreements, taken, to_register
from respaldo.config.configuration import Configuration, load
from respaldo.domain.contracts import Renewal, Standing, Term, refusal, standing, state_on, warns_from
from respaldo.report.contracts import KnownContract

DAY = date(2027, 1, 31)
FILE = Term(number="CT-2026-014", valid_until=DAY)
WARN = timedelta(days=30)

days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
numbers = st.sampled_from(["CT-2026-014", "A", "B", "C", "D"])


def after(count: int) -> date:
    return DAY + timedelta(days=count)


def renewal(number="CT-2027-003", starts=1, ends=366, replaces=FILE.number) -> Renewal:
    return Renewal(number=number, valid_from=after(starts), valid_until=after(ends), replaces=replaces)


def stands(*renewals: Renewal, on: int = 1) -> Standing:
    return standing(FILE, WARN, renewals, after(on))


@pytest.mark.parametrize(
    ("on", "state"),
    [(-31, "valid"), (-30, "lapsing"), (-1, "lapsing"), (0, "lapsing"), (1, "lapsed"), (400, "lapsed")],
)
def test_a_contract_is_valid_until_the_end_of_its_last_day(on, state):
    assert state_on(after(on), DAY, WARN) == state


@given(days, days, st.timedeltas(timedelta(seconds=1), timedelta(days=400)))
def test_a_contract_is_lapsing_from_one_day_on_and_lapsed_after_its_last(day, until, warn):
    state = state_on(day, until, warn)
    assert (state == "lapsed") == (day > until)
    assert (state == "valid") == (day < warns_from(until, warn))


def test_without_a_renewal_the_file_counts():
    found = stands()
    assert (found.term, found.state, found.is_open) == (FILE, "lapsed", True)


def test_a_renewal_counts_from_its_first_day_on():
    found = stands(renewal())
    assert (found.term.number, found.state, found.is_open) == ("CT-2027-003", "valid", False)
    assert found.numbers == {"CT-2026-014", "CT-2027-003"}


def test_until_a_renewal_begins_the_old_one_has_lapsed_and_nobody_is_asked_again():
    later = renewal(starts=10)
    found = stands(later)
    assert (found.term, found.state, found.following, found.is_open) == (FILE, "lapsed", later, False)
    assert stands(later, on=10).term.number == "CT-2027-003"


def test_an_extension_has_the_same_number():
    found = stands(renewal(number=FILE.number, starts=-5, ends=90))
    assert (found.term, found.state) == (Term(number=FILE.number, valid_until=after(90)), "valid")
    assert found.term.key != FILE.key


def test_a_chain_of_renewals_leads_to_the_last_that_has_begun():
    chain = (
        renewal(number="C", starts=200, ends=300, replaces="B"),
        renewal(number="B", starts=101, ends=199, replaces="A"),
        renewal(number="A", starts=1, ends=100),
        renewal(number="X", starts=1, ends=900, replaces="of another"),
    )
    assert [stands(*chain, on=on).term.number for on in (0, 50, 150, 250, 350)] == [
        FILE.number, "A", "B", "C", "C"
    ]  # fmt: skip
    assert stands(*chain, on=350).is_open


def test_a_file_that_was_brought_up_to_date_needs_no_renewal():
    renewed = Term(number="CT-2027-003", valid_until=after(366))
    assert standing(renewed, WARN, [renewal()], after(1)).term == renewed
    # The file says more than what was registered: it counts.
    longer = Term(number=FILE.number, valid_until=after(800))
    assert standing(longer, WARN, [renewal()], after(1)).term == longer


renewals = st.lists(
    st.builds(
        lambda number, replaces, start, length: Renewal(
            number=number,
            replaces=replaces,
            valid_from=start,
            valid_until=start + timedelta(days=length),
        ),
        numbers,
        numbers,
        days,
        st.integers(0, 700),
    ),
    max_size=8,
)


@given(renewals, days)
def test_whatever_was_registered_the_file_counts_or_what_its_chain_leads_to(known, day):
    found = standing(FILE, WARN, known, day)
    assert found.term.number in found.numbers
    assert found.term.valid_until >= FILE.valid_until
    begun = [one for one in known if one.number in found.numbers and one.valid_from <= day]
    assert found.term == FILE or found.term.key in {one_term.key for one_term in begun}
    assert found.state == state_on(day, found.term.valid_until, WARN)


@given(renewals, days)
def test_the_order_in_which_renewals_were_registered_changes_nothing(known, day):
    assert standing(FILE, WARN, known, day).term.valid_until == (
        standing(FILE, WARN, known[::-1], day).term.valid_until
    )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (renewal(), None),
        (renewal(number=FILE.number), None),
        (renewal(ends=1), None),
        (renewal(starts=-20, ends=0), "past"),
        (renewal(starts=400), "order"),
        (renewal(number="CT-2026-099"), "taken"),
    ],
)
def test_a_renewal_that_cannot_be_is_refused(wrong, code):
    assert refusal(wrong, stands(), taken={"CT-2026-099"}, day=after(1)) == code


def test_a_renewal_that_does_not_lead_further_is_none():
    early = stands(on=-10)
    assert refusal(renewal(starts=-30, ends=0), early, taken=(), day=after(-10)) == "not_later"
    assert refusal(renewal(starts=-30, ends=1), early, taken=(), day=after(-10)) is None


def test_what_was_renewed_from_a_later_day_on_is_not_renewed_once_more():
    ahead = stands(renewal(), renewal("B", 367, 700, replaces="CT-2027-003"), on=-10)
    for again in (renewal(), renewal("B", 367, 700), renewal("C", 1, 400)):
        assert refusal(again, ahead, taken=(), day=after(-10)) == "not_later"
    assert refusal(renewal("C", 701, 701), ahead, taken=(), day=after(-10)) is None


# --- over all scopes

ORGANIZATION = """
name: Alcaldía
process: TICS
timezone: America/Bogota
form: {version: "03", date: 2022-02-03}
roles:
  director: {title: Director}
  soporte: {title: Soporte}
  servidores: {title: Servidores}
"""
SCOPE = """
name: {name}
department: Sistemas
criticality: media
mode: software
rpo: 26h
rto: 4h
responsible: {responsible}
source: {{kind: files, paths: [/srv]}}
repository: principal
retention: {{daily: 7d}}
contract: {contract}
"""
REPOSITORIES = "principal: {location: /copias, connection: c, site: Sede, medium: disco}\n"


@pytest.fixture
def configured(tmp_path):
    def configure(**contracts: str) -> Configuration:
        (tmp_path / "scopes").mkdir(exist_ok=True)
        (tmp_path / "organization.yaml").write_text(ORGANIZATION)
        (tmp_path / "repositories.yaml").write_text(REPOSITORIES)
        for name, contract in contracts.items():
            role = "servidores" if name == "erp" else "soporte"
            text = SCOPE.format(name=name, responsible=role, contract=contract)
            (tmp_path / "scopes" / f"{name}.yaml").write_text(text)
        return load(tmp_path)

    return configure


def known(term: Term, **columns) -> KnownContract:
    empty = dict.fromkeys(KnownContract.model_fields) | {"scopes": ()}
    return KnownContract.model_validate(
        empty | {"number": term.number, "valid_until": term.valid_until} | columns
    )


LAPSED = f"{{number: CT-2026-014, valid_until: {DAY}}}"
BLOCKING = f"{{number: CT-2026-014, valid_until: {DAY}, on_lapse: block, warn_before: 60d}}"
OTHER = f"{{number: CT-2026-099, valid_until: {after(500)}}}"


def test_scopes_under_one_contract_are_one_question(configured):
    agreed = agreements(configured(erp=BLOCKING, nomina=LAPSED, web=OTHER), (), after(1))
    assert [one.term.number for one in agreed.values()] == ["CT-2026-014", "CT-2026-099"]
    first = agreed[FILE.key]
    assert (first.scopes, first.responsible) == (("erp", "nomina"), ("servidores", "soporte"))
    assert (first.on_lapse, first.warns_from) == ("block", after(-60))


def test_the_number_of_another_contract_that_is_not_over_is_taken(configured):
    agreed = agreements(configured(erp=LAPSED, web=OTHER), (), after(1))
    of = agreed[FILE.key].standing
    rows = [known(Term(number="viejo", valid_until=DAY)), known(Term(number="otro", valid_until=after(9)))]
    assert taken(agreed, rows, of, after(1)) == {"CT-2026-099", "otro"}


def test_what_the_report_knows_already_is_not_stated_again(configured):
    configuration = configured(erp=LAPSED)
    agreed = agreements(configuration, (), after(1))
    [stated] = to_register(configuration, (), agreed)
    assert (stated.number, stated.scopes, stated.timezone) == (FILE.number, ("erp",), "America/Bogota")
    row = known(FILE, scopes=("erp",), on_lapse="continue", warns_from=after(-30))
    assert to_register(configuration, [row], agreed) == []


def test_a_contract_that_no_scope_leads_to_loses_its_scopes_but_not_while_a_file_cannot_be_read(configured):
    row = known(Term(number="viejo", valid_until=DAY), scopes=("erp",))
    configuration = configured(web=OTHER)
    agreed = agreements(configuration, [row], after(1))
    stated = {one.number: one.scopes for one in to_register(configuration, [row], agreed)}
    assert stated == {"CT-2026-099": ("web",), "viejo": ()}
    broken = configured(web=OTHER, roto="{number: ''}")
    assert [one.number for one in to_register(broken, [row], agreed)] == ["CT-2026-099"]
