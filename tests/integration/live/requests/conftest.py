"""A help desk of the tests: requests sent over REST, answered by the people who may, and what came of them.

All of them are under way at the same time, once a session: the tests only look at what is left.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from damage_kit import biggest_pack, contents, flip_a_bit
from desk_kit import DAG, PATIENCE_SECONDS, RESTORE, SATISFIES, Answer, Desk, Plan, Told
from mail_kit import Mailbox
from respaldo.domain.values import Run
from respaldo.texts.requests import ACCEPTANCES, ANALYSES, AUTHORIZATIONS

ANSWER_SECONDS = 40
"""How long a decision may take where nobody answers."""

MEGABYTES = {"pide_grande": 160}
MAIL_CONNECTION = "smtp_default"


FOR_THE_SECOND = {"analyse": [RESTORE], "second_accept": [SATISFIES]}
"""The answers where only the second copy is any good."""


@pytest.fixture(scope="session")
def tree():
    return contents


# --- what is damaged before anybody asks


def damage(live) -> None:
    flip_a_bit(live.location("principal", "pide_volteado"))
    biggest_pack(live.location("principal", "pide_sin_paquete")).unlink()
    for file in (live.location("principal", "pide_sin_copia") / "snapshots").iterdir():
        file.unlink()
    both = live.location("principal", "pide_ambas")
    both.rename(both.with_name("pide_ambas.otro"))
    flip_a_bit(live.location("secundario", "pide_ambas"))


def ruin(source: Path) -> None:
    """Do to live data what people ask a restoration for."""
    (source / "carpeta" / "acta 3.txt").unlink()
    (source / "carpeta" / "datos.bin").write_bytes(b"cifrado por un virus")
    (source / "carpeta" / "despues.txt").write_text("lo que se hizo después\n")


def kill_when_it_writes(live, run: Run, killed: list[str]) -> None:
    """Kill the task that restores, once, when some of the data is at its destination."""
    folder = live.home / "restored" / run.key
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not killed and time.monotonic() < deadline:
        time.sleep(0.02)
        if not any(path.is_file() and path.name == "datos.bin" for path in folder.rglob("*")):
            continue
        restic = live.restic_process("--verify", "pide_grande")
        with contextlib.suppress(psutil.Error):
            if restic is not None:
                # Asked first: it dies with its task.
                command = " ".join(restic.cmdline())
                restic.parent().kill()
                killed.append(command)


@contextlib.contextmanager
def changed(file: Path, **keys: Any) -> Iterator[None]:
    """Change a configuration file for some time."""
    before = file.read_text()
    content = yaml.safe_load(before)
    for name, value in keys.items():
        content[name] = content.get(name, {}) | value
    file.write_text(yaml.safe_dump(content, allow_unicode=True))
    try:
        yield
    finally:
        file.write_text(before)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a disk of 4 MB, where this machine lets us."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False)
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)


# --- the requests


def _original(source: Path) -> dict[str, Any]:
    return {"destination": "original", "overwrite": "always", "paths": [str(source)]}


def _plans(live, now: datetime, disk: Path) -> dict[str, Plan]:
    """Give all requests that are under way at once."""
    good = live.source("pide_bueno")
    refuse = Answer(
        "director", AUTHORIZATIONS["refused"], "En horario no", not_by=("servidores", "colega", "profesional")
    )
    authorize = Answer(
        "director", AUTHORIZATIONS["authorized"], "Es urgente", not_by=("soporte", "profesional")
    )
    not_by_others = Answer("profesional", RESTORE.option, RESTORE.note, not_by=("soporte", "director"))
    reject = Answer("soporte", ACCEPTANCES["does_not"], "Falta lo del viernes", not_by=("profesional",))
    backup = Answer("profesional", ANALYSES["unscheduled_backup"], "Pide una copia")
    return {
        "bueno": Plan(
            "pide_bueno",
            {"as_of": now.isoformat()},
            answers={"analyse": [not_by_others], "accept": [SATISFIES]},
        ),
        "base": Plan(
            "pide_base", {"databases": ["ventas"]}, answers={"analyse": [RESTORE], "accept": [SATISFIES]}
        ),
        "segunda": Plan(
            "pide_bueno",
            {"paths": [str(good / "carpeta" / "datos.bin")]},
            answers={"analyse": [RESTORE], "accept": [reject], "second_accept": [SATISFIES]},
        ),
        "rechazado": Plan(
            "pide_bueno",
            {"paths": ["acta 1.txt"]},
            answers={"analyse": [RESTORE], "accept": [reject], "second_accept": [reject]},
        ),
        "volteado": Plan("pide_volteado", answers=FOR_THE_SECOND),
        "sin_paquete": Plan("pide_sin_paquete", answers=FOR_THE_SECOND),
        "sin_copia": Plan("pide_sin_copia", answers=FOR_THE_SECOND),
        "ambas": Plan("pide_ambas", answers={"analyse": [RESTORE]}),
        "no_contiene": Plan(
            "pide_bueno",
            {"paths": [str(good / "carpeta" / "acta 3.tx")], "email": None},
            answers={"analyse": [RESTORE]},
        ),
        "copia": Plan("pide_bueno", answers={"analyse": [backup]}),
        "copia_falla": Plan("pide_sin_fuente", answers={"analyse": [backup]}),
        "pausado": Plan("pide_pausado", answers={"analyse": [backup]}),
        "autorizado": Plan(
            "pide_original",
            _original(live.source("pide_original")),
            answers={"analyse": [RESTORE], "authorize": [authorize], "accept": [SATISFIES]},
        ),
        "negado": Plan(
            "pide_bueno",
            _original(good),
            by="servidores",
            answers={"analyse": [RESTORE], "authorize": [refuse]},
        ),
        "lleno": Plan(
            "pide_bueno",
            {"destination": "path", "target": str(disk / "entrega")},
            answers={"analyse": [RESTORE]},
        ),
        "muerto": Plan("pide_grande", answers={"analyse": [RESTORE], "accept": [SATISFIES]}),
        "contradictorio": Plan("pide_bueno", {"as_of": now.isoformat(), "snapshot": "deadbeef"}),
        "no_corresponde": _not_applicable("", "Lo pedido es de otra entidad"),
    }


def _not_applicable(*notes: str) -> Plan:
    option = ANALYSES["not_applicable"]
    return Plan("pide_bueno", answers={"analyse": [Answer("profesional", option, note) for note in notes]})


@dataclass
class Requests:
    """All requests when they are over, and what they were to find and to leave."""

    told: dict[str, Told]
    unplanned: dict[str, str]
    mailbox: Mailbox
    saved: dict[str, dict[str, Any]]
    """Scope to its source as it was at backup time."""
    before: dict[str, dict[str, Any]]
    """Scope to its source as it was when the requests began."""
    first_runs: dict[str, Any]
    refusals: dict[str, str]
    kills: list[str]
    has_small_disk: bool

    def __getitem__(self, name: str) -> Told:
        assert name not in self.unplanned, f"{name} asked {self.unplanned[name]}"
        return self.told[name]


def _forms_to_refuse() -> dict[str, dict[str, Any]]:
    good = {
        "requester": "Ana Ruiz",
        "what_happened": "Se borró",
        "scope": "pide_bueno",
    }
    return {
        "scope": good | {"scope": "no_hay"},
        "email": good | {"email": "ana en example.org"},
        "what_happened": {name: value for name, value in good.items() if name != "what_happened"},
        "as_of": good | {"as_of": "ayer"},
        "paths": good | {"paths": "/a"},
        "overwrite": good | {"overwrite": "si"},
    }


def _put_mail_connection(live, port: int) -> None:
    connection = {
        "connection_id": MAIL_CONNECTION,
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "extra": json.dumps({"disable_tls": True, "disable_ssl": True, "from_email": "copias@example.org"}),
    }
    live.installation.api.post("connections", connection)


def _reparse(live) -> None:
    path = f"dags/{DAG}"
    before = live.installation.api.get(path)
    live.installation.api._call("PUT", f"parseDagFile/{before['file_token']}")
    _wait(lambda: live.installation.api.get(path)["last_parsed_time"] > before["last_parsed_time"])


def _wait(is_so) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.3)


EARLY = ("pide_bueno", "pide_lejano")
LATER = (
    "pide_base",
    "pide_volteado",
    "pide_sin_paquete",
    "pide_sin_copia",
    "pide_ambas",
    "pide_original",
    "pide_grande",
)


def _save(live, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Make copies of what requests will ask for."""
    outcomes = live.finish_all(scopes)
    assert {outcome.state for outcome in outcomes.values()} == {"success"}, outcomes
    return outcomes


@pytest.fixture(scope="package")
def requests(live) -> Iterator[Requests]:
    desk, mailbox = Desk(live), Mailbox()
    for dag in (DAG, "backup__pide_sin_fuente"):
        live.installation.api.patch(f"dags/{dag}", {"is_paused": False})
    of_files = [scope for scope in (*EARLY, *LATER) if scope != "pide_base"]
    for scope in of_files:
        live.fill(scope, MEGABYTES.get(scope, 8))
    saved = {scope: contents(live.source(scope)) for scope in of_files}
    first_runs = _save(live, EARLY)
    now, disk, killed = datetime.now(UTC), live.home / "disco", []
    unreachable = {"lejano": _lejano(live) | {"location": "sftp://nadie@127.0.0.1:1//copias"}}
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, disk, ignore_errors=True)
        has_small_disk = stack.enter_context(small_disk(disk))
        stack.enter_context(changed(live.config / "repositories.yaml", **unreachable))
        mailbox.start()
        _put_mail_connection(live, mailbox.port)
        # What waits longest is asked first.
        hurried = _ask_while_others_rules_hold(desk, now)
        first_runs |= _save(live, LATER)
        damage(live)
        ruin(live.source("pide_original"))
        before = {scope: contents(live.source(scope)) for scope in saved}

        refusals = {name: desk.refusal(**form) for name, form in _forms_to_refuse().items()}
        held = {name: _not_applicable("Es de otra entidad") for name in ("sin_servidor", "sin_correo")}
        plans = _plans(live, now, disk)
        if not has_small_disk:
            del plans["lleno"]
        for name, plan in (plans | held).items():
            desk.ask(name, plan)
        killer = threading.Thread(
            target=kill_when_it_writes, args=(live, desk.runs["muerto"], killed), daemon=True
        )
        killer.start()
        plans |= hurried
        desk.serve(plans, until=plans.keys() - {"lejano"})
        mailbox.stop()
        desk.serve(plans | {"sin_servidor": held["sin_servidor"]}, until={"sin_servidor"})
        live.installation.api.delete(f"connections/{MAIL_CONNECTION}")
        desk.serve(plans | held, until={"sin_correo", "lejano"})
        yield Requests(
            told={name: desk.told(name) for name in desk.runs},
            unplanned=desk.unplanned,
            mailbox=mailbox,
            saved=saved,
            before=before,
            first_runs=first_runs,
            refusals=refusals,
            kills=killed,
            has_small_disk=has_small_disk,
        )


def _lejano(live) -> dict[str, Any]:
    return dict(yaml.safe_load((live.config / "repositories.yaml").read_text())["lejano"])


def _ask_while_others_rules_hold(desk: Desk, now: datetime) -> dict[str, Plan]:
    """Ask requests of an organization in a hurry: little time to answer, and nobody to analyse."""
    live = desk.live
    plans = {
        "sin_respuesta": Plan("pide_bueno", answers={"analyse": []}),
        "automatico": Plan("pide_bueno", {"as_of": now.isoformat()}, answers={"accept": [SATISFIES]}),
        "lejano": Plan("pide_lejano", {"as_of": now.isoformat()}, answers=FOR_THE_SECOND),
    }
    rules = {"analysis": "automatic", "answer_within": f"{ANSWER_SECONDS}s"}
    with changed(live.config / "organization.yaml", requests=rules):
        _reparse(live)
        for name, plan in plans.items():
            desk.ask(name, plan)
        _wait(lambda: (desk.runs["sin_respuesta"].run_id, "analyse") in desk.waiting())
        for name in ("automatico", "lejano"):
            _wait(lambda name=name: desk.told(name).tasks.get("analyse") == "success")
    _reparse(live)
    return plans
