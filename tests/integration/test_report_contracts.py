"""Contracts in the report: each term a row that nobody rewrites, and what analysts read of them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from respaldo.domain.contracts import Renewal, Term
from respaldo.domain.values import Endpoint
from respaldo.report.contracts import ContractUpdate
from respaldo.report.database import connected
from respaldo.report.spool import Spool
from respaldo.report.store import Report

BOGOTA = "America/Bogota"
AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def today() -> date:
    return datetime.now(ZoneInfo(BOGOTA)).date()


def after(count: int) -> date:
    return today() + timedelta(days=count)


OLD = Term(number="CT-2026-014", valid_until=date(2026, 1, 31))
NEW = Term(number="CT-2026-077", valid_until=date(2030, 1, 31))


def of_file(term: Term = OLD, **columns) -> ContractUpdate:
    known = {"scopes": ("erp", "nomina"), "on_lapse": "block", "timezone": BOGOTA, "warns_from": after(-30)}
    return ContractUpdate.of(term, **(known | columns))


def renewed(term: Term = NEW, **columns) -> ContractUpdate:
    known = {
        "valid_from": date(2026, 2, 1),
        "replaces": OLD.number,
        "subject": "Copias de la nube",
        "document": "SECOP 123",
        "registered_by": "director",
        "registered_at": AT,
        "note": "Por cuatro años",
        "timezone": BOGOTA,
    }
    return ContractUpdate.of(term, **(known | columns))


def view(report) -> list[dict]:
    with connected(report.endpoint) as connection:
        return connection.execute("SELECT * FROM reportes.contratos ORDER BY vigente_hasta").fetchall()


def row(report, term: Term) -> dict:
    with connected(report.endpoint) as connection:
        found = connection.execute("SELECT * FROM respaldo.contract WHERE contract_key = %s", (term.key,))
        return found.fetchone()


def test_every_column_comes_back_as_it_was_written(report):
    full = renewed(
        scopes=("erp",),
        on_lapse="continue",
        warns_from=date(2030, 1, 1),
        declined_by="director",
        declined_at=AT,
        declined_note="No hace falta",
        asked_at=AT,
        warned_at=AT,
        notices={"lapsing": {"to": []}},
        respaldo_version="0.1.0",
    )
    assert full.model_fields_set == set(ContractUpdate.model_fields)
    assert report.write(full)
    kept = row(report, NEW)
    columns = {name: kept[name] for name in ContractUpdate.model_fields}
    assert ContractUpdate.model_validate(columns) == full


def test_what_is_known_of_a_contract_tells_the_renewal_that_it_is(report):
    report.write(of_file())
    report.write(renewed())
    first, second = report.contracts()
    assert (first.term, first.renewal, first.scopes) == (OLD, None, ("erp", "nomina"))
    assert second.renewal == Renewal(
        number=NEW.number,
        valid_until=NEW.valid_until,
        valid_from=date(2026, 2, 1),
        replaces=OLD.number,
    )


def test_an_extension_is_another_row_with_the_same_number(report):
    extension = Term(number=OLD.number, valid_until=date(2027, 1, 31))
    report.write(of_file())
    report.write(renewed(extension, replaces=OLD.number))
    assert [one.number for one in report.contracts()] == [OLD.number, OLD.number]
    assert row(report, OLD)["subject"] is None


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("subject", "Otra cosa"),
        ("document", None),
        ("valid_from", date(2025, 1, 1)),
        ("replaces", "CT-1"),
        ("registered_by", "soporte"),
        ("note", "Otra"),
    ],
)
def test_what_was_registered_is_never_written_over(report, column, other):
    report.write(renewed())
    before = row(report, NEW)
    assert not report.write(ContractUpdate.of(NEW, **{column: other}))
    assert row(report, NEW) == before
    [reason] = report.spool.rejected_folder.glob("*.reason")
    assert "a renewal is a new row" in reason.read_text()


def test_what_was_registered_may_be_stated_twice_and_what_changes_may_change(report):
    report.write(renewed())
    assert report.write(renewed())
    assert report.write(ContractUpdate.of(NEW, scopes=("erp",), asked_at=AT))
    assert report.write(ContractUpdate.of(NEW, scopes=(), asked_at=None))
    assert row(report, NEW)["scopes"] == []
    assert report.spool.rejected() == []


def test_it_is_declined_once(report):
    report.write(of_file())
    said = {"declined_by": "director", "declined_at": AT, "declined_note": "Se cambia de nube"}
    assert report.write(ContractUpdate.of(OLD, **said))
    assert not report.write(ContractUpdate.of(OLD, **(said | {"declined_note": "Otra"})))
    [one] = report.contracts()
    assert one.declined_at == AT


@pytest.mark.parametrize("statement", ["DELETE FROM respaldo.contract", "TRUNCATE respaldo.contract"])
def test_no_contract_goes(report, postgres_server, statement):
    import psycopg

    report.write(renewed())
    with (
        postgres_server.connect(report.endpoint) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
    assert len(report.contracts()) == 1


@pytest.mark.parametrize(
    ("begins", "ends", "state"),
    [
        (-9, -1, "Vencido"),
        (-9, 0, "Por vencer"),
        (-9, 30, "Por vencer"),
        (-9, 31, "Vigente"),
        (1, 90, "Por comenzar"),
    ],
)
def test_the_view_says_the_state_of_today_in_the_organizations_zone(report, begins, ends, state):
    term = Term(number="CT", valid_until=after(ends))
    report.write(renewed(term, valid_from=after(begins), warns_from=after(ends - 30)))
    [found] = view(report)
    assert (found["estado"], found["dias_restantes"]) == (state, ends)


def test_the_view_says_in_spanish_what_was_registered_and_what_replaced_what(report):
    report.write(of_file(scopes=()))
    report.write(renewed(scopes=("erp", "nomina"), on_lapse="block"))
    old, new = view(report)
    assert (old["numero"], old["reemplazado_por"], old["alcances"]) == (OLD.number, NEW.number, [])
    assert (new["objeto"], new["documento"], new["reemplaza"]) == (
        "Copias de la nube",
        "SECOP 123",
        OLD.number,
    )
    assert (new["registrado_por"], new["registrado"], new["nota"]) == ("director", AT, "Por cuatro años")
    assert (new["alcances"], new["al_vencer"]) == (
        ["erp", "nomina"],
        "No se copia hasta que se renueve",
    )


def test_analysts_read_the_view(report):
    report.write(of_file())
    with connected(report.endpoint) as connection:
        connection.execute("SET ROLE analista")
        [found] = connection.execute("SELECT numero FROM reportes.contratos").fetchall()
    assert found["numero"] == OLD.number


def test_a_renewal_that_waited_in_the_spool_arrives(report, tmp_path):
    away = Report(Endpoint(name="away", host="/nowhere"), Spool(tmp_path / "spool"))
    assert not away.write(renewed())
    back = Report(report.endpoint, Spool(tmp_path / "spool"))
    assert [one.term for one in back.contracts()] == [NEW]
