"""What a command prints becomes a copy only when it is what was asked for, and comes back as it was."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from debian_kit import program
from respaldo.domain.errors import (
    ConnectionIncompleteError,
    ConnectionMissingError,
    DumpUnreadableError,
    InvalidRequestError,
    NotInCopyError,
    SourceCommandEmptyError,
    SourceCommandError,
    TargetDeniedError,
    TargetOccupiedError,
    TimedOutError,
    ToolMissingError,
)
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.source_errors import OutputRejectedError
from respaldo.domain.values import Endpoint, Run
from respaldo.domain.verification import Verification
from respaldo.restic.saved import Marks
from respaldo.sources.command import CommandSource
from respaldo.sources.output import checker_program, difference
from respaldo.sources.output.checker_program import LONGEST_LINE_BYTES, OutputCheck
from respaldo.sources.reach import Reach
from respaldo.texts import causes

pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]

WANTED = Verification()
CONFIGURATION = "version 15.2\r\nhostname borde-1\r\ninterface Gi0/1\r\n no shutdown\r\nend\r\n"
SECRET = "cl4ve de consola"


def nobody_looks(progress):
    """Take progress events that no test is about."""


@pytest.fixture
def appliance(tmp_path) -> Path:
    """A script that prints what a file beside it says, as an appliance prints its configuration."""
    script = tmp_path / "appliance"
    script.write_text(f'#!/bin/sh\ncat "{tmp_path}/running"\n')
    script.chmod(0o755)
    (tmp_path / "running").write_bytes(CONFIGURATION.encode())
    return script


def command(*argv: object, **settings) -> CommandSource:
    asked = {"name": "borde-1.cfg"} | settings
    return CommandSource(kind="command", command=tuple(map(str, argv)), **asked)


def shell(script: str, **settings) -> CommandSource:
    return command("sh", "-c", script, **settings)


def save(source, repository, marks, endpoint=None):
    return source.save(source.name, repository, marks, Reach(endpoint), nobody_looks).copy


def ends(pid: Path) -> bool:
    """Tell whether a process whose number is in a file ends soon: who inherits it may be slow to see it."""
    stat, deadline = Path("/proc", pid.read_text().strip(), "stat"), time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def content(repository, copy) -> bytes:
    seen = bytearray()
    repository.stream(copy.snapshot_id, f"/{copy.item}", seen.extend)
    return bytes(seen)


def test_what_an_appliance_prints_is_saved_and_verified(appliance, repository, marks, scratch):
    source = command(
        appliance,
        min_size="20",
        must_contain=("hostname ", {"regex": r"^version \d+"}, {"regex": "shutdown$"}),
        must_end_with="end",
    )
    source.probe(Reach())
    copy = save(source, repository, marks)
    assert content(repository, copy) == CONFIGURATION.encode()
    (evidence,) = source.verify(copy, repository, WANTED, Reach(), str(scratch))
    assert evidence.method == "checksum"
    assert evidence.facts == {
        "files": 1,
        "size_bytes": len(CONFIGURATION),
        "sha256": hashlib.sha256(CONFIGURATION.encode()).hexdigest(),
    }


# --- what does not pass leaves nothing


@pytest.mark.parametrize(
    ("script", "settings", "error", "said"),
    [
        ("echo half; echo no route >&2; exit 3", {}, SourceCommandError, "no route"),
        ("true", {}, SourceCommandEmptyError, ""),
        ("printf short", {"min_size": "1kB"}, OutputRejectedError, "1000"),
        ("seq 100000", {"must_contain": ["hostname"]}, OutputRejectedError, "hostname"),
        ("seq 100000", {"must_contain": [{"regex": "^x+$"}]}, OutputRejectedError, "/^x+$/"),
        ("seq 100000 | head -c 5000", {"must_end_with": "100000"}, OutputRejectedError, "100000"),
        ("seq 100000 | head -c 5000", {"must_end_with": {"regex": "^end"}}, OutputRejectedError, "/^end/"),
        ("seq 10; kill -9 $$", {}, SourceCommandError, "-9"),
    ],
    ids=["exit 3", "empty", "too small", "no text", "no pattern", "cut", "cut by pattern", "killed"],
)
def test_an_output_that_is_not_good_leaves_no_snapshot(
    repository, marks, script, settings, error, said, tmp_path
):
    with pytest.raises(error) as caught:
        save(shell(script, **settings), repository, marks)
    assert repository.snapshots() == ()
    assert said in causes.explain(caught.value)


def test_a_refused_output_is_told_with_what_it_misses(repository, marks):
    with pytest.raises(OutputRejectedError) as caught:
        save(shell("echo hostname; echo more", must_end_with="end"), repository, marks)
    assert caught.value.facts["reason"] == "end_missing"
    assert not caught.value.transient
    assert "no termina en «end»" in causes.explain(caught.value)


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(repository, marks, tmp_path):
    pid = tmp_path / "pid"
    source = shell(f"sleep 300 & echo $! > {pid}; echo some; wait", within="2s")
    began = time.monotonic()
    with pytest.raises(TimedOutError):
        save(source, repository, marks)
    assert time.monotonic() - began < 30
    assert repository.snapshots() == ()
    assert ends(pid)


def test_a_pattern_that_would_search_for_ever_is_ended_too(repository, marks):
    source = shell("head -c 60000 /dev/zero | tr '\\0' a", must_contain=[{"regex": "(a+)+b"}], within="3s")
    with pytest.raises(TimedOutError):
        save(source, repository, marks)
    assert repository.snapshots() == ()


def test_a_program_that_is_not_there_is_named_before_and_during(repository, marks):
    source = command("/nowhere/show-config")
    with pytest.raises(ToolMissingError) as caught:
        source.probe(Reach())
    assert caught.value.facts["tool"] == "/nowhere/show-config"
    with pytest.raises(ToolMissingError):
        save(source, repository, marks)
    assert repository.snapshots() == ()


def test_what_a_repository_refuses_is_not_taken_for_the_commands_fault(make_repository, marks):
    from respaldo.domain.errors import RepositoryMissingError

    with pytest.raises(RepositoryMissingError):
        save(shell("seq 10"), make_repository("nowhere"), marks)


@pytest.mark.parametrize("lost", [1, 20])
def test_a_copy_that_was_stored_cut_is_not_good(repository, marks, scratch, lost):
    whole = CONFIGURATION.encode().rstrip()
    cut = scratch / "cut"
    cut.write_bytes(whole[:-lost])
    stored = repository.save_output("borde-1.cfg", ["cat", str(cut)], "borde-1.cfg", marks, environment={})
    with pytest.raises(DumpUnreadableError) as caught:
        command("true", must_end_with="end").verify(stored.copy, repository, WANTED, Reach(), str(scratch))
    assert caught.value.facts["reason"] == "end_missing"


# --- the secret


def with_password(password: str | None) -> Endpoint:
    return Endpoint(name="consola", password=SecretStr(password) if password else None)


def test_a_secret_is_one_line_of_the_commands_input_and_nowhere_else(repository, marks):
    script = (
        "read given; [ \"$given\" = 'cl4ve de consola' ] || exit 9; read more && exit 8;"
        " env; tr '\\0' '\\n' </proc/$$/cmdline; tr '\\0' '\\n' </proc/$PPID/cmdline;"
        " tr '\\0' '\\n' </proc/$PPID/environ; ls -l /proc/$$/fd | wc -l"
    )
    # Written apart: the script itself names it.
    source = shell(script.replace(SECRET, "$(printf 'cl4ve de'; printf ' consola')").replace("'$(", '"$(')
                   .replace(")'", ')"'), secret="consola")  # fmt: skip
    copy = save(source, repository, marks, with_password(SECRET))
    seen = content(repository, copy)
    assert SECRET.encode() not in seen
    assert b"RESPALDO_STDIN=/dev/fd/" in seen
    assert seen.count(b"RESPALDO_STDIN") == 1
    assert b"RESTIC_" not in seen.split(b"setpriv")[0].split(b"sh\n-c")[0]


def test_a_secret_that_a_command_says_is_not_told(repository, marks):
    source = shell("read given; echo it was $given >&2; exit 1", secret="consola")
    with pytest.raises(SourceCommandError) as caught:
        save(source, repository, marks, with_password(SECRET))
    assert SECRET not in str(caught.value)
    assert "it was ***" in caught.value.facts["said"]


def test_a_command_need_not_read_its_secret(repository, marks):
    assert save(shell("exec <&-; echo end", secret="consola"), repository, marks, with_password(SECRET))


@pytest.mark.parametrize(
    ("endpoint", "error"),
    [(None, ConnectionMissingError), (with_password(None), ConnectionIncompleteError)],
    ids=["no connection", "no password"],
)
def test_a_secret_that_is_not_there_is_told_before(endpoint, error):
    with pytest.raises(error) as caught:
        shell("true", secret="consola").probe(Reach(endpoint))
    assert caught.value.facts["connection"] == "consola"


# --- what changed


@pytest.fixture
def told(caplog) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger=difference.__name__)
    return caplog


def another(number: int) -> Marks:
    run = Run(dag_id="backup__erp", run_id=f"scheduled__{number}", scope_id="erp")
    return Marks(host="test-host", tags=run.tags)


def test_what_changed_since_the_last_copy_is_in_the_log(appliance, repository, told):
    running = appliance.with_name("running")
    source = command(appliance, secret="consola")
    save(source, repository, another(1), with_password("borde-1"))
    assert "first copy" in told.text
    running.write_text(CONFIGURATION.replace(" no shutdown", " shutdown"))
    told.clear()
    save(source, repository, another(2), with_password("borde-1"))
    assert "- no shutdown" in told.text
    assert "+ shutdown" in told.text
    assert " hostname ***" in told.text
    told.clear()
    save(source, repository, another(3), with_password("borde-1"))
    assert "equal to its last copy" in told.text


def test_a_difference_without_end_is_cut(appliance, repository, told):
    running = appliance.with_name("running")
    save(command(appliance), repository, another(1))
    running.write_text("".join(f"line {n} {'x' * 900}\n" for n in range(1000)))
    save(command(appliance), repository, another(2))
    assert "more lines" in told.text
    assert len(told.text) < (difference.MOST_LINES + 20) * 600


def test_no_difference_is_sought_where_it_is_not_wanted_or_of_no_use(repository, told, monkeypatch):
    monkeypatch.setattr(difference, "MOST_BYTES", 1000)
    for number, source in enumerate([shell("seq 1000"), shell("seq 1001"), shell("seq 9", diff=False)]):
        save(source, repository, another(number))
    assert "too large" in told.text
    assert "changed" not in told.text


def test_a_difference_that_cannot_be_made_is_no_reason_to_fail(
    appliance, repository, told, monkeypatch, tmp_path
):
    save(command(appliance), repository, another(1))
    bin_folder = tmp_path / "few"
    bin_folder.mkdir()
    for name in ("sh", "cat", "setpriv", "restic"):
        (bin_folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(bin_folder))
    assert save(command(appliance), repository, another(2)).size_bytes == len(CONFIGURATION)
    assert "not compared" in told.text


# --- given back


def delivery(tmp_path: Path, kind: str = "staging", **settings) -> Delivery:
    destination = Destination(kind=kind, **settings)
    return Delivery(destination=destination, key="r1", staging=str(tmp_path / "restored" / "r1"))


@pytest.fixture
def saved_one(appliance, repository, marks, scratch):
    """A source with one verified copy, and the part of it that a request for everything gets."""
    source = command(appliance)
    copy = save(source, repository, marks)
    recorded = source.verify(copy, repository, WANTED, Reach(), str(scratch))
    (part,) = source.find(Wanted(), [copy], repository, recorded)
    return source, copy, part, recorded


def restore(source, part, repository, wanted, scratch):
    return source.restore(part, repository, wanted, Reach(), str(scratch), nobody_looks)


@pytest.mark.parametrize("kind", ["staging", "path"])
def test_the_file_comes_back_and_is_proven_by_its_sum(saved_one, repository, scratch, tmp_path, kind):
    source, _, part, _ = saved_one
    wanted = delivery(tmp_path, kind, target=str(tmp_path / "given") if kind == "path" else None)
    assert source.touches([part], wanted, Reach()) == ()
    done = restore(source, part, repository, wanted, scratch)
    place = Path(done.where[0])
    assert place.read_bytes() == CONFIGURATION.encode()
    assert done.evidence[0].facts["sha256"] == part.sha256 == hashlib.sha256(place.read_bytes()).hexdigest()
    assert [path.name for path in place.parent.iterdir()] == ["borde-1.cfg"]
    # Once more, as after a kill: the same.
    assert restore(source, part, repository, wanted, scratch).where == done.where


def test_another_file_in_the_way_stays(saved_one, repository, scratch, tmp_path):
    source, _, part, _ = saved_one
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "borde-1.cfg").write_text("somebody's own")
    wanted = delivery(tmp_path, "path", target=str(tmp_path / "given"), overwrite="always")
    with pytest.raises(TargetOccupiedError):
        restore(source, part, repository, wanted, scratch)
    assert [path.read_text() for path in (tmp_path / "given").iterdir()] == ["somebody's own"]


def test_a_place_that_takes_nothing_is_told(saved_one, repository, scratch, tmp_path):
    source, _, part, _ = saved_one
    (tmp_path / "file").touch()
    wanted = delivery(tmp_path, "path", target=str(tmp_path / "file"))
    with pytest.raises(TargetDeniedError):
        restore(source, part, repository, wanted, scratch)


def test_a_copy_that_is_not_what_was_verified_is_not_given_back(saved_one, repository, scratch, tmp_path):
    source, _, part, _ = saved_one
    other = part.model_copy(update={"sha256": "0" * 64})
    wanted = delivery(tmp_path)
    with pytest.raises(DumpUnreadableError):
        restore(source, other, repository, wanted, scratch)
    assert list((tmp_path / "restored" / "r1").iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"kind": "original"}, "command_original"),
        ({"kind": "database", "target": "erp"}, "files_to_database"),
        ({"kind": "path", "target": "/srv/x", "overwrite": "if_newer"}, "overwrite_whole"),
    ],
)
def test_where_an_output_cannot_go_is_refused(saved_one, tmp_path, settings, problem):
    source, _, part, _ = saved_one
    with pytest.raises(InvalidRequestError) as caught:
        source.touches([part], delivery(tmp_path, **settings), Reach())
    assert caught.value.facts["problem"] == problem


def test_it_is_found_by_its_name_and_by_no_other(saved_one, repository):
    source, copy, part, recorded = saved_one
    for path in ("borde-1.cfg", "/borde-1.cfg", "/"):
        assert source.find(Wanted(paths=(path,)), [copy], repository, recorded) == (part,)
    with pytest.raises(NotInCopyError) as caught:
        source.find(Wanted(paths=("/borde-2.cfg",)), [copy], repository, recorded)
    assert caught.value.facts["nearest"] == "borde-1.cfg"
    with pytest.raises(InvalidRequestError):
        source.find(Wanted(tables=("t",)), [copy], repository, recorded)


# --- settings


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "a/b"},
        {"name": ".."},
        {"name": "a\nb"},
        {"name": ""},
        {"command": ()},
        {"command": ("",)},
        {"must_contain": [{"regex": "("}]},
        {"must_contain": [""]},
        {"must_end_with": {"regex": "x" * 501}},
        {"min_size": 0},
        {"within": "0s"},
        {"secret": ""},
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_mistakes(settings):
    with pytest.raises(ValidationError):
        CommandSource(**({"kind": "command", "command": ("true",), "name": "x"} | settings))


# --- the checker


def checked(blocks: list[bytes], **asked) -> dict:
    check = OutputCheck({"min_size": 1, "must_contain": [], "must_end_with": None} | asked)
    for block in blocks:
        check.take(block)
    return check.finish()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_marks_are_found_wherever_blocks_are_cut(size):
    text = "uno\r\nhostname ñandú\nfin de todo\n\n \n".encode()
    blocks = [text[first : first + size] for first in range(0, len(text), size)]
    marks = [{"text": "hostname ñ"}, {"text": "uno"}, {"regex": "^uno$"}, {"regex": r"^host\w+ \S+$"}]
    for end in ({"text": "de todo\n"}, {"regex": r"^fin .* t\w+"}):
        assert "reason" not in checked(blocks, must_contain=marks, must_end_with=end)
    assert checked(blocks, must_contain=[{"text": "hostnames"}])["reason"] == "mark_missing"
    assert checked(blocks, must_end_with={"text": "fin"})["reason"] == "end_missing"


def test_a_line_without_end_takes_no_more_memory_than_its_bound():
    check = OutputCheck({"min_size": 1, "must_contain": [{"regex": "never"}], "must_end_with": None})
    for _ in range(64):
        check.take(b"x" * (1 << 18))
    assert len(check._line) <= LONGEST_LINE_BYTES
    assert check.finish()["reason"] == "mark_missing"


def test_the_checker_needs_nothing_but_python_and_ends_its_command_with_itself(tmp_path):
    pid = tmp_path / "pid"
    asked = {
        "command": ["sh", "-c", f"echo $$ > {pid}; exec sleep 300"],
        "seconds": 60,
        "min_size": 1,
        "must_contain": [],
        "must_end_with": None,
    }
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    argv = [sys.executable, "-I", "-S", checker_program.__file__, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]}) as checker:
        deadline = time.monotonic() + 20
        while not (pid.exists() and pid.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.05)
        checker.kill()
    assert ends(pid)


# --- a real directory


def test_slapcat_of_a_real_directory_is_saved_whole(repository, marks, scratch, tmp_path):
    slapcat, slapadd = program("slapcat", "slapd"), program("slapadd", "slapd")
    data = tmp_path / "ldap"
    data.mkdir()
    settings = tmp_path / "slapd.conf"
    settings.write_text(
        "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f"database mdb\nsuffix dc=prueba\ndirectory {data}\n"
    )
    entries = tmp_path / "entries.ldif"
    people = "".join(
        f"\ndn: cn=p{n},dc=prueba\nobjectClass: person\ncn: p{n}\nsn: apellido {n}\n" for n in range(200)
    )
    entries.write_text(
        f"dn: dc=prueba\nobjectClass: dcObject\nobjectClass: organization\ndc: prueba\no: x\n{people}"
    )
    subprocess.run([slapadd, "-f", settings, "-l", entries], check=True, capture_output=True)
    source = command(slapcat, "-f", settings, name="directorio.ldif", must_contain=["dn: cn=p199,dc=prueba"])
    copy = save(source, repository, marks)
    source.verify(copy, repository, WANTED, Reach(), str(scratch))
    assert content(repository, copy).count(b"\ndn: cn=p") == 200
