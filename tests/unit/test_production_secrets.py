"""An installation's secrets: made once, all or none, and taken back from the envelope letter by letter."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import string
import subprocess
import sys
import threading
from pathlib import Path

import bcrypt
import pytest
import yaml
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from respaldo.production import envelope
from respaldo.production.__main__ import app
from respaldo.production.errors import (
    EnvelopeError,
    FolderUsedError,
    LineProblem,
    SecretsThereError,
    SecretsUnwrittenError,
)
from respaldo.production.secrets import IN_ENVELOPE, SECRETS, make
from respaldo.texts import production as texts

PROJECT = Path(__file__).parents[2]
COMPOSE = PROJECT / "docker-compose.yaml"
BROUGHT = {"tls_certificate", "tls_key"}
"""Which nobody makes: the entity brings them."""

AUDITED = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork", "os.putenv"}

# Three of ours, and two as another installation of before had made them.
KEPT = {
    "master_principal": "wh3g5js6zm4yazjmr9ejmfdps7772xa8k68vas56",
    "master_secundario": "Zb0-lO1_" * 8,
    "fernet_key": Fernet.generate_key().decode(),
    "principal_password": "m87337xszpqwdq2wpak6q55mqdcdathm2kmnns76",
    "secundario_password": "s",
}
LINES = [envelope.on_paper(name, secret) for name, secret in KEPT.items()]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project as it is cloned: with the template of its configuration."""
    folder = tmp_path / "project"
    shutil.copytree(
        PROJECT / "include" / "production" / "config", folder / "include" / "production" / "config"
    )
    # The command goes into the project's folder.
    monkeypatch.chdir(tmp_path)
    return folder


def secrets(project, *words, typed=None):
    return CliRunner().invoke(app, ["secrets", str(project), *words], input=typed)


def words_of(project, *words):
    return [sys.executable, "-m", "respaldo.production", "secrets", str(project), *words]


def files_in(folder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def mode(path) -> int:
    return path.stat().st_mode & 0o7777


def in_envelope(made) -> dict[str, str]:
    return {name: made[name] for name in IN_ENVELOPE}


# --- what is made


def test_every_secret_that_the_stack_mounts_is_made_and_no_other():
    mounted = yaml.safe_load(COMPOSE.read_text())["secrets"]
    assert {secret.name for secret in SECRETS} == mounted.keys() - BROUGHT
    assert {name: said["file"] for name, said in mounted.items()} == {
        name: f"./secrets/{name}" for name in mounted
    }


def test_the_folder_keeps_others_out_and_containers_read_the_files(tmp_path):
    folder = tmp_path / "secrets"
    before = os.umask(0o077)
    try:
        made = make(folder)
    finally:
        os.umask(before)
    assert files_in(folder) == made
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o644}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secrets"]


def test_no_two_secrets_are_the_same_and_no_two_installations_share_one(tmp_path):
    one, other = make(tmp_path / "one"), make(tmp_path / "other")
    assert len({*one.values(), *other.values()}) == 2 * len(SECRETS)


def test_what_goes_into_an_address_a_shell_or_a_line_of_sql_needs_no_quoting(tmp_path):
    made = make(tmp_path / "secrets")
    composed = {"redis_conf", "principal_htpasswd", "secundario_htpasswd"}
    for name in made.keys() - composed:
        allowed = string.ascii_letters + string.digits + ("=" if name == "fernet_key" else "")
        assert set(made[name]) <= set(allowed), name


def test_what_goes_on_paper_has_no_letters_that_look_alike(tmp_path):
    for secret in in_envelope(make(tmp_path / "secrets")).values():
        assert set(secret) & set("0Oo1lIi-_") == set()


def test_machines_get_at_least_192_bits_and_the_key_for_sha_512_as_many_bytes_as_it_has(tmp_path):
    made = make(tmp_path / "secrets")
    # 4.95 bits a letter.
    assert all(len(secret) >= 39 for name, secret in made.items() if name != "admin_password")
    assert len(made["jwt_secret"]) == 64
    assert len(made["admin_password"]) == 20


def test_the_key_of_airflows_connections_is_one(tmp_path):
    key = Fernet(make(tmp_path / "secrets")["fernet_key"])
    assert key.decrypt(key.encrypt(b"x")) == b"x"


@pytest.mark.parametrize("repository", ["principal", "secundario"])
def test_a_repositorys_server_lets_in_who_has_its_password(tmp_path, repository):
    made = make(tmp_path / "secrets")
    user, hashed = made[f"{repository}_htpasswd"].strip().split(":")
    assert user == "respaldo"
    assert bcrypt.checkpw(made[f"{repository}_password"].encode(), hashed.encode())


def test_the_broker_asks_for_its_password_and_drops_no_task(tmp_path):
    made = make(tmp_path / "secrets")
    assert made["redis_conf"].splitlines() == [
        f"requirepass {made['redis_password']}",
        "appendonly yes",
        "maxmemory 384mb",
        "maxmemory-policy noeviction",
    ]


# --- once


@pytest.mark.parametrize("name", [secret.name for secret in SECRETS])
def test_where_one_secret_is_nothing_is_written(project, name):
    (project / "secrets").mkdir()
    (project / "secrets" / name).write_text("x")
    done = secrets(project)
    assert done.exit_code == 1
    assert f"Ya hay secretos en secrets ({name})" in done.stderr
    assert "mueva esa carpeta" in done.stderr
    assert files_in(project / "secrets") == {name: "x"}
    assert sorted(path.name for path in project.iterdir()) == ["include", "secrets"]
    assert done.stdout == ""


def test_a_folder_that_holds_something_else_is_not_touched(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "tls_key").write_text("x")
    with pytest.raises(FolderUsedError) as refused:
        make(folder)
    assert refused.value.facts["name"] == "tls_key"
    assert files_in(folder) == {"tls_key": "x"}


def test_an_empty_folder_is_as_good_as_none(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    make(folder)
    assert mode(folder) == 0o700
    assert len(files_in(folder)) == len(SECRETS)


def test_a_file_in_the_folders_place_is_told(tmp_path):
    (tmp_path / "secrets").write_text("x")
    with pytest.raises(SecretsUnwrittenError):
        make(tmp_path / "secrets")


def test_of_several_at_once_one_makes_them_and_the_others_are_refused(project):
    several = [
        subprocess.Popen(words_of(project), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [one.communicate(timeout=60) for one in several]
    made = [sheet for one, (sheet, _) in zip(several, told, strict=True) if one.returncode == 0]
    assert len(made) == 1
    assert sum("Ya hay secretos" in beside for _, beside in told) == 2
    assert len(list((project / "config" / "scopes").iterdir())) == 3
    assert envelope.read(made[0], IN_ENVELOPE) == in_envelope(files_in(project / "secrets"))


# --- all or none


def test_on_a_full_disk_nothing_is_left(project):
    shutil.copytree(project / "include" / "production" / "config", project / "config")
    # No file may become larger than this: the first ones fit.
    done = subprocess.run(
        ["prlimit", "--fsize=60", *words_of(project)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "No quedó ninguno." in done.stderr
    assert done.stdout == ""
    assert sorted(path.name for path in project.iterdir()) == ["config", "include"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(SecretsUnwrittenError):
        make(tmp_path / "nowhere" / "secrets")


@pytest.mark.parametrize("place", [1, 9, len(SECRETS)])
def test_killed_midway_it_leaves_no_secrets_and_the_next_one_makes_them(project, place):
    killed = f"""
import os, signal
from respaldo.hosts import durable
write, written = durable.write, []

def dying(*given):
    written.append(write(*given))
    if len(written) == {place}:
        os.kill(os.getpid(), signal.SIGKILL)

durable.write = dying
from respaldo.production.__main__ import app
app(["secrets", {str(project)!r}])
"""
    done = subprocess.run([sys.executable, "-c", killed], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (project / "secrets").exists()
    assert len(files_in(project / ".secrets.partial")) == place
    assert secrets(project).exit_code == 0
    assert len(files_in(project / "secrets")) == len(SECRETS)
    assert not (project / ".secrets.partial").exists()


def test_no_secret_is_ever_in_arguments_or_in_the_environment(project):
    watched = f"""
import sys
seen = []
sys.addaudithook(lambda event, given: seen.append((event, given)) if event in {AUDITED} else None)
from respaldo.production.__main__ import app
app(["secrets", {str(project)!r}], standalone_mode=False)
print(seen)
"""
    done = subprocess.run([sys.executable, "-c", watched], capture_output=True, text=True, check=True)
    seen = done.stdout.splitlines()[-1]
    # No program is started at all.
    assert "subprocess" not in seen
    assert "os.exec" not in seen
    assert [name for name, secret in files_in(project / "secrets").items() if secret.strip() in seen] == []


# --- the configuration to begin with


def test_the_first_configuration_is_the_template_and_containers_read_it(project):
    template = project / "include" / "production" / "config"
    (template / "organization.yaml").chmod(0o600)
    done = secrets(project)
    assert "Configuración de partida en config" in done.stderr
    copied = sorted(path.relative_to(template) for path in template.rglob("*"))
    assert sorted(path.relative_to(project / "config") for path in (project / "config").rglob("*")) == copied
    for path in (project / "config", *(project / "config").rglob("*")):
        assert mode(path) == (0o755 if path.is_dir() else 0o644)


def test_a_configuration_that_is_there_stays_as_it_is(project):
    (project / "config").mkdir()
    (project / "config" / "organization.yaml").write_text("name: Alcaldía de Sabanagrande\n")
    done = secrets(project)
    assert files_in(project / "config") == {"organization.yaml": "name: Alcaldía de Sabanagrande\n"}
    assert "Configuración de partida" not in done.stderr


def test_without_a_configuration_and_its_template_no_secret_is_made(project):
    shutil.rmtree(project / "include")
    done = secrets(project)
    assert done.exit_code == 1
    assert "No hay configuración en config" in done.stderr
    assert list(project.iterdir()) == []


def test_a_folder_that_is_no_project_is_told(project):
    done = secrets(project / "nowhere")
    assert done.exit_code == 1
    assert "No se puede usar la carpeta" in done.stderr


# --- from the envelope


@pytest.fixture
def sheet(project) -> str:
    """The sheet of an installation that is gone."""
    done = secrets(project)
    assert done.exit_code == 0
    (project / "secrets").rename(project / "gone")
    return done.stdout


def test_the_envelopes_secrets_come_back_and_all_others_are_new(project, sheet):
    (project / "sheet.txt").write_text(sheet)
    done = secrets(project, "--from-envelope", "sheet.txt")
    assert done.exit_code == 0
    before, now = files_in(project / "gone"), files_in(project / "secrets")
    assert now.keys() == before.keys()
    assert {name for name in now if now[name] == before[name]} == set(IN_ENVELOPE)
    assert bcrypt.checkpw(
        before["principal_password"].encode(), now["principal_htpasswd"].split(":")[1][:-1].encode()
    )
    # The envelope's own sheet is still good: there is no second one.
    assert done.stdout == ""
    assert "La hoja del sobre sigue sirviendo" in done.stderr


def test_the_envelope_is_read_from_standard_input_too(project, sheet):
    assert secrets(project, "--from-envelope", "-", typed=sheet).exit_code == 0
    assert in_envelope(files_in(project / "secrets")) == in_envelope(files_in(project / "gone"))


@pytest.mark.parametrize(
    "written",
    [
        "\n".join(LINES),
        "\n".join(reversed(LINES)),
        "\r\n".join(LINES),
        "\ufeff" + "\n".join(LINES),
        "\n\n".join(f"   {line}  " for line in LINES),
        "\n".join(line.replace(" ", "\u00a0 ") for line in LINES),
        "\n".join(" ".join([line.split()[0], "".join(line.split()[1:])]) for line in LINES),
        envelope.in_short(KEPT),
    ],
    ids=["as printed", "another order", "Windows", "its mark", "spaces", "hard spaces", "not grouped", "QR"],
)
def test_a_line_is_read_however_it_is_spaced(project, written):
    (project / "typed").write_bytes(written.encode())
    done = secrets(project, "--from-envelope", "typed")
    assert done.exit_code == 0, done.stderr
    assert in_envelope(files_in(project / "secrets")) == KEPT


def test_every_wrong_letter_of_a_line_is_told():
    """Not of this line alone: one in a million of all mistyped lines is taken for good."""
    secret = KEPT["master_principal"]
    for place in range(len(secret)):
        for letter in set(envelope.LETTERS) - {secret[place]}:
            wrong = secret[:place] + letter + secret[place + 1 :]
            assert problems_of("master_principal", wrong) == ["mistyped"], wrong


def test_letters_that_are_missing_doubled_or_swapped_are_told():
    secret = KEPT["master_principal"]
    for place in range(len(secret)):
        missing = secret[:place] + secret[place + 1 :]
        doubled = secret[:place] + secret[place] + secret[place:]
        assert problems_of("master_principal", missing) == ["mistyped"]
        assert problems_of("master_principal", doubled) == ["mistyped"]
        first, second = secret[place : place + 2].ljust(2, "a")
        if first != second:
            swapped = secret[:place] + second + first + secret[place + 2 :]
            assert problems_of("master_principal", swapped) == ["mistyped"]


def problems_of(name, typed) -> list[str]:
    """Give what is told of a line that was typed like this, with the check of the right one."""
    check = envelope.check_of(name, KEPT[name])
    problem = envelope.Envelope(KEPT).take(f"{name} {typed} = {check}")
    return [problem.code] if problem else []


def test_another_letter_of_the_same_look_is_told():
    secret = KEPT["fernet_key"]
    assert problems_of("fernet_key", secret.swapcase()) == ["mistyped"]


def with_line(place: int, before: str, after: str) -> list[str]:
    """Give the lines, one of them changed."""
    changed = LINES.copy()
    changed[place] = LINES[place].replace(before, after)
    assert changed != LINES
    return changed


CHECK = LINES[4][-4:]
CORRUPTED = {
    "a letter": (with_line(0, "wh3g5", "wh3g6"), [("mistyped", "master_principal")]),
    "its check": (with_line(4, CHECK, CHECK[::-1]), [("mistyped", "secundario_password")]),
    "no check": (with_line(0, " = ", " "), [("unchecked", "master_principal")]),
    "half a check": (with_line(4, CHECK, CHECK[:2]), [("mistyped", "secundario_password")]),
    "another name": (
        with_line(0, "master_principal", "master_secundario"),
        [("mistyped", "master_secundario"), ("missing", "master_principal")],
    ),
    "no name": (
        with_line(3, "principal_p", "pricipal_p"),
        [("unnamed", ""), ("missing", "principal_password")],
    ),
    "missing": (LINES[:2] + LINES[3:], [("missing", "fernet_key")]),
    "two missing": (LINES[2:], [("missing", "master_principal"), ("missing", "master_secundario")]),
    "twice": ([*LINES, LINES[1]], [("twice", "master_secundario")]),
    "nothing": (["Hola"], [("missing", name) for name in KEPT]),
}


@pytest.mark.parametrize("how", CORRUPTED)
def test_each_line_that_is_wrong_is_named_and_nothing_is_written(project, how):
    lines, told = CORRUPTED[how]
    typed = "\n".join(lines)
    with pytest.raises(EnvelopeError) as refused:
        envelope.read(typed, IN_ENVELOPE)
    assert [(problem.code, problem.name) for problem in refused.value.problems] == told
    done = secrets(project, "--from-envelope", "-", typed=typed)
    assert done.exit_code == 1
    said = [
        texts.LINE_PROBLEMS[problem.code].format(**problem._asdict()) for problem in refused.value.problems
    ]
    assert done.stderr.splitlines() == [*said, texts.NOTHING_WRITTEN]
    assert [path.name for path in project.iterdir()] == ["include"]


def test_a_line_without_a_name_is_told_by_its_place_and_nothing_of_it():
    secret = LINES[0].split(maxsplit=1)[1]
    assert envelope.Envelope(KEPT).take(secret, 7) == LineProblem("unnamed", number=7)


def test_what_is_told_of_a_line_never_repeats_its_secret(project):
    typed = "\n".join(line.replace("=", "= x") for line in LINES)
    told = secrets(project, "--from-envelope", "-", typed=typed).stderr
    for line in LINES:
        assert not any(group in told for group in line.split()[1:-2] if len(group) == envelope.GROUP)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\xff\xfe\x00", texts.NO_TEXT), (None, "No such file or directory")]
)
def test_an_envelope_that_cannot_be_read_is_told(project, content, reason):
    if content is not None:
        (project / "typed").write_bytes(content)
    done = secrets(project, "--from-envelope", "typed")
    assert done.exit_code == 1
    assert f"No se pudo leer el sobre de typed: {reason}" in done.stderr
    assert not (project / "secrets").exists()


def test_an_envelope_is_no_reason_to_write_over_secrets(project, sheet):
    make(project / "secrets")
    before = files_in(project / "secrets")
    assert secrets(project, "--from-envelope", "-", typed=sheet).exit_code == 1
    assert files_in(project / "secrets") == before
    with pytest.raises(SecretsThereError):
        make(project / "secrets", KEPT)


def at_a_terminal(project, typed: list[str]) -> tuple[int, str]:
    """Type lines at a terminal, and give how it ended and what was told."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        words_of(project, "--from-envelope", "-"),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    # What a terminal echoes has to be read by somebody.
    reading = threading.Thread(target=drain, args=(ours,), daemon=True)
    reading.start()
    os.write(ours, "".join(f"{line}\n" for line in typed).encode() + b"\x04")
    _, told = process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, told


def drain(terminal: int) -> None:
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        return


def test_who_types_at_a_terminal_hears_of_a_wrong_line_at_once_and_types_only_that_again(project):
    code, told = at_a_terminal(project, [LINES[0].replace("wh3g5", "wh3g6"), *LINES[1:], LINES[0]])
    assert code == 0, told
    assert told.count(texts.LINE_PROBLEMS["mistyped"].format(name="master_principal")) == 1
    assert in_envelope(files_in(project / "secrets")) == KEPT


def test_who_ends_before_all_lines_are_typed_hears_which_are_missing(project):
    code, told = at_a_terminal(project, LINES[:3])
    assert code == 1
    assert texts.LINE_PROBLEMS["missing"].format(name="principal_password") in told
    assert not (project / "secrets").exists()
