"""A command on another machine, over a real SSH server: nothing of ours runs there, nothing cut is kept."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from pydantic import SecretStr

from respaldo.domain.errors import SourceCommandEmptyError, SourceCommandError, TimedOutError
from respaldo.domain.host_errors import HostKeyError, HostLoginError, HostUnreachableError
from respaldo.domain.source_errors import OutputRejectedError
from respaldo.domain.values import Endpoint
from respaldo.domain.verification import Verification
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.engine import find_engine
from respaldo.sources.command import CommandSource
from respaldo.sources.output import difference
from respaldo.sources.reach import Machine, Reach
from respaldo.texts import causes
from sshd_kit import SshServer, ssh_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

SECRET = "cl4ve de consola"
CONFIGURATION = "version 15.2\r\nhostname borde-1\r\n no shutdown\r\nend\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server() as server:
        yield server


def host(server: SshServer, **other) -> Host:
    known = {
        "name": "borde_1",
        "address": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "password": SecretStr(server.password),
        "host_key": server.host_key,
    }
    return Host(**(known | other))


def over(entry: Host, password: str | None = None) -> Reach:
    endpoint = Endpoint(name="consola", password=SecretStr(password)) if password else None
    return Reach(endpoint, Machine(entry, HostSettings(), find_engine()))


@pytest.fixture
def reach(server, restic) -> Reach:
    return over(host(server))


def command(*argv: object, **settings) -> CommandSource:
    asked = {"name": "borde-1.cfg", "host": "borde_1", "diff": False} | settings
    return CommandSource(kind="command", command=tuple(map(str, argv)), **asked)


def shell(script: str, **settings) -> CommandSource:
    return command("sh", "-c", script, **settings)


def save(source, repository, marks, reach):
    return source.save(source.name, repository, marks, reach, lambda _: None).copy


def content(repository, copy) -> bytes:
    seen = bytearray()
    repository.stream(copy.snapshot_id, f"/{copy.item}", seen.extend)
    return bytes(seen)


def processes(server: SshServer) -> list[str]:
    """Name what runs as the user of the machine."""
    return [
        " ".join(one.info["cmdline"] or ())
        for one in psutil.process_iter(["username", "cmdline"])
        if one.info["username"] == server.user
    ]


def sessions_of(server: SshServer) -> list[psutil.Process]:
    """Find the processes of the SSH server that each serve one connection."""
    return [
        one
        for one in psutil.process_iter(["cmdline", "username"])
        if f"sshd: {server.user}" in " ".join(one.info["cmdline"] or ())
    ]


def kill_soon(server: SshServer, seconds: float = 1) -> threading.Thread:
    """End the machine's connections a while after the first one is there."""

    def kill() -> None:
        deadline = time.monotonic() + 30
        while not sessions_of(server) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(seconds)
        for one in sessions_of(server):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_what_a_machine_prints_is_saved_and_verified(reach, repository, marks, scratch):
    source = shell("printf 'uno\\ndos \\377\\n'; echo beside >&2", must_end_with={"regex": "^dos .*"})
    source.probe(reach)
    copy = save(source, repository, marks, reach)
    assert content(repository, copy) == b"uno\ndos \xff\n"
    (evidence,) = source.verify(copy, repository, Verification(), Reach(), str(scratch))
    assert evidence.facts["sha256"] == hashlib.sha256(b"uno\ndos \xff\n").hexdigest()
    # Nothing was entered but for that one line.
    assert not reach.machine.is_entered


@pytest.mark.parametrize(
    ("script", "settings", "error", "said"),
    [
        ("echo half; echo no route >&2; exit 3", {}, SourceCommandError, "no route (exit status 3)"),
        ("no-such-program", {}, SourceCommandError, "127"),
        ("true", {}, SourceCommandEmptyError, ""),
        ("printf short", {"min_size": "1kB"}, OutputRejectedError, "1000"),
        ("seq 100000 | head -c 5000", {"must_end_with": "100000"}, OutputRejectedError, "100000"),
        ("seq 10; kill -9 $$", {}, SourceCommandError, "137"),
    ],
    ids=["exit 3", "no program", "empty", "too small", "cut", "killed"],
)
def test_an_output_that_is_not_good_there_leaves_no_snapshot(
    reach, repository, marks, script, settings, error, said
):
    with pytest.raises(error) as caught:
        save(shell(script, **settings), repository, marks, reach)
    assert repository.snapshots() == ()
    assert said in causes.explain(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), [("KILL", 9), ("TERM", 15)])
def test_a_signal_is_told_as_one_of_this_worker_is(reach, repository, marks, name, number):
    source = command("exec", "sh", "-c", f"seq 10; kill -{name} $$")
    with pytest.raises(SourceCommandError) as caught:
        save(source, repository, marks, reach)
    assert caught.value.facts["exit_code"] == str(-number)
    assert repository.snapshots() == ()


@pytest.mark.slow
def test_one_that_takes_too_long_there_is_left(server, reach, repository, marks):
    began = time.monotonic()
    with pytest.raises(TimedOutError):
        save(shell("echo some; exec sleep 97531", within="3s"), repository, marks, reach)
    assert time.monotonic() - began < 30
    assert repository.snapshots() == ()
    assert not sessions_of(server)
    # The SSH server tells it nothing: it ends by itself, or by what it writes next.
    subprocess.run(["pkill", "-u", server.user, "-f", "sleep 97531"], check=False)


@pytest.mark.slow
@pytest.mark.parametrize("script", ["head -c 3000000 /dev/zero; sleep 60", "exec cat /dev/zero", "sleep 60"])
def test_a_machine_that_is_lost_on_the_way_is_told_as_that(server, reach, repository, marks, script):
    killing = kill_soon(server)
    with pytest.raises(HostUnreachableError) as caught:
        save(shell(script), repository, marks, reach)
    killing.join()
    assert caught.value.transient
    assert repository.snapshots() == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"password": SecretStr("no")}, HostLoginError),
        ({"port": 1}, HostUnreachableError),
        ({"host_key": "other"}, HostKeyError),
    ],
    ids=["wrong password", "nobody there", "changed key"],
)
def test_what_keeps_us_out_is_told_before_and_during(server, restic, repository, marks, other, error):
    if "host_key" in other:
        other = {"host_key": server.other_key}
    reach = over(host(server, **other))
    for work in (lambda source: source.probe(reach), lambda source: save(source, repository, marks, reach)):
        with pytest.raises(error):
            work(command("true"))
    assert repository.snapshots() == ()


@pytest.mark.slow
def test_a_key_that_is_not_good_is_told(server, restic, repository, marks):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", server.folder / "wrong"], check=True)
    wrong = SecretStr((server.folder / "wrong").read_text())
    with pytest.raises(HostLoginError):
        save(command("true"), repository, marks, over(host(server, private_key=wrong, password=None)))


@pytest.mark.slow
def test_a_machine_is_reached_by_way_of_another(server, restic, repository, marks):
    with ssh_server() as far:
        entry = host(far, name="lejos", jump=host(server))
        source = command("echo", "it is far")
        source.probe(over(entry))
        assert content(repository, save(source, repository, marks, over(entry))) == b"it is far\n"
        lost = host(far, name="lejos", jump=host(server, password=SecretStr("no")))
        with pytest.raises(HostLoginError) as caught:
            save(source, repository, marks, over(lost))
    assert caught.value.facts["host"] == "borde_1"


# --- an appliance


@pytest.fixture
def appliance(tmp_path) -> Iterator[SimpleNamespace]:
    """A machine that knows one line and runs nothing else, as a switch does."""
    with ssh_server() as server:
        program = server.folder / "appliance"
        program.write_text(
            '#!/bin/sh\ncase "$SSH_ORIGINAL_COMMAND" in\n'
            f'"show running-config") cat {server.folder}/running ;;\n'
            "*) echo '% Invalid input detected'; exit 0 ;;\nesac\n"
        )
        program.chmod(0o755)
        (server.folder / "running").write_bytes(CONFIGURATION.encode())
        key = server.folder / "user_key.pub"
        key.write_text(f'restrict,command="{program}" {key.read_text()}')
        entry = host(server, password=None, private_key=SecretStr(server.private_key))
        yield SimpleNamespace(running=server.folder / "running", reach=over(entry), server=server)


@pytest.mark.slow
def test_an_appliance_gets_the_line_as_it_was_typed(restic, appliance, repository, marks, caplog):
    caplog.set_level("INFO", logger=difference.__name__)
    source = command("show", "running-config", must_end_with="end", diff=True)
    source.probe(appliance.reach)
    assert content(repository, save(source, repository, marks, appliance.reach)) == CONFIGURATION.encode()
    appliance.running.write_text(CONFIGURATION.replace(" no shutdown", " shutdown"))
    save(source, repository, marks, appliance.reach)
    assert "+ shutdown" in caplog.text
    with pytest.raises(OutputRejectedError):
        save(command("dir", must_end_with="end"), repository, marks, appliance.reach)


class Unsaid:
    """An SSH server that does not say how a command ended, as some appliances do."""

    def __init__(self, text: str, *, hangs_up: bool) -> None:
        self.text, self.hangs_up, self.port = text, hangs_up, 0
        self.key = ""
        self._ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait(20)

    def _run(self) -> None:
        import asyncio

        import asyncssh

        class Anybody(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:  # noqa: ARG002
                return False

        async def handle(process: asyncssh.SSHServerProcess[str]) -> None:
            process.stdout.write(self.text)
            process.stdout.write_eof()
            await asyncio.sleep(0.2)
            process.close()
            if self.hangs_up:
                process.get_extra_info("connection").disconnect(11, "bye")

        async def serve() -> None:
            key = asyncssh.generate_private_key("ssh-ed25519")
            self.key = key.export_public_key().decode()
            server = await asyncssh.listen(
                "127.0.0.1", 0, server_host_keys=[key], server_factory=Anybody, process_factory=handle
            )
            self.port = server.get_port()
            self._ready.set()
            await asyncio.sleep(120)

        asyncio.run(serve())


@pytest.mark.slow
@pytest.mark.parametrize("hangs_up", [False, True])
def test_one_that_does_not_say_how_a_command_ended_is_believed_by_the_end_of_its_output(
    restic, repository, marks, hangs_up
):
    appliance = Unsaid(CONFIGURATION, hangs_up=hangs_up)
    entry = Host(name="b", address="127.0.0.1", port=appliance.port, user="u", host_key=appliance.key)
    with pytest.raises((SourceCommandError, HostUnreachableError)):
        save(command("show"), repository, marks, over(entry))
    with pytest.raises((OutputRejectedError, HostUnreachableError)):
        save(command("show", must_end_with="never"), repository, marks, over(entry))
    assert repository.snapshots() == ()
    copy = save(command("show", must_end_with="end"), repository, marks, over(entry))
    assert content(repository, copy) == CONFIGURATION.encode()


# --- the secret, and what it costs


@pytest.mark.slow
def test_a_secret_is_one_line_of_the_commands_input_there_and_nowhere_else(server, restic, repository, marks):
    script = (
        'read given; read more && exit 8; sleep 2; [ "$given" = "$(printf "cl4ve de"; printf " consola")" ]'
    )
    seen: list[str] = []
    over_now = threading.Event()

    def look() -> None:
        while not over_now.wait(0.1):
            for one in psutil.process_iter(["cmdline"]):
                seen.append(" ".join(one.info["cmdline"] or ()))
                with contextlib.suppress(psutil.Error, OSError):
                    seen.append(Path(f"/proc/{one.pid}/environ").read_bytes().decode(errors="replace"))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        source = shell(f"{script} && echo end", secret="consola")
        copy = save(source, repository, marks, over(host(server), SECRET))
    finally:
        over_now.set()
        looking.join()
    assert content(repository, copy) == b"end\n"
    assert any("relay_program" in one for one in seen)
    assert not [one for one in seen if SECRET in one or server.password in one]


@pytest.mark.slow
def test_a_secret_that_a_command_says_there_is_not_told(server, restic, repository, marks):
    source = shell("read given; echo it was $given >&2; exit 1", secret="consola")
    with pytest.raises(SourceCommandError) as caught:
        save(source, repository, marks, over(host(server), SECRET))
    assert SECRET not in str(caught.value)
    assert "it was ***" in caught.value.facts["said"]


@pytest.mark.slow
def test_much_output_takes_no_more_memory_here(reach, repository, marks):
    me, most, over_now = psutil.Process(), [0], threading.Event()
    before = me.memory_info().rss

    def look() -> None:
        while not over_now.wait(0.05):
            most[0] = max(most[0], me.memory_info().rss)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        source = shell("yes abcdefghijklmnopqrstuvwxyz | head -c 200000000; echo end", must_end_with="end")
        copy = save(source, repository, marks, reach)
    finally:
        over_now.set()
        looking.join()
    assert copy.size_bytes == 200_000_004
    assert most[0] - before < 60e6
