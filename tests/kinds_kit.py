"""Repositories of every kind, in real servers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.engine import Engine
from respaldo.restic.repository import Repository
from rest_kit import PASSWORD, USER
from s3_kit import BUCKETS, S3Server
from sshd_kit import SshServer


@dataclass(frozen=True)
class Kinds:
    """Makes a repository of each kind, under a name of its own. Its servers are fixtures."""

    request: pytest.FixtureRequest
    engine: Engine
    folder: Path

    def __call__(self, kind: str, name: str = "principal", login: Login | None = None) -> Repository:
        location, authority, good = getattr(self, f"_{kind}")(f"{self.folder.name}-{name}")
        access = Access.to(location, login or good, name=name, authority=authority)
        place = Place(location, SecretStr(f"clave de {name}"), str(self.folder / "cache"), access=access)
        return Repository(name, "erp", place, self.engine, append_only=kind.endswith("append_only"))

    def _local(self, name: str):
        return str(self.folder / name), None, Login()

    def _rest(self, name: str, fixture: str = "rest"):
        server = self.request.getfixturevalue(fixture)
        login = Login(user=USER, secret=SecretStr(PASSWORD))
        return f"{server.location}/{name}", str(server.ca), login

    def _append_only(self, name: str):
        return self._rest(name, "append_only")

    def _s3(self, name: str):
        # The second one is another's, with keys of its own.
        return self._bucket(name, "dos" if name.endswith("secundario") else "uno")

    def _s3_append_only(self, name: str):
        return self._bucket(name, "guardado")

    def _bucket(self, name: str, bucket: str):
        server: S3Server = self.request.getfixturevalue("s3")
        keys = BUCKETS[bucket]
        login = Login(user=keys.key_id, secret=keys.secret)
        return f"{server.location(bucket)}/{name}", str(server.ca), login

    def _sftp(self, name: str):
        server: SshServer = self.request.getfixturevalue("sshd")
        key, host_key = SecretStr(server.private_key), server.host_key
        location = f"sftp://{server.user}@127.0.0.1:{server.port}/{server.files}/{name}"
        return location, None, Login(private_key=key, host_key=host_key)
