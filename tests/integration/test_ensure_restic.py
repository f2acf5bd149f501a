"""`scripts/ensure-restic` on a real machine: real downloads, real checksums, Debian's real packages."""

from __future__ import annotations

import bz2
import hashlib
import os
import platform
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "ensure-restic"
NOTHING_LISTENS = "http://127.0.0.1:9"


def program(path: Path, version: str) -> Path:
    """Make a program that answers with a version and does nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{path.name} {version} compiled with go1.24.4 on linux/amd64'\n")
    path.chmod(0o755)
    return path


@dataclass
class Machine:
    """An environment with nothing but PATH: old tools come first on it, so the machine's own never count."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program(self.folder / "old" / "restic", "0.14.0")
        program(self.folder / "old" / "restic-rest-server", "0.11.0")
        self.environment = {"PATH": f"{self.folder / 'old'}:{os.environ['PATH']}"}
        self.apt_reads("")

    @property
    def bin(self) -> Path:
        return self.folder / "project" / "bin"

    def apt_reads(self, sources: str) -> None:
        (self.folder / "sources.list").write_text(sources)
        configuration = self.folder / "apt.conf"
        configuration.write_text(
            f'Dir::Etc::sourcelist "{self.folder}/sources.list";\nDir::Etc::sourceparts "-";\n'
        )
        self.environment["APT_CONFIG"] = str(configuration)

    def start(self, *tools: str, script: Path = SCRIPT) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [script, "--dir", self.bin, *tools],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ensure(self, *tools: str, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
        with self.start(*tools, script=script) as process:
            output, errors = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@dataclass
class Releases:
    """A releases' site on this machine that answers every address with the same bytes."""

    content: bytes
    url: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[Releases]:
    site = Releases(bz2.compress(program(tmp_path / "new" / "restic", "0.19.1").read_bytes()))

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(site.content)))
            self.end_headers()
            self.wfile.write(site.content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address that never answers a connection: a queue for one, and it is taken."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        for each in waiting:
            each.close()


def pinned_to(content_sha256: str, folder: Path) -> Path:
    """Make a copy of the script that pins another checksum for this machine's restic."""
    lines = SCRIPT.read_text().splitlines()
    pin = f"restic {platform.machine()} "
    found = [index for index, line in enumerate(lines) if " ".join(line.split()).startswith(pin)]
    assert len(found) == 1, "the script has no release of restic for this machine"
    lines[found[0]] = " ".join([*lines[found[0]].split()[:3], content_sha256])
    copy = folder / "ensure-restic"
    copy.write_text("\n".join(lines) + "\n")
    copy.chmod(0o755)
    return copy


def debian_mirror() -> str | None:
    """Return a source line with the mirror of this machine's own apt, or None when none answers."""
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not (shutil.which("apt-get") and shutil.which("curl") and keyring.exists()):
        return None
    listed = subprocess.run(
        ["apt-get", "--print-uris", "update"], capture_output=True, text=True, check=False
    )
    for line in listed.stdout.splitlines():
        address = line.split("'")[1]
        if not address.endswith("/InRelease") or "-security/" in address or "-updates/" in address:
            continue
        answer = subprocess.run(
            ["curl", "-fsI", "--max-time", "8", address], capture_output=True, check=False
        )
        archive, _, rest = address.partition("/dists/")
        return f"deb {archive} {rest.partition('/')[0]} main\n" if answer.returncode == 0 else None
    return None


def test_a_tool_on_path_that_is_new_enough_is_used_and_nothing_is_installed(machine: Machine) -> None:
    restic = program(machine.folder / "new" / "restic", "0.18.0")
    server = program(machine.folder / "new" / "restic-rest-server", "0.13.0")
    machine.environment["PATH"] = f"{restic.parent}:{machine.environment['PATH']}"

    result = machine.ensure()

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [str(restic), str(server)]
    assert not machine.bin.exists()


def test_a_tool_in_the_folder_is_used_when_the_one_on_path_is_old(machine: Machine) -> None:
    restic = program(machine.bin / "restic", "0.19.1")

    result = machine.ensure("restic")

    assert (result.returncode, result.stdout) == (0, f"{restic}\n")


@pytest.mark.timeout(300)
def test_it_installs_from_debian_when_upstream_cannot_be_reached(machine: Machine) -> None:
    mirror = debian_mirror()
    if mirror is None:
        pytest.skip("this machine has no Debian mirror that answers")
    machine.apt_reads(mirror)
    machine.environment["RESPALDO_RELEASES_URL"] = NOTHING_LISTENS
    machine.environment["HOME"] = ""

    result = machine.ensure()

    assert result.returncode == 0, result.stderr
    restic, server = (Path(line) for line in result.stdout.splitlines())
    assert sorted(machine.bin.iterdir()) == [restic, server], "something was left beside the tools"
    version = subprocess.run([restic, "version"], capture_output=True, text=True, check=True).stdout
    assert tuple(int(part) for part in version.split()[1].split(".")) >= (0, 18)
    subprocess.run([server, "--version"], capture_output=True, check=True)


def test_a_release_with_the_pinned_sum_is_unpacked_and_installed_once(
    machine: Machine, releases: Releases
) -> None:
    machine.environment["RESPALDO_RELEASES_URL"] = releases.url
    script = pinned_to(releases.sha256, machine.folder)

    first = machine.ensure("restic", script=script)
    installed = (machine.bin / "restic").stat()
    second = machine.ensure("restic", script=script)

    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout == f"{machine.bin / 'restic'}\n"
    assert (machine.bin / "restic").stat() == installed
    assert len(releases.asked) == 1


def test_calls_at_the_same_time_all_end_well(machine: Machine, releases: Releases) -> None:
    machine.environment["RESPALDO_RELEASES_URL"] = releases.url
    script = pinned_to(releases.sha256, machine.folder)

    calls = [machine.start("restic", script=script) for _ in range(4)]
    ends = [(*call.communicate(timeout=60), call.returncode) for call in calls]

    assert [end[2] for end in ends] == [0] * 4, ends
    assert list(machine.bin.iterdir()) == [machine.bin / "restic"]


def test_a_release_with_another_sum_is_refused_loudly_and_never_run(
    machine: Machine, releases: Releases
) -> None:
    machine.environment["RESPALDO_RELEASES_URL"] = releases.url

    result = machine.ensure("restic")

    assert result.returncode == 1
    assert "ATENCIÓN" in result.stderr
    assert releases.sha256 in result.stderr
    assert list(machine.bin.iterdir()) == []


def test_a_release_that_does_not_run_here_is_not_left_in_place(machine: Machine, releases: Releases) -> None:
    machine.environment["RESPALDO_RELEASES_URL"] = releases.url
    releases.content = bz2.compress(b"\x7fELF and then nothing that runs")

    result = machine.ensure("restic", script=pinned_to(releases.sha256, machine.folder))

    assert result.returncode == 1
    assert "no funciona en esta máquina" in result.stderr
    assert list(machine.bin.iterdir()) == []


@pytest.mark.timeout(120)
def test_a_network_that_never_answers_costs_little_and_the_error_says_what_to_do(
    machine: Machine, black_hole: str
) -> None:
    machine.environment["RESPALDO_RELEASES_URL"] = black_hole
    machine.apt_reads(f"deb {black_hole}/debian bookworm main\n")

    begun = time.monotonic()
    result = machine.ensure()

    assert time.monotonic() - begun < 45
    assert (result.returncode, result.stdout) == (1, "")
    for named in ("restic 0.18", "restic-rest-server 0.13", "0.14.0", black_hole, "Debian", "Qué hacer"):
        assert named in result.stderr, result.stderr


def test_a_folder_that_cannot_be_written_is_named(machine: Machine) -> None:
    machine.bin.parent.write_text("a file where a folder should be")

    result = machine.ensure("restic")

    assert result.returncode == 1
    assert str(machine.bin) in result.stderr


def test_an_unknown_tool_is_wrong_usage(machine: Machine) -> None:
    assert machine.ensure("borg").returncode == 2
