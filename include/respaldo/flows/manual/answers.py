"""What was filled in: refused as a whole, and asked again, when something of it cannot be."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from respaldo.domain.errors import ReportError, SourceError
from respaldo.domain.labels import LABEL, as_label
from respaldo.domain.manual import SHA256, Inspected, Performed
from respaldo.domain.media import Medium
from respaldo.domain.people_errors import CopyRejectedError, InvalidAnswerError, ManualCopyFailedError
from respaldo.domain.places import unexpanded
from respaldo.domain.quantities import parse_size
from respaldo.hosts.checksums import ManifestError, read_manifest
from respaldo.sources.files import FilesSource
from respaldo.sources.reach import Reach
from respaldo.texts import causes
from respaldo.texts import manual as texts
from respaldo.texts.report import TERMS

_DAY_FIRST = re.compile(r"^(\d\d)/(\d\d)/(\d{4})\b")
"""A date as it is written in Colombia."""

_CLOCKS_APART = timedelta(minutes=5)
"""A moment that little ahead is no future one: it was read from another clock."""

_OLDEST = timedelta(days=10 * 365)
"""A moment that long ago is a mistyped year."""

_LARGEST = 2**63 - 1
"""What the report can hold."""


MediumOf = Callable[[str], Medium | None]
"""Gives the medium with a label, None where no medium has it."""

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What somebody answered: the option's code, the fields, who and when."""

    option: str
    given: Mapping[str, Any]
    by: str
    at: datetime


def performed(answer: Answer, folder: str | None, zone: ZoneInfo, medium_of: MediumOf) -> Performed:
    """Read what whoever made the copy stated.

    :param folder: copies that the worker may read lie below it; None: it may read none.
    :param zone: of moments that name none.
    :param medium_of: gives what is known of a label.
    :raises InvalidAnswerError: something of it cannot be so; all of that is told at once.
    :raises ManualCopyFailedError: the copy could not be made.
    """
    form = _Form(answer.given)
    observations = form.text("observations")
    if answer.option == "failed":
        form.require("observations", observations, "why")
        form.refuse_if_any()
        raise ManualCopyFailedError(by=answer.by, note=observations)
    started_at, ended_at = form.moment("started_at", zone), form.moment("ended_at", zone)
    for name, moment in (("started_at", started_at), ("ended_at", ended_at)):
        if moment is not None and moment > answer.at + _CLOCKS_APART:
            form.refuse(name, "future")
    if started_at is not None and started_at < answer.at - _OLDEST:
        form.refuse("started_at", "old")
    if started_at and ended_at and ended_at < started_at:
        form.refuse("ended_at", "order")
    path = form.path("path", folder)
    manifest = form.path("manifest", folder)
    if path is not None:
        form.see_that_it_can_be_read(path, manifest)
    elif manifest is not None:
        form.refuse("manifest", "manifest_alone")
    size_bytes = form.size("size")
    if path is None:
        form.require("size", size_bytes, "missing")
    content = form.medium(medium_of) | {
        "started_at": started_at,
        "ended_at": ended_at,
        "size_bytes": size_bytes,
        "files": form.count("files"),
        "checksum": form.checksum("checksum"),
        "manifest": manifest,
        "path": path,
        "observations": observations,
    }
    form.refuse_if_any()
    return Performed.model_validate(content | {"by": answer.by, "at": answer.at})


def inspected(answer: Answer, made_by: str) -> Inspected:
    """Read what whoever verified the copy said.

    :raises InvalidAnswerError: it is not good and nobody says why; or its maker answered.
    """
    form = _Form(answer.given)
    observations = form.text("observations")
    if answer.option == "bad":
        form.require("observations", observations, "why")
    if answer.by == made_by:
        # Airflow keeps whom it asked first, also when the copy was made once more by somebody else.
        form.refuse("observations", "same_person")
    form.refuse_if_any()
    return Inspected(by=answer.by, at=answer.at, observations=observations)


def rejection(answer: Answer, said: Inspected) -> CopyRejectedError | None:
    """Give the failure that a verdict is, if it is one."""
    return CopyRejectedError(by=said.by, note=said.observations) if answer.option == "bad" else None


class _Form:
    """Reads fields, and gathers what is wrong with them."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._problems: list[tuple[str, str]] = []

    def refuse(self, name: str, problem: str, **facts: object) -> None:
        self._problems.append((_title(name), texts.PROBLEMS[problem].format(**facts)))

    def require(self, name: str, value: object, problem: str) -> None:
        told = [title for title, _ in self._problems]
        if value is None and _title(name) not in told:
            self.refuse(name, problem)

    def refuse_if_any(self) -> None:
        if self._problems:
            (field, problem), *others = self._problems
            more = "".join(f"; {title}: {told}" for title, told in others)
            raise InvalidAnswerError(field=field, problem=problem + more)

    def text(self, name: str) -> str | None:
        value = self._given.get(name)
        return None if value is None else str(value).strip() or None

    def medium(self, medium_of: MediumOf) -> dict[str, str | None]:
        """Read which medium it is: one that has a label, or one that is to get its label."""
        label, said, place = self.text("label"), self.text("medium"), self.text("place")
        if label is None:
            self.require("medium", said, "medium")
            return {"label": None, "medium": said, "place": place}
        label = str(as_label(label))
        known = self._known(label, medium_of)
        if known is not None:
            said, place = said or known.description or known.kind, place or known.site
        return {"label": label, "medium": said, "place": place}

    def _known(self, label: str, medium_of: MediumOf) -> Medium | None:
        if not re.fullmatch(LABEL, label):
            self.refuse("label", "label")
            return None
        try:
            known = medium_of(label)
        except ReportError as error:
            # Whether it is known shows when the report is back: the copy is made.
            log.warning(texts.LABEL_UNCHECKED, label, error)
            return None
        if known is None:
            self.refuse("label", "unknown")
        elif known.repository is not None:
            self.refuse("label", "of_repository")
        elif not known.takes_copies:
            self.refuse("label", "not_in_place", state=TERMS["medium_state"][known.state])
        return known

    def moment(self, name: str, zone: ZoneInfo) -> datetime | None:
        text = self.text(name)
        self.require(name, text, "missing")
        if text is None:
            return None
        iso = _DAY_FIRST.sub(r"\3-\2-\1", text)
        try:
            found = datetime.fromisoformat(iso if ":" in iso else "")
        except ValueError:
            self.refuse(name, "moment")
            return None
        return found if found.tzinfo else found.replace(tzinfo=zone)

    def size(self, name: str) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            found = parse_size(text)
        except PydanticCustomError:
            self.refuse(name, "size")
            return None
        if found == 0:
            self.refuse(name, "zero")
        if found > _LARGEST:
            self.refuse(name, "size")
        return found

    def count(self, name: str) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        if not re.fullmatch(r"\d{1,15}", text):
            self.refuse(name, "files")
            return None
        if int(text) == 0:
            self.refuse(name, "zero")
        return int(text)

    def checksum(self, name: str) -> str | None:
        text = self.text(name)
        if text is not None and not re.fullmatch(SHA256, text):
            self.refuse(name, "checksum")
        return text.lower() if text else None

    def path(self, name: str, folder: str | None) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        if folder is None:
            self.refuse(name, "nowhere")
            return None
        if not text.startswith("/"):
            self.refuse(name, "relative")
            return None
        try:
            # Where it really is: a link, or a way back up, leads out of the folder.
            real = Path(text).resolve()
        except (OSError, RuntimeError, ValueError):
            self.refuse(name, "no_path")
            return None
        if not real.is_relative_to(Path(folder).resolve()):
            self.refuse(name, "outside", folder=folder)
            return None
        return str(real)

    def see_that_it_can_be_read(self, path: str, manifest: str | None) -> None:
        try:
            FilesSource(kind="files", paths=(unexpanded(path),)).probe(Reach())
            if Path(path).is_file() and Path(path).stat().st_size == 0:
                self.refuse("path", "zero")
            elif not (Path(path).is_file() or Path(path).is_dir()):
                # To open a pipe would be to wait for somebody who fills it.
                self.refuse("path", "no_file")
        except SourceError as error:
            self.refuse("path", "path", reason=causes.explain(error))
        if manifest is not None:
            self._see_that_it_is_a_list(manifest)

    def _see_that_it_is_a_list(self, manifest: str) -> None:
        try:
            if Path(manifest).is_file():
                read_manifest(Path(manifest).read_bytes())
            else:
                self.refuse("manifest", "no_file")
        except ManifestError as error:
            self.refuse("manifest", "line", line=error)
        except OSError as error:
            self.refuse("manifest", "path", reason=error.strerror)


def _title(name: str) -> str:
    return texts.FIELDS[name][0]
