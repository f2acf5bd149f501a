"""A copy by hand (activities 9 to 12, 16): a labelled disk, who copies, who verifies."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import Any, NamedTuple

from respaldo.demo.answering import Answer
from respaldo.demo.stage import Stage, Story
from respaldo.embedded.installation import Installation
from respaldo.flows.media.names import MEDIA
from respaldo.flows.names import dag_id_of
from respaldo.texts import demo as texts
from respaldo.texts.manual import FIELDS, RESULTS, VERDICT_FIELDS, VERDICTS

SCOPE = "demo_manual"
_COPIES = "soporte"
_VERIFIES = "infraestructura"
_FILES = 12


def story(stage: Stage) -> Story:
    """Register a disk, copy a folder to it, say so, and have another person verify it."""
    yield from stage.known(MEDIA)
    yield from stage.known(dag_id_of(SCOPE))
    media = stage.begin(_COPIES, MEDIA, {"move": "registered"} | texts.DISK)
    yield from stage.over(media)
    if problems := stage.wrong(media):
        return problems
    label = _label(stage, media.run.run_id)
    stage.say(texts.LABELLED.format(label=label))

    copied = _copy(stage.installation)
    run = stage.begin_scope(_COPIES, SCOPE)
    performed = dict.fromkeys(FIELDS) | copied.fields | {"label": label, "place": texts.DISK["site"]}
    inspected = dict.fromkeys(VERDICT_FIELDS) | {"observations": texts.INSPECTED}
    answers = {
        "perform": (_COPIES, Answer(RESULTS["made"], performed)),
        "verify": (_VERIFIES, Answer(VERDICTS["good"], inspected)),
    }
    yield from stage.over(run, answers)
    problems = stage.wrong(
        run,
        state="succeeded",
        mode="manual",
        verification_result="good",
        performed_by=_COPIES,
        verified_by=_VERIFIES,
        size_bytes=copied.size_bytes,
        files=_FILES,
        checksum=copied.checksum,
    )
    row = stage.report.row(run.run.key) or {}
    if label not in (row.get("labels") or ()):
        problems.append(texts.NOT_LABELLED.format(run=run.run.run_id, label=label))
    stage.say(texts.COPIED_BY_HAND.format(label=label, maker=_COPIES, verifier=_VERIFIES))
    return problems


class _Copied(NamedTuple):
    """What whoever made the copy can say of it, and what Respaldo must find."""

    fields: dict[str, Any]
    size_bytes: int
    checksum: str


def _copy(installation: Installation) -> _Copied:
    """Copy a folder to the disk as its person does, with the list of sums that sha256sum prints."""
    home = installation.layout.home / "demo"
    original, disk = home / "equipo" / texts.FOLDER, home / "disco_externo"
    for made in (original.parent, disk):
        shutil.rmtree(made, ignore_errors=True)
    original.mkdir(parents=True)
    for number in range(_FILES):
        (original / texts.FILE.format(number=number)).write_bytes(os.urandom(20_000 + number))
    began = datetime.now(UTC)
    copy = disk / texts.FOLDER
    shutil.copytree(original, copy)
    names = sorted(path.name for path in copy.iterdir())
    argv = ["sha256sum", "--", *names]
    listed = subprocess.run(argv, cwd=copy, check=True, capture_output=True).stdout
    manifest = disk / f"{texts.FOLDER}.sha256"
    manifest.write_bytes(listed)
    fields = {
        "started_at": began.isoformat(),
        "ended_at": datetime.now(UTC).isoformat(),
        "path": str(copy),
        "manifest": str(manifest),
        "observations": texts.PERFORMED,
    }
    size_bytes = sum(path.stat().st_size for path in copy.iterdir())
    return _Copied(fields, size_bytes, hashlib.sha256(listed).hexdigest())


def _label(stage: Stage, run_id: str) -> str:
    """Read the label that the disk was given."""
    path = f"dags/{MEDIA}/dagRuns/{run_id}/taskInstances/record/xcomEntries/return_value"
    value = str(stage.installation.api.get(path)["value"])
    return str(json.loads(value)) if value.startswith('"') else value
