"""The sheet for the envelope: one page, read by people and by scanners, kept nowhere by itself."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

from respaldo.production import envelope
from respaldo.production.__main__ import app
from respaldo.production.secrets import IN_ENVELOPE, SECRETS, make
from respaldo.production.sheet import qr_rows, sheet
from respaldo.texts import production as texts

PROJECT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 20, 5, tzinfo=UTC)
HALVES = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}
"""How dark the upper and the lower half of a letter is."""

PAGE = (80, 64)
"""Letters and lines of an A4 page in the usual size."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> dict[str, str]:
    made = make(tmp_path_factory.mktemp("made") / "secrets")
    return {name: made[name] for name in IN_ENVELOPE}


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    shutil.copytree(
        PROJECT / "include" / "production" / "config", folder / "include" / "production" / "config"
    )
    monkeypatch.chdir(tmp_path)
    return folder


def secrets(project, *words):
    return CliRunner().invoke(app, ["secrets", str(project), *words])


def words_of(project, *words):
    return [sys.executable, "-m", "respaldo.production", "secrets", str(project), *words]


def printed(kept, entity="Alcaldía de Sabanagrande", **how) -> str:
    return sheet(kept, NOW, entity, **{"in_colors": False, **how})


def scanned(text: str, *, stained: int = 0) -> str:
    """Read a sheet's QR code as a scanner reads paper.

    :param stained: how many letters wide and high a stain on it is.
    """
    rows = [line for line in text.splitlines() if line and set(line) <= HALVES.keys()]
    for at in range(12, 12 + stained // 2):
        rows[at] = rows[at][:30] + "█" * stained + rows[at][30 + stained :]
    dots = [bytes(HALVES[letter][half] for letter in row) for row in rows for half in (0, 1)]
    image = Image.frombytes("L", (len(dots[0]), len(dots)), b"".join(dots))
    found = zxingcpp.read_barcodes(
        image.resize((image.width * 4, image.height * 4), Image.Resampling.NEAREST)
    )
    [code] = found
    return code.text


def test_a_scanner_reads_from_the_sheet_what_brings_everything_back(kept):
    content = scanned(printed(kept))
    assert content == envelope.in_short(kept)
    assert envelope.read(content, IN_ENVELOPE) == kept


def test_a_stained_sheet_is_still_read(kept):
    assert envelope.read(scanned(printed(kept), stained=12), IN_ENVELOPE) == kept


def test_what_is_printed_is_read_as_it_is(kept):
    assert envelope.read(printed(kept), IN_ENVELOPE) == kept


def test_the_sheet_is_one_page(kept):
    columns, lines = PAGE
    text = printed(kept).splitlines()
    assert max(map(len, text)) <= columns
    assert len(text) <= lines


def test_each_line_is_grouped_for_typing_and_ends_with_its_check(kept):
    for name, secret in kept.items():
        [line] = [line for line in printed(kept).splitlines() if line.startswith(name)]
        groups, _, check = line.removeprefix(name).strip().rpartition(" = ")
        assert groups.replace(" ", "") == secret
        assert {len(group) for group in groups.split()[:-1]} == {envelope.GROUP}
        assert check == envelope.check_of(name, secret)


def test_it_says_whose_it_is_when_it_was_made_what_it_opens_and_what_to_do(kept):
    text = printed(kept)
    assert "2026-11-23 20:05 UTC" in text
    assert "Alcaldía de Sabanagrande" in text
    for said in ("sobre cerrado fuera del centro de datos", "Imprima", "borre", "abren las copias"):
        assert said in " ".join(text.split())
    assert "scripts/recover -" in text
    assert texts.NO_ENTITY in printed(kept, None)


def test_no_word_of_the_sheet_is_taken_for_a_line(kept):
    words = [line for line in printed(kept).splitlines() if not line.startswith(IN_ENVELOPE)]
    taken = envelope.Envelope(IN_ENVELOPE)
    assert [taken.take(line) for line in words] == [None] * len(words)
    assert taken.secrets == {}


def test_secrets_of_before_that_are_longer_are_printed_and_scanned_too(kept):
    longer = {name: secret * 3 for name, secret in kept.items()}
    assert scanned(printed(longer)) == envelope.in_short(longer)


def test_on_a_terminal_of_any_colours_the_code_is_black_on_white(kept):
    text = printed(kept, in_colors=True)
    rows = re.findall("\x1b\\[30;107m(.*)\x1b\\[0m", text)
    assert rows == qr_rows(envelope.in_short(kept))


# --- where it is


def test_it_is_printed_and_is_in_no_file(project):
    done = secrets(project)
    kept = envelope.read(done.stdout, IN_ENVELOPE)
    assert scanned(done.stdout) == envelope.in_short(kept)
    assert "RESPALDO - HOJA" not in done.stderr
    written = [path for path in project.rglob("*") if path.is_file()]
    assert len(written) > len(SECRETS)
    for path in written:
        assert "HOJA" not in path.read_text()
        holds = {name for name, secret in kept.items() if secret in path.read_text()}
        assert holds <= {path.name}, path


def test_a_terminal_gets_the_code_in_colours_and_a_pipe_does_not(project):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(words_of(project), stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    # Linux tells the end of a terminal as an error.
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass
    os.close(ours)
    assert process.wait(60) == 0
    assert b"\x1b[30;107m" in shown
    assert "\x1b" not in secrets(project, "--again").stdout


def test_it_is_saved_where_somebody_asks_for_it_for_his_eyes_alone(project):
    done = secrets(project, "--sheet", "sheet.txt")
    assert (project / "sheet.txt").read_text() == done.stdout
    assert (project / "sheet.txt").stat().st_mode & 0o7777 == 0o600
    assert "La hoja quedó también en sheet.txt" in done.stderr


@pytest.mark.parametrize("again", [[], ["--again"]])
def test_a_sheet_is_never_written_over_anything(project, again):
    if again:
        make(project / "secrets")
    (project / "sheet.txt").write_text("x")
    done = secrets(project, "--sheet", "sheet.txt", *again)
    assert done.exit_code == 1
    assert "sheet.txt ya existe" in done.stderr
    assert (project / "sheet.txt").read_text() == "x"
    assert (project / "secrets").exists() == bool(again)
    assert done.stdout == ""


def test_a_sheet_that_cannot_be_saved_was_printed_and_can_be_had_again(project):
    done = secrets(project, "--sheet", "nowhere/sheet.txt")
    assert done.exit_code == 1
    assert "Los secretos están, pero la hoja no se pudo guardar" in done.stderr
    again = secrets(project, "--again")
    assert envelope.read(again.stdout, IN_ENVELOPE) == envelope.read(done.stdout, IN_ENVELOPE)


def test_a_sheet_for_which_the_disk_has_no_room_leaves_no_piece(project):
    make(project / "secrets")
    done = subprocess.run(
        ["prlimit", "--fsize=1000", *words_of(project, "--again", "--sheet", "sheet.txt")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "la hoja no se pudo guardar en sheet.txt" in done.stderr
    assert not (project / "sheet.txt").exists()


def test_a_sheet_that_nobody_could_see_is_told(project):
    with open("/dev/full", "w") as full:  # noqa: PTH123  (a device)
        done = subprocess.run(words_of(project), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert texts.SHEET_UNPRINTED in done.stderr
    assert (project / "secrets" / "fernet_key").exists()


# --- again


def test_again_is_the_same_sheet_with_the_entitys_name_and_makes_nothing(project):
    first = secrets(project).stdout
    assert texts.NO_ENTITY in first
    (project / "config" / "organization.yaml").write_text("name: Alcaldía de Sabanagrande\n")
    before = {path.name: path.read_text() for path in (project / "secrets").iterdir()}
    again = secrets(project, "--again")
    assert again.exit_code == 0
    assert "Alcaldía de Sabanagrande" in again.stdout
    assert scanned(again.stdout) == scanned(first)
    assert {path.name: path.read_text() for path in (project / "secrets").iterdir()} == before


@pytest.mark.parametrize("content", ["name: [", "- x", "name: 3", ""])
def test_a_broken_configuration_keeps_nobody_from_the_sheet(project, content):
    make(project / "secrets")
    (project / "config").mkdir()
    (project / "config" / "organization.yaml").write_text(content)
    assert texts.NO_ENTITY in secrets(project, "--again").stdout


def test_a_secret_that_is_not_there_has_no_sheet(project):
    make(project / "secrets")
    (project / "secrets" / "fernet_key").unlink()
    done = secrets(project, "--again")
    assert done.exit_code == 1
    assert "Falta fernet_key en secrets" in done.stderr
    assert done.stdout == ""


def test_again_and_from_the_envelope_exclude_each_other(project):
    done = secrets(project, "--again", "--from-envelope", "-")
    assert (done.exit_code, done.stderr) == (1, f"{texts.ONE_ALONE}\n")
    assert not (project / "secrets").exists()
