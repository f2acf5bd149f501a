"""Restore the newest copies by the page for restores by hand, from each repository, and compare."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from respaldo.demo import by_hand, compare, sources
from respaldo.domain.values import Endpoint
from respaldo.embedded import postgres, server_user
from respaldo.embedded.installation import Installation
from respaldo.embedded.layout import make_own
from respaldo.embedded.postgres import Server
from respaldo.texts import demo as texts

_SHOWN = 5
_PAGE = Path("docs", "restore-by-hand.md")


def problems(installation: Installation, repository: str, scope_id: str, location: str) -> list[str]:
    """Restore one scope from one repository, and name every difference from its source."""
    workspace = installation.layout.home / "demo" / "restored"
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    # The master secret as it lies in the envelope.
    envelope = workspace / "envelope"
    envelope.touch(mode=0o600)
    envelope.write_text(installation.master_secret(repository))
    variables = {
        "REPOSITORIO": location,
        "NOMBRE": repository,
        "ALCANCE": scope_id,
        "CARPETA": str(workspace / "files"),
        "SECRETO": str(envelope),
        "COMO": "",
    }
    try:
        if scope_id == sources.DATABASE:
            found = _database(installation, workspace, variables)
        else:
            found = _files(installation, workspace, variables)
    except subprocess.CalledProcessError as error:
        return [texts.BY_HAND_FAILED.format(repository=repository, scope=scope_id, said=error.output)]
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    return _told(found, repository, scope_id)


def _files(
    installation: Installation, workspace: Path, variables: dict[str, str]
) -> tuple[compare.Difference, ...]:
    _follow(installation, "files", variables, workspace)
    root = sources.documents(installation)
    restored = Path(variables["CARPETA"] + str(root))
    return compare.trees(root, restored, ignore=sources.unreadable())


def _database(
    installation: Installation, workspace: Path, variables: dict[str, str]
) -> tuple[compare.Difference, ...]:
    with _empty_server(installation, workspace) as endpoint:
        entering = {"PGHOST": str(endpoint.host), "PGUSER": str(endpoint.user)}
        _follow(installation, "database", variables | entering, workspace)
        return compare.databases(sources.server(installation), endpoint)


def _follow(
    installation: Installation, part: by_hand.Part, variables: dict[str, str], workspace: Path
) -> None:
    done = by_hand.run(installation.layout.project / _PAGE, part, variables, home=workspace)
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, str(_PAGE), output=done.stdout)


@contextlib.contextmanager
def _empty_server(installation: Installation, workspace: Path) -> Iterator[Endpoint]:
    """A new PostgreSQL, as on the machine that takes the place of a lost one."""
    layout = installation.layout
    data, sockets = workspace / "postgres", layout.sockets / "new"
    shutil.rmtree(sockets, ignore_errors=True)
    make_own(data, 0o700)
    make_own(sockets, 0o700)
    workspace.chmod(0o711)
    user = server_user.choose(postgres.programs() / "postgres", (data, sockets), layout.project)
    server = Server(data / "data", sockets, user)
    server.prepare()
    log = workspace / "postgres.log"
    with log.open("wb") as written, subprocess.Popen(server.argv, stdout=written, stderr=written) as process:
        try:
            server.wait_until_ready(lambda: process.poll() is None, log)
            yield postgres.endpoint(sockets, sources.DATABASE, postgres.SUPERUSER)
        finally:
            process.terminate()


def _told(found: tuple[compare.Difference, ...], repository: str, scope_id: str) -> list[str]:
    told = [
        texts.DIFFERENT.format(
            repository=repository,
            scope=scope_id,
            path=difference.path,
            aspect=difference.aspect,
            actual=difference.actual,
            expected=difference.expected,
        )
        for difference in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        more = len(found) - _SHOWN
        told.append(texts.DIFFERENT_MORE.format(repository=repository, scope=scope_id, count=more))
    return told
