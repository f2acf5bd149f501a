"""What is said to a Windows machine, read as Windows would: decoded, and cut by its rules."""

from __future__ import annotations

import base64
import json
import ntpath
from types import SimpleNamespace

import pytest
from pydantic import SecretStr, ValidationError

from powershell_program import arguments_of
from respaldo.hosts.limits import Limits
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.windows import FIRST, Windows, named, native
from respaldo.restic import argv
from respaldo.restic.argv import Place
from respaldo.restic.snapshots import Node
from respaldo.sources.files.on_windows import WindowsGround

ODD = [
    "a b",
    'say "hi"',
    "$(id)",
    "`whoami`",
    "%PATH%",
    "'",
    "a\\",
    "a b\\",
    'x\\"y',
    "",
    "ñandú\n*",
    "; exit",
    "&|<>^",
]
MOST_OF_A_LINE = 8191
"""What ``cmd.exe`` takes."""


def decoded(spoken) -> tuple[str, dict, list[str]]:
    """Give the script, what it is given, and the words after that."""
    text, given, *words = (base64.b64decode(one, validate=True).decode() for one in spoken.first.splitlines())
    return text, json.loads(given), words


@pytest.fixture
def run():
    def run(*words, env=None, limits=Limits(), stdin=None):  # noqa: B008
        return Windows().run("C:/Windows/Temp/respaldo.x", "n", words, env or {}, limits, stdin)

    return run


def test_the_line_is_the_same_whatever_is_said_and_no_shell_can_misread_it(run):
    lines = {run("restic.exe", *ODD).line, Windows().keeper("C:/x'y", 90).line, Windows().look().line}
    [line] = lines
    words = line.split()
    assert words[:-1] == [
        "powershell", "-NoProfile", "-NonInteractive", "-InputFormat", "None", "-OutputFormat", "Text",
        "-EncodedCommand",
    ]  # fmt: skip
    assert base64.b64decode(words[-1], validate=True).decode("utf-16-le") == FIRST
    assert set(line) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=- ")
    assert len(line) < MOST_OF_A_LINE


def test_a_program_gets_its_arguments_as_they_are(run):
    text, given, _ = decoded(run("C:/a b/restic.exe", *ODD, env={"A": "b c"}))
    assert arguments_of(given["arguments"]) == ODD
    assert (given["program"], given["environment"]) == ("C:/a b/restic.exe", {"A": "b c"})
    # What is given is never a part of the script.
    assert not any(one in text for one in ("restic.exe", "a b", 'say "hi"'))


def test_secrets_are_in_no_argument_and_no_environment(run):
    spoken = run("r", "--repository-file", SecretStr("uno"), "--password-file", SecretStr("dos"), "backup")
    _, given, words = decoded(spoken)
    assert words == ["uno", "dos", ""]
    first, second = given["pipes"]
    assert arguments_of(given["arguments"]) == [
        "--repository-file", rf"\\.\pipe\{first}", "--password-file", rf"\\.\pipe\{second}", "backup",
    ]  # fmt: skip
    assert "uno" not in spoken.line + json.dumps(given)
    assert decoded(run("r", SecretStr("uno")))[1]["pipes"] != [first]
    assert decoded(run("r", stdin=SecretStr("tres")))[2] == ["tres\n"]


@pytest.mark.parametrize(("nice", "priority"), [(10, "BelowNormal"), (None, None)])
def test_what_is_polite_has_a_lower_priority(run, nice, priority):
    assert decoded(run("r", limits=Limits(nice=nice)))[1]["priority"] == priority


@pytest.mark.parametrize(
    ("as_restic_has_it", "as_windows_has_it"),
    [("/C/Datos/año 1/x.mdb", r"C:\Datos\año 1\x.mdb"), ("/D/", "D:\\"), ("/D", "D:\\")],
)
def test_a_path_is_written_as_restic_has_it_and_as_windows_has_it(as_restic_has_it, as_windows_has_it):
    assert native(as_restic_has_it) == as_windows_has_it
    assert ntpath.isabs(native(as_restic_has_it))
    assert named(as_windows_has_it).rstrip("/") == as_restic_has_it.rstrip("/")


def test_what_is_no_path_of_a_drive_stays():
    assert [native(one) for one in ("*.tmp", "/srv/x", "C:\\x", "")] == ["*.tmp", "/srv/x", "C:\\x", ""]


def test_files_are_saved_from_a_snapshot_of_their_volume():
    place = Place("rest:http://x/", SecretStr("clave"), None)
    words = argv.backup_paths(
        place, ["/C/Datos", "/D/a b"], host="h", tags=["t"], exclude=["/C/Datos/tmp", "*.tmp"]
    )
    told = [one for one in Windows().saving(words) if isinstance(one, str)]
    assert told[told.index("backup") + 1] == "--use-fs-snapshot"
    assert told[told.index("--") :] == ["--", r"C:\Datos", r"D:\a b"]
    assert [told[at + 1] for at, one in enumerate(told) if one == "--exclude"] == [r"C:\Datos\tmp", "*.tmp"]


def test_what_saves_no_files_is_told_nothing_more():
    place = Place("rest:http://x/", SecretStr("clave"), None)
    for words in (
        argv.backup_output(place, ["x"], "f", host="h", tags=[]),
        argv.snapshots(place, ["t"]),
    ):
        assert Windows().saving(words) == words


def test_only_a_file_that_is_as_it_was_has_a_hash():
    moment = 1_577_934_245_123_456_700
    ticks = moment // 100 + 621_355_968_000_000_000
    said = f"5|{ticks}|abc\n6|{ticks}|abc\n5|{ticks + 1}|abc\n\n".encode()
    asked = []

    def ask(spoken, seconds):
        asked.append((decoded(spoken)[1], seconds))
        return SimpleNamespace(exit_code=0, output=said, said="")

    ground = WindowsGround(SimpleNamespace(ask=ask))
    node = Node(path="/C/x", size_bytes=5, mtime_ns=moment)
    assert ground.hashes([node] * 4) == ["abc", None, None, None]
    assert asked[0][0] == {"paths": [r"C:\x"] * 4}


def test_a_windows_machine_has_what_is_usual_there_and_not_what_it_cannot():
    usual = HostSettings.model_validate({"platform": "windows"})
    assert isinstance(usual.dialect, Windows)
    assert (usual.folder, usual.forwarding, usual.idle_disk) == ("C:/Windows/Temp", "tcp", False)
    for impossible in ({"idle_disk": True}, {"keep_restic": True}, {"forwarding": "socket"}):
        with pytest.raises(ValidationError):
            HostSettings.model_validate({"platform": "windows"} | impossible)
