"""Causes that need no installation to be produced."""

import pytest

from respaldo.actions.choose import choose
from respaldo.domain.errors import EngineMissingError, EngineTooOldError, NoCopyError
from respaldo.domain.requests import RestoreRequest
from respaldo.report.migrate import migrate
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.restic.engine import find_engine


def test_a_worker_without_restic_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissingError):
        find_engine()


@pytest.mark.parametrize("said", ['{"version":"0.17.3"}', '{"version":"new"}', "restic 0.19.1"])
def test_a_restic_that_is_too_old_or_does_not_say_is_told(tmp_path, monkeypatch, said):
    program = tmp_path / "restic"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(EngineTooOldError) as caught:
        find_engine()
    assert caught.value.facts["binary"] == str(program)


@pytest.mark.parametrize("named", [None, "deadbeef"])
def test_a_scope_that_was_never_saved_has_no_copy(postgres_server, tmp_path, named):
    endpoint = postgres_server.fresh()
    migrate(endpoint)
    request = RestoreRequest(scope_id="nunca", requester="Ana", what_happened="Se borró", snapshot=named)
    with pytest.raises(NoCopyError):
        choose(Report(endpoint, Spool(tmp_path / "spool")), request)
