"""A store of objects (SeaweedFS) is entered with its connection's keys or not at all, and keeps copies."""

from __future__ import annotations

import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from respaldo.actions.examine import examine
from respaldo.domain.errors import (
    RepositoryDeniedError,
    RepositoryMissingError,
    RepositoryUnreachableError,
    SourceCommandEmptyError,
)
from respaldo.domain.repository_errors import RepositoryClockError, RepositoryUntrustedError
from respaldo.hosts.objects import Keys, request, signed
from respaldo.restic.access import Login
from s3_kit import ADMIN, BUCKETS, S3Server, s3_server

pytestmark = pytest.mark.timeout(180)

GOOD = BUCKETS["uno"]


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def test_what_was_saved_changed_and_saved_again_comes_back_each_as_it_was(in_bucket, marks, tmp_path):
    repository = in_bucket(options={"s3.region": "us-east-1", "s3.bucket-lookup": "path"})
    repository.create()
    source, before, copies = tmp_path / "source", [], []
    source.mkdir()
    for text in ("one", "two"):
        (source / text).write_text(text * 100_000)
        (source / "both").write_text(text)
        before.append(_contents(source))
        copies.append(repository.save_paths("files", [str(source)], marks).copy.snapshot_id)
    for snapshot_id, expected in zip(copies, before, strict=True):
        target = tmp_path / snapshot_id
        repository.restore(snapshot_id, target)
        assert _contents(Path(f"{target}{source}")) == expected
    assert repository.check().is_good


# --- who is let in


REFUSED = {
    "wrong secret": ("uno", Login(user=GOOD.key_id, secret=SecretStr("otra"))),
    "wrong id": ("uno", Login(user="NADIE", secret=GOOD.secret)),
    "no keys": ("uno", Login()),
    "an id alone": ("uno", Login(user=GOOD.key_id)),
    "another's bucket": ("dos", Login(user=GOOD.key_id, secret=GOOD.secret)),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_who_may_not_enter_a_store_is_told_so_at_once(in_bucket, case, tree, marks):
    bucket, login = REFUSED[case]
    repository, began = in_bucket(bucket, login=login), time.monotonic()
    with pytest.raises(RepositoryDeniedError):
        repository.open()
    with pytest.raises(RepositoryDeniedError):
        repository.save_paths("files", [str(tree)], marks)
    assert time.monotonic() - began < 40


@pytest.mark.slow
def test_no_other_keys_that_lie_about_are_taken(in_bucket, monkeypatch, tmp_path):
    key_id, secret = GOOD.key_id, GOOD.secret.get_secret_value()
    in_bucket().create()
    aws = tmp_path / ".aws"
    aws.mkdir()
    (aws / "credentials").write_text(
        f'[default]\naws_access_key_id = {key_id}\naws_secret_access_key = """{secret}"""\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    with pytest.raises(RepositoryDeniedError) as caught:
        in_bucket(login=Login()).open()
    assert "no credentials found" in caught.value.facts["said"]


class _OtherHour(BaseHTTPRequestHandler):
    """Answers what SeaweedFS says to a request that was signed two hours ago: restic's clock is this one."""

    def do_HEAD(self) -> None:
        said = (
            b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and"
            b" the server&#39;s time is too large.</Message></Error>"
        )
        self.send_response(403)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(said)

    def do_GET(self) -> None:
        self.do_HEAD()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.slow
def test_a_store_that_is_asked_at_another_hour_says_so(s3):
    place = s3.place("uno", Keys(key_id=GOOD.key_id, secret=GOOD.secret))
    target, headers = signed(place, "GET", place.path(""), now=datetime.now(UTC) - timedelta(hours=2))
    said = httpx.get(s3.url + target, headers=headers, verify=ssl.create_default_context(cafile=s3.ca))
    assert (said.status_code, "RequestTimeTooSkewed" in said.text) == (403, True)


@pytest.mark.slow
def test_a_store_by_whose_clock_it_is_another_hour_is_told_at_once(in_bucket):
    with ThreadingHTTPServer(("127.0.0.1", 0), _OtherHour) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(RepositoryClockError):
            in_bucket(server=S3Server((server.server_port,), None)).open()
        assert time.monotonic() - began < 20
        server.shutdown()


@pytest.mark.slow
def test_a_bucket_that_is_not_there_is_told_at_once_and_made_with_a_key_that_may(in_bucket):
    repository = in_bucket("nuevo", login=Login(user=ADMIN.key_id, secret=ADMIN.secret))
    began = time.monotonic()
    with pytest.raises(RepositoryMissingError) as caught:
        repository.open()
    assert time.monotonic() - began < 20
    assert "bucket" in caught.value.facts["said"]
    # A key that may make none does not.
    with pytest.raises(RepositoryDeniedError):
        in_bucket("nuevo").create()
    repository.create()
    assert repository.open()


@pytest.mark.slow
def test_a_certificate_of_an_authority_that_nobody_knows_is_not_trusted(in_bucket):
    repository = in_bucket()
    access = replace(repository.place.access, authority=None)
    began = time.monotonic()
    with pytest.raises(RepositoryUntrustedError):
        replace(repository, place=replace(repository.place, access=access)).open()
    assert time.monotonic() - began < 20


# --- where nothing goes


@pytest.mark.slow
def test_a_store_that_keeps_every_version_is_append_only_and_another_is_not(in_bucket):
    kept, other = in_bucket("guardado", append_only=True), in_bucket(append_only=True)
    for repository in (kept, other):
        repository.create()
    found = examine(kept)
    assert (found.is_removable, found.is_good) == (False, True)
    found = examine(other)
    assert (found.is_removable, found.breaks_promise) == (True, True)


@pytest.mark.slow
def test_a_store_that_lets_nothing_go_keeps_what_somebody_wants_forgotten(s3, in_bucket, tree, marks):
    repository = in_bucket("guardado", append_only=True)
    repository.create()
    saved = repository.save_paths("files", [str(tree)], marks).copy.snapshot_id
    with pytest.raises(RepositoryDeniedError):
        repository.forget(saved)
    with pytest.raises(SourceCommandEmptyError):
        repository.save_output("empty", ["true"], "empty", marks, environment={})
    assert saved in [one.id for one in repository.snapshots()]
    assert repository.check().is_good


@pytest.mark.slow
def test_what_is_written_over_in_a_store_that_keeps_versions_is_still_there(s3, in_bucket, tree, marks):
    repository = in_bucket("guardado", append_only=True)
    repository.create()
    folder = repository.place.location.rpartition("/")[2]
    keys = BUCKETS["guardado"]
    place = s3.place("guardado", Keys(key_id=keys.key_id, secret=keys.secret))
    name = f"{folder}/config"
    _, good = request(place, "GET", name)
    assert request(place, "DELETE", name)[0] == 403
    assert request(place, "PUT", name, b"forged")[0] == 200
    versions = _versions(s3, "guardado", name)
    found = [request(place, "GET", name, query={"versionId": version})[1] for version in versions]
    assert good in found
    assert [request(place, "DELETE", name, query={"versionId": one})[0] for one in versions] == [403, 403]


@pytest.mark.slow
def test_what_has_a_term_is_kept_for_it_though_restic_believes_that_it_is_gone(s3, in_bucket, tree, marks):
    repository = in_bucket("bloqueado")
    repository.create()
    assert examine(replace(repository, append_only=True)).is_removable is False
    saved = repository.save_paths("files", [str(tree)], marks).copy.snapshot_id
    repository.forget(saved)
    assert repository.snapshots() == ()
    name = f"{repository.place.location.rpartition('/')[2]}/snapshots/{saved}"
    keys = BUCKETS["bloqueado"]
    place = s3.place("bloqueado", Keys(key_id=keys.key_id, secret=keys.secret))
    hidden, kept = _versions(s3, "bloqueado", name)
    assert request(place, "DELETE", name, query={"versionId": kept})[0] == 403
    # Who takes away what hides it has it back.
    assert request(s3.place("bloqueado"), "DELETE", name, query={"versionId": hidden})[0] == 204
    assert [one.id for one in repository.snapshots()] == [saved]
    assert repository.check().is_good


def _versions(s3: S3Server, bucket: str, name: str) -> list[str]:
    """Give the versions of an object, the last first."""
    _, said = request(s3.place(bucket), "GET", query={"versions": "", "prefix": name})
    return [part.split("<")[0] for part in said.decode().split("<VersionId>")[1:]]


# --- a store that dies


@pytest.mark.slow
def test_a_store_that_dies_under_a_save_loses_nothing_and_is_told(
    in_bucket, tmp_path, tree, marks, monkeypatch
):
    monkeypatch.setattr("respaldo.restic.call.BACKEND_PATIENCE_SECONDS", 5.0)
    monkeypatch.setattr("respaldo.hosts.worker.GRACE_SECONDS", 5.0)
    with s3_server(tmp_path / "store") as server:
        repository = in_bucket(server=server)
        repository.create()
        saved = repository.save_paths("files", [str(tree)], marks).copy.snapshot_id
        data = "head -c 30000000 /dev/urandom"
        script = f"{data}; kill -9 {server.pid}; {data}; {data}"
        with pytest.raises(RepositoryUnreachableError):
            repository.save_output("dump", ["sh", "-c", script], "dump", marks, environment={})
    with s3_server(tmp_path / "store", ports=server.ports):
        repository.unlock()
        assert [one.id for one in repository.snapshots()] == [saved]
        assert repository.check().is_good
        repository.restore(saved, tmp_path / "restored")
    assert _contents(Path(f"{tmp_path / 'restored'}{tree}")) == _contents(tree)
