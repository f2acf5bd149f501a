"""Which scope runs when: the schedules of the configuration, read as Airflow reads them."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from respaldo.config.agenda import agenda, mode_of, moments
from respaldo.config.configuration import Configuration, Configured, load
from respaldo.flows import programming
from respaldo.texts import programming as words

DEFAULT = Path(__file__).parents[2] / "include" / "config"
BOGOTA = ZoneInfo("America/Bogota")
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SCOPE = """\
name: Nómina
asset: INV-0001
department: Talento Humano
criticality: alta
{schedule}
rpo: 26h
rto: 4h
responsible: soporte
{how}
retention: {{daily: 7d}}
"""
FILES = "source: {kind: files, paths: [/srv/nomina]}\nrepository: principal"
MANUAL = (
    "mode: manual\nwhat: El disco de la oficina\ninstructions: Copie la carpeta.\nverifier: infraestructura"
)


@pytest.fixture
def config(tmp_path):
    (tmp_path / "scopes").mkdir()
    for name in ("organization.yaml", "repositories.yaml"):
        shutil.copy(DEFAULT / name, tmp_path)
    return tmp_path


def put(config, name, schedule="", how=FILES):
    text = SCOPE.format(schedule=f'schedule: "{schedule}"' if schedule else "", how=how)
    (config / "scopes" / f"{name}.yaml").write_text(text)


def first(schedule, zone, since, count):
    return [f"{moment:%m-%d %H:%M %z}" for moment in islice(moments(schedule, ZoneInfo(zone), since), count)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 1 * * *", ["11-24 01:00 -0500", "11-25 01:00 -0500"]),
        ("@monthly", ["12-01 00:00 -0500", "01-01 00:00 -0500"]),
        ("@weekly", ["11-29 00:00 -0500", "12-06 00:00 -0500"]),
        ("@hourly", ["11-23 08:00 -0500", "11-23 09:00 -0500"]),
        ("0 7 * * *", ["11-24 07:00 -0500", "11-25 07:00 -0500"]),
        ("0 0 29 2 *", ["02-29 00:00 -0500", "02-29 00:00 -0500"]),
    ],
)
def test_moments_are_after_the_present_one_and_in_the_organizations_zone(schedule, expected):
    assert first(schedule, "America/Bogota", MONDAY, 2) == expected


def test_a_time_that_the_clock_skips_comes_as_much_later():
    """In Madrid 02:30 was not there on 29 March 2026."""
    since = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert first("30 2 * * *", "Europe/Madrid", since, 2) == ["03-29 03:30 +0200", "03-30 02:30 +0200"]


def test_a_time_that_the_clock_shows_twice_comes_once_and_an_hourly_one_twice():
    """In Madrid it was 02:30 twice on 25 October 2026."""
    since = datetime(2026, 10, 24, 23, 45, tzinfo=UTC)
    assert first("30 2 * * *", "Europe/Madrid", since, 2) == ["10-25 02:30 +0100", "10-26 02:30 +0100"]
    assert first("30 * * * *", "Europe/Madrid", since, 2) == ["10-25 02:30 +0200", "10-25 02:30 +0100"]


def test_within_the_hour_that_comes_twice_the_second_one_is_still_to_come():
    since = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert first("30 2 * * *", "Europe/Madrid", since, 1) == ["10-25 02:30 +0100"]


def test_every_scope_is_somewhere(config):
    put(config, "nocturno", "30 1 * * *")
    put(config, "temprano", "0 1,13 * * *")
    put(config, "mensual", "@monthly")
    put(config, "libre")
    put(config, "manual", "0 9 * * MON", MANUAL)
    put(config, "roto", "0 25 * * *")

    found = agenda(load(config), MONDAY, days=2)

    assert [day.date for day in found.days] == [date(2026, 11, 23), date(2026, 11, 24)]
    assert [
        [(turn.scope.id, programming.times(turn.moments)) for turn in day.turns] for day in found.days
    ] == [
        [("manual", "09:00"), ("temprano", "13:00")],
        [("temprano", "01:00, 13:00"), ("nocturno", "01:30")],
    ]
    assert [(turn.scope.id, turn.moments[0].date()) for turn in found.later] == [
        ("mensual", date(2026, 12, 1))
    ]
    assert [scope.id for scope in found.by_hand] == ["libre"]
    assert list(found.invalid) == ["roto"]


def test_a_day_is_the_organizations_not_utcs(config):
    """03:00 UTC of the 24th is still the 23rd in Bogotá, and 23:00 of the 23rd is to come."""
    put(config, "tarde", "0 23 * * *")
    found = agenda(load(config), datetime(2026, 11, 24, 3, tzinfo=UTC), days=1)
    assert [(day.date, len(day.turns)) for day in found.days] == [(date(2026, 11, 23), 1)]


def test_one_scope_alone_is_laid_out(config):
    put(config, "uno", "0 1 * * *")
    put(config, "otro", "0 1 * * *")
    put(config, "libre")
    put(config, "roto", "0 25 * * *")
    found = agenda(load(config), MONDAY, days=2, only="uno")
    assert [turn.scope.id for turn in found.turns] == ["uno"]
    assert (found.by_hand, found.invalid) == ((), {})


def test_rows_say_mode_people_contract_and_what_is_not_programmed(config):
    put(config, "manual", "0 9 * * TUE", f"{MANUAL}\ncontract: {{number: CT-7, valid_until: 2026-12-31}}")
    put(config, "libre")
    put(config, "roto", "0 25 * * *")
    configuration = load(config)

    rows = programming.Words(configuration.organization).rows(agenda(configuration, MONDAY, days=2))

    assert all(list(row) == list(words.COLUMNS) for row in rows)
    manual, libre, roto = rows
    assert manual["momento"] == datetime(2026, 11, 24, 9, tzinfo=BOGOTA)
    assert (manual["dia"], manual["hora"], manual["modalidad"]) == ("2026-11-24", "09:00", "Manual")
    assert (manual["responsable"], manual["usuarios"]) == ("Equipo de Soporte Técnico", "soporte")
    assert manual["verifica"] == "Equipo de Infraestructura"
    terms = [manual[name] for name in ("contrato", "contrato_hasta", "contrato_estado")]
    assert terms == ["CT-7", "2026-12-31", "Vigente"]
    assert (manual["activo"], manual["estado"]) == ("INV-0001", "Programado")
    assert (libre["momento"], libre["estado"]) == (None, "A mano")
    assert (roto["alcance_id"], roto["estado"], roto["alcance"]) == ("roto", "Inválido", None)


def test_many_times_of_a_day_are_summed_up(config):
    put(config, "seguido", "*/10 * * * *")
    [turn] = agenda(load(config), datetime(2026, 11, 23, 4, 59, tzinfo=UTC), days=2).days[1].turns
    assert programming.times(turn.moments) == "00:00 a 23:50 (144 veces)"


def test_the_mode_says_who_makes_the_copies(config):
    put(config, "propio")
    put(config, "manual", how=MANUAL)
    scopes = load(config).all_scopes
    assert {name: mode_of(scope.settings) for name, scope in scopes.items()} == {
        "manual": "manual",
        "propio": "software",
    }


def many(config, schedules):
    """Give a configuration of a thousand scopes, which have the schedules in turn."""
    put(config, "modelo", "0 1 * * *")
    configuration = load(config)
    model = configuration.scopes["modelo"].settings
    scopes = {
        f"alcance_{n}": Configured(
            f"alcance_{n}", model.model_copy(update={"schedule": schedules[n % len(schedules)]}), ""
        )
        for n in range(1000)
    }
    return Configuration(configuration.organization, configuration.repositories, scopes=scopes)


def test_a_thousand_scopes_of_a_month_are_all_laid_out(config):
    whole = many(config, [f"{n % 60} {n % 24} * * *" for n in range(1000)])
    found = agenda(whole, MONDAY, days=31)
    runs = [len(day.turns) for day in found.days]
    assert runs[1:] == [1000] * 30
    assert found.days[-1].date - found.days[0].date == timedelta(days=30)


def test_a_schedule_that_many_scopes_share_is_read_once(config, monkeypatch):
    read = []

    def counted(schedule, zone, since):
        read.append(schedule)
        return moments(schedule, zone, since)

    monkeypatch.setattr("respaldo.config.agenda.moments", counted)
    agenda(many(config, ["*/5 * * * *", "@hourly"]), MONDAY, days=2)
    assert sorted(read) == ["*/5 * * * *", "@hourly"]


def test_a_contract_that_lapses_within_the_days_is_told_on_its_day(config):
    put(config, "nomina", "0 9 * * *", f"{FILES}\ncontract: {{number: CT-7, valid_until: 2026-11-24}}")
    configuration = load(config)
    rows = programming.Words(configuration.organization).rows(agenda(configuration, MONDAY, days=3))
    assert [(row["dia"][-2:], row["contrato_estado"]) for row in rows] == [
        ("23", "Por vencer"),
        ("24", "Por vencer"),
        ("25", "Vencido"),
    ]
