"""Which labels the copies of a good run are to get, whatever its mode."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import people_kit
from respaldo.actions.labels import labelled
from respaldo.config.configuration import Configuration, Configured
from respaldo.config.external import ExternalScope
from respaldo.config.manual import ManualScope
from respaldo.config.organization import Organization
from respaldo.config.repositories import RepositorySettings
from respaldo.config.scopes import Scope
from respaldo.domain.media import Medium

AT = datetime(2027, 1, 1, 3, 0, tzinfo=UTC)
"""Still the last day of 2026 in Bogotá."""

COMMON = {
    "name": "Nómina",
    "department": "Talento humano",
    "criticality": "alta",
    "rpo": "26h",
    "rto": "4h",
    "responsible": "soporte",
    "retention": {"daily": "7d", "yearly": "2y"},
}


@pytest.fixture
def configuration() -> Configuration:
    organization = Organization.model_validate(
        {
            "name": "Alcaldía",
            "process": "TICS",
            "timezone": "America/Bogota",
            "form": {"version": "03", "date": "2022-02-03"},
            "roles": {"soporte": {"title": "Soporte"}},
        }
    )
    place = {"connection": "x", "medium": "disco", "location": str(Path("/copias"))}
    return Configuration(
        organization,
        {
            "principal": RepositorySettings.model_validate(place | {"site": "Centro de datos"}),
            "nube": RepositorySettings.model_validate(
                place | {"site": "Sede Ñ", "medium": "objeto", "label": "{site}-{number:04}"}
            ),
        },
    )


def scope_of(model, **others):
    return Configured("nomina", model.model_validate(COMMON | others), "digest")


def test_both_copies_in_repositories_get_a_label_of_their_own_series(configuration):
    source = {"kind": "files", "paths": ["/datos"]}
    scope = scope_of(Scope, source=source, repository="principal", second_copy="nube")
    first, second = labelled(scope, configuration, {"execute": {}, "copy": {"repository": "nube"}}, AT)
    assert (first.which, first.series, first.site) == ("first", "PRI-2026-######", "Centro de datos")
    assert (second.which, second.series, second.kind) == ("second", "SEDE-N-####", "objeto")
    assert first.keep_until == second.keep_until == datetime(2029, 1, 1, 3, tzinfo=UTC)
    assert first.label is None


def test_a_scope_without_a_second_copy_gets_one_label(configuration):
    source = {"kind": "files", "paths": ["/datos"]}
    [copy] = labelled(
        scope_of(Scope, source=source, repository="principal"), configuration, {"execute": {}}, AT
    )
    assert copy.which == "first"


MANUAL = {"mode": "manual", "what": "Cintas", "instructions": "Copie."}


def test_a_copy_made_by_hand_is_on_the_medium_that_its_maker_named(configuration):
    stated = {"label": "MAN-2026-000003", "medium": "Disco de 2 TB", "place": "Archivo"}
    [copy] = labelled(scope_of(ManualScope, **MANUAL), configuration, {"perform": stated}, AT)
    assert (copy.label, copy.description, copy.site) == ("MAN-2026-000003", "Disco de 2 TB", "Archivo")
    assert copy.repository is None


def test_a_copy_made_by_hand_without_a_label_gets_one_of_the_organization(configuration):
    [copy] = labelled(scope_of(ManualScope, **MANUAL), configuration, {"perform": {"label": None}}, AT)
    assert (copy.label, copy.series) == (None, "MAN-2026-######")


def test_what_restic_keeps_of_a_copy_made_by_hand_has_a_label_too(configuration):
    results = {"perform": {"label": "MAN-2026-000003"}, "execute": {"saved": {"copies": []}}}
    first, second = labelled(
        scope_of(ManualScope, **MANUAL, repository="principal", folder="/media"), configuration, results, AT
    )
    assert (first.label, second.which, second.series) == ("MAN-2026-000003", "second", "PRI-2026-######")


def test_a_copy_that_another_product_made_gets_one_of_the_organization(configuration):
    settings = people_kit.SCOPES["externo_bueno"]
    scope = Configured("externo", ExternalScope.model_validate(settings), "digest")
    [copy] = labelled(scope, configuration, {"inspect": {}}, AT)
    assert (copy.label, copy.series, copy.repository) == (None, "MAN-2026-######", None)
    assert (copy.description, copy.kind, copy.site) == ("Veeam", "disco", "Sede alterna")
    assert copy.made_at == AT


def test_a_medium_that_is_needed_is_one_that_holds_a_copy_whose_time_is_not_over():
    medium = Medium(
        label="MAN-1", kind=None, description=None, site=None, custody=None, repository=None,
        state="active", copies=1, keep_until=AT,
    )  # fmt: skip
    assert medium.is_needed(datetime(2026, 12, 31, tzinfo=UTC))
    assert not medium.is_needed(AT)
    assert medium.takes_copies
    assert not medium.model_copy(update={"state": "out"}).takes_copies
