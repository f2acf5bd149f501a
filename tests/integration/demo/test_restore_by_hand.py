"""docs/restore-by-hand.md, followed as it is written, brings back files and databases that are the same."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from respaldo.demo import by_hand, compare, database, tree
from respaldo.demo.libpq import run_program
from respaldo.domain.values import Endpoint

pytestmark = [pytest.mark.usefixtures("restic"), pytest.mark.timeout(300)]

DOCUMENT = Path(__file__).parents[3] / "docs" / "restore-by-hand.md"
NAME = "principal"
IGNORED = () if os.geteuid() == 0 else (tree.UNREADABLE,)


@dataclass(frozen=True)
class Site:
    """A repository with its scopes, made by plain restic calls, and the envelope that opens them."""

    folder: Path
    secret: str

    def restic(self, scope_id: str, *arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
        """Call restic with the scope's password, as the driver derives it."""
        derivation = HKDF(SHA256(), 32, b"respaldo/v1", f"{NAME}/{scope_id}".encode())
        password = self.folder / f"{scope_id}.password"
        password.write_text(derivation.derive(self.secret.encode()).hex())
        location = self.folder / NAME / scope_id
        done = subprocess.run(
            ["restic", "--repo", location, "--password-file", password, "--quiet", *arguments],
            env=os.environ | {"RESTIC_CACHE_DIR": str(self.folder / "cache"), **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def save_files(self, run: str, root: Path) -> None:
        ignored = [f"--exclude={root / path}" for path in IGNORED]
        self.restic("archivos", "backup", *_tags("archivos", run, "files"), *ignored, root)

    def save_database(self, run: str, endpoint: Endpoint) -> None:
        where = {"PGHOST": str(endpoint.host), "PGUSER": str(endpoint.user)}
        dumps = {
            "globals.sql": ("pg_dumpall", "--globals-only"),
            f"{endpoint.database}.dump": ("pg_dump", "-Fc", "-Z0", str(endpoint.database)),
        }
        for item, command in dumps.items():
            flags = (*_tags("erp", run, item), "--stdin-filename", item, "--stdin-from-command", "--")
            self.restic("erp", "backup", *flags, *command, env=where)

    def follow_the_page(
        self, part: by_hand.Part, scope_id: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        envelope = self.folder / "sobre.txt"
        envelope.write_text(f"{self.secret}\n")
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        given = {
            "REPOSITORIO": str(self.folder / NAME),
            "NOMBRE": NAME,
            "ALCANCE": scope_id,
            "CARPETA": str(self.folder / "una carpeta"),
            "SECRETO": str(envelope),
            "COMO": "",
            "TMPDIR": str(home),
        }
        return by_hand.run(DOCUMENT, part, given | variables, home=home)


def _tags(scope_id: str, run: str, item: str) -> tuple[str, ...]:
    return ("--tag", f"scope:{scope_id}", "--tag", f"run:{run}", "--tag", f"item:{item}")


def _below(folder: Path, path: Path) -> Path:
    return folder / path.relative_to("/")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, secret=f"Ñame-{secrets.token_urlsafe(24)}")
    (tmp_path / NAME).mkdir()
    return made


@pytest.fixture(scope="module")
def original(start_server: Callable[[], Endpoint]) -> Endpoint:
    endpoint = start_server().model_copy(update={"database": "erp"})
    database.make(endpoint)
    password = ("psql", "--command=ALTER ROLE erp_ventanilla PASSWORD 'de ventanilla'")
    run_program(password, endpoint, "erp")
    return endpoint


def test_files_come_back_the_same(site: Site) -> None:
    root = site.folder / "datos"
    tree.make(root)
    site.restic("archivos", "init")
    site.save_files("aaaa", root)
    tree.change(root)
    site.save_files("bbbb", root)

    followed = site.follow_the_page("files", "archivos")

    assert followed.returncode == 0, followed.stdout
    assert compare.trees(root, _below(site.folder / "una carpeta", root), ignore=IGNORED) == ()


def test_a_database_comes_back_the_same(
    site: Site, original: Endpoint, start_server: Callable[[], Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = start_server()
    server = {"PGHOST": str(bare.host), "PGUSER": str(bare.user)}
    if os.geteuid() == 0:
        # As in a root shell: the database's own user may not enter the folder that one stands in. Programs of
        # PostgreSQL 15 complain of it; `env` does so whatever the version.
        monkeypatch.chdir(site.folder)
        server["COMO"] = "runuser -u nobody -- env --chdir=."
    site.restic("erp", "init")
    site.save_database("aaaa", original)

    followed = site.follow_the_page("database", "erp", **server)

    assert followed.returncode == 0, followed.stdout
    assert compare.databases(original, bare.model_copy(update={"database": "erp"})) == ()
    assert re.search(r"rentas +\| pagos +\| +120000", followed.stdout), followed.stdout


def test_an_earlier_moment_can_be_chosen(site: Site) -> None:
    root = site.folder / "datos"
    root.mkdir()
    site.restic("archivos", "init")
    for run in ("antes", "despues"):
        (root / "acta.txt").write_text(run)
        site.save_files(run, root)

    followed = site.follow_the_page("files", "archivos", CORRIDA="antes")

    assert followed.returncode == 0, followed.stdout
    assert _below(site.folder / "una carpeta", root / "acta.txt").read_text() == "antes"


def test_another_secret_opens_nothing(site: Site) -> None:
    (site.folder / "datos").mkdir()
    site.restic("archivos", "init")
    site.save_files("aaaa", site.folder / "datos")

    followed = site.follow_the_page("files", "archivos", NOMBRE="secundario")

    assert followed.returncode != 0
    assert "wrong password or no key found" in followed.stdout
    assert not (site.folder / "una carpeta").exists()


def test_a_folder_that_is_there_is_left_as_it_is(site: Site) -> None:
    (site.folder / "datos").mkdir()
    site.restic("archivos", "init")
    site.save_files("aaaa", site.folder / "datos")
    (site.folder / "una carpeta").mkdir()

    followed = site.follow_the_page("files", "archivos")

    assert followed.returncode != 0
    assert list((site.folder / "una carpeta").iterdir()) == []


def test_a_database_that_is_there_is_left_as_it_is(site: Site, original: Endpoint) -> None:
    site.restic("erp", "init")
    site.save_database("aaaa", original)

    followed = site.follow_the_page("database", "erp", PGHOST=str(original.host), PGUSER=str(original.user))

    assert followed.returncode != 0
    assert 'database "erp" already exists' in followed.stdout


def test_no_secret_stays_behind(site: Site) -> None:
    (site.folder / "datos").mkdir()
    site.restic("archivos", "init")
    site.save_files("aaaa", site.folder / "datos")

    followed = site.follow_the_page("files", "archivos")

    assert followed.returncode == 0, followed.stdout
    assert list((site.folder / "home").iterdir()) == []
    assert (site.folder / "archivos.password").read_text() not in followed.stdout


def test_every_shell_block_of_the_page_is_one_that_is_tried() -> None:
    page = DOCUMENT.read_text()

    assert len(by_hand.blocks(page)) == page.count("```sh\n")
    assert set(by_hand.blocks(page)) == {name for names in by_hand.BLOCKS.values() for name in names}
