"""Sheets of labels for printing: each with its QR code, which holds the label and nothing else.

No address: labels outlive servers. A reader types it into the search of the page of media.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from respaldo.report.documents import compile_pdf, qr_svg
from respaldo.texts import media as texts

_LONGEST_LINE = 60


def as_pdf(
    media: Iterable[Mapping[str, Any]],
    *,
    entity: str,
    sheet: Mapping[str, JsonValue],
    zone: ZoneInfo,
    made_at: datetime,
    skipped: int = 0,
) -> bytes:
    """Draw the labels of media.

    :param media: rows of ``reportes.medios``.
    :param sheet: ``columns``, ``rows``, ``width_mm``, ``height_mm``: see ``respaldo.config.media``.
    :param skipped: places at the beginning of the first sheet that are used up.
    """
    data: dict[str, JsonValue] = {
        "title": texts.SHEET_TITLE,
        "entity": entity,
        "sheet": dict(sheet),
        "skipped": skipped,
        "labels": [_label(medium, zone) for medium in media],
    }
    return compile_pdf("labels", data, made_at)


def _label(medium: Mapping[str, Any], zone: ZoneInfo) -> JsonValue:
    name = medium["etiqueta"]
    day = (medium["ultima_copia"] or medium["registrado"]).astimezone(zone).date().isoformat()
    what = " · ".join(filter(None, (medium["clase"], medium["descripcion"])))
    where = " · ".join(filter(None, (medium["lugar"], medium["custodia"])))
    lines = (", ".join(medium["alcances"]), what, where, day)
    return {
        "name": name,
        "code": qr_svg(name),
        "lines": [_shortened(line) for line in lines if line],
    }


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
