"""A manual backup in words, for those who make the copy and those who verify it."""

from __future__ import annotations

from datetime import datetime

from respaldo.domain.manual import Measured, Performed
from respaldo.domain.values import PreviousCopy
from respaldo.flows.manual.place import ManualPlace
from respaldo.flows.requests.told import evidence
from respaldo.flows.wording import cell, moment
from respaldo.report.export import size
from respaldo.texts import manual as texts
from respaldo.texts.retention import retention_in_words


def to_perform(place: ManualPlace, until: datetime) -> str:
    """Give the instructions, and what is known of the copy that is to be made."""
    settings, request = place.settings, place.work.request()
    return texts.PERFORM_BODY.format(
        instructions=settings.instructions.strip(),
        name=cell(settings.name),
        department=cell(settings.department),
        what=cell(settings.what),
        retention=retention_in_words(settings.retention),
        reason=cell(request.reason),
        requester=cell(request.requester),
        ticket=cell(request.ticket),
        previous=_previous(place, place.planned.previous),
        until=moment(until, place.zone),
        made=texts.RESULTS["made"],
        failed=texts.RESULTS["failed"],
    )


def to_verify(place: ManualPlace, stated: Performed, found: Measured, until: datetime) -> str:
    """Give all that was stated of a copy, beside what Respaldo found."""
    settings, zone, is_measured = place.settings, place.zone, stated.path is not None
    return texts.VERIFY_BODY.format(
        by=cell(stated.by),
        name=cell(settings.name),
        department=cell(settings.department),
        what=cell(settings.what),
        medium=cell(stated.medium),
        label=cell(stated.label),
        place=cell(stated.place),
        started_at=moment(stated.started_at, zone),
        ended_at=moment(stated.ended_at, zone),
        stated_size=_size(stated.size_bytes),
        size=_size(found.size_bytes if is_measured else None),
        stated_files=_or_nothing(stated.files),
        files=_or_nothing(found.files if is_measured else None),
        stated_checksum=cell(stated.checksum),
        checksum=cell(found.checksum if is_measured else None),
        path=cell(stated.path),
        evidence=cell(evidence(found.evidence)),
        saved=_saved(place, found),
        warnings=cell("; ".join(found.warnings)),
        observations=cell(stated.observations),
        previous=_previous(place, place.planned.previous),
        until=moment(until, zone),
    )


def warnings(stated: Performed, found: Measured) -> tuple[str, ...]:
    """Say in what the copy is not as its maker stated it."""
    told = []
    if stated.size_bytes not in (None, found.size_bytes):
        told.append(texts.SIZE_DIFFERS.format(stated=_size(stated.size_bytes), found=_size(found.size_bytes)))
    if stated.files not in (None, found.files):
        told.append(texts.FILES_DIFFER.format(stated=stated.files, found=found.files))
    if found.unlisted:
        told.append(texts.UNLISTED.format(names=", ".join(found.unlisted)))
    return tuple(told)


def _previous(place: ManualPlace, copy: PreviousCopy | None) -> str:
    if copy is None:
        return texts.NOTHING
    when = moment(copy.ended_at, place.zone)
    return texts.PREVIOUS.format(files=_or_nothing(copy.files), size=size(copy.size_bytes), when=when)


def _saved(place: ManualPlace, found: Measured) -> str:
    copies = found.saved.copies if found.saved else ()
    told = (
        texts.SNAPSHOT.format(snapshot=one.snapshot_id[:12], repository=place.settings.repository)
        for one in copies
    )
    return ", ".join(told) or texts.NOTHING


def _size(count: int | None) -> str:
    return texts.NOTHING if count is None else size(count)


def _or_nothing(count: int | None) -> str:
    return texts.NOTHING if count is None else str(count)
