"""Every code of the report has its Spanish words, and every text its facts."""

import re
from typing import get_args

import pytest

from respaldo.domain import requests as domain
from respaldo.domain.failures import Choice, Resolution
from respaldo.domain.restoring import Destination, Overwrite, Which
from respaldo.domain.values import Evidence, Remedy
from respaldo.report import fm007, incidents, requests
from respaldo.report.migrate import MIGRATIONS
from respaldo.texts import report as texts


@pytest.mark.parametrize(
    ("vocabulary", "codes"),
    [
        ("mode", fm007.Mode),
        ("kind", fm007.Kind),
        ("origin", fm007.Origin),
        ("state", fm007.State),
        ("verification_result", fm007.VerificationResult),
        ("method", Evidence.model_fields["method"].annotation),
        ("request_state", domain.State),
        ("outcome", domain.Outcome),
        ("analysis", domain.Analysis),
        ("copy_state", domain.CopyState),
        ("which", Which),
        ("destination", Destination.model_fields["kind"].annotation),
        ("overwrite", Overwrite),
        ("informed_by", requests.InformedBy),
        ("remedy", Remedy),
        ("incident_state", incidents.State),
        ("choice", Choice),
        ("resolution", Resolution),
        ("contract_state", fm007.ContractState),
    ],
)
def test_every_code_that_can_be_stated_has_a_name(vocabulary, codes):
    assert set(texts.TERMS[vocabulary]) == set(get_args(codes))


def test_a_destination_that_can_be_asked_for_can_be_stated():
    assert get_args(requests.DestinationKind) == get_args(Destination.model_fields["kind"].annotation)


def test_every_step_that_decides_has_a_name():
    assert set(get_args(requests.Decided)) <= set(texts.TERMS["step"])


def test_every_text_about_an_alteration_needs_only_what_its_error_carries():
    facts = {"seq": 4, "number": 2, "scope_id": "erp", "run_key": "0123456789abcdef"}
    for check, text in texts.TAMPERED.items():
        known = {"seq": 4} if check == "gap" else facts
        assert "4" in text.format(**known) or "N.º 2" in text.format(**known)


def test_every_text_about_the_tables_needs_only_what_its_error_carries():
    for problem, text in texts.SCHEMA_PROBLEMS.items():
        fact = "reason" if problem in ("not_migrated", "denied") else "migration"
        assert "XYZ" in text.format(**{fact: "XYZ"})


def test_migrations_are_numbered_one_after_the_other():
    names = sorted(path.name for path in MIGRATIONS.iterdir())
    assert names
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name) for name in names)
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
