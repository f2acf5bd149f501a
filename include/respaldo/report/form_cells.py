"""The cells of the PDF's tables: facts that belong together share one, so that all fit a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from respaldo.report.export import clock, size
from respaldo.texts import form as texts

_SHORT_ID = 8
_MOST_TEXT = 500

Row = Mapping[str, Any]


class Cells:
    """Writes rows of the views for print; moments in one zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def run(self, row: Row) -> list[str]:
        """Give the cells of a run, under ``PRINTED``."""
        return [
            _count(row["numero"], grouped=False),
            _lines(row["alcance"], row["dependencia"]),
            _lines(row["modalidad"], row["origen"]),
            self._moment(row["inicio"] or row["programada"]),
            _clock(row["duracion"]),
            "" if row["tamano_bytes"] is None else size(row["tamano_bytes"]),
            _count(row["archivos"]),
            _lines(_joined(row["sede"], row["medio"]), _ids(row["copia"]), *(row["etiquetas"] or ())),
            _lines(
                _joined(row["segunda_sede"], row["segundo_medio"]),
                _ids(row["segunda_copia"]),
                self._moment(row["segunda_copia_fecha"]),
            ),
            _lines(
                row["verificacion_resultado"],
                self._moment(row["verificacion_fecha"]),
                _said(texts.VERIFIED_BY, name=row["verificada_por"]),
            ),
            _lines(row["estado"], _said(texts.RETRY_OF, number=row["reintento_de"])),
            self._notes(row),
        ]

    def restoration(self, row: Row) -> list[str]:
        """Give the cells of a restore request, under ``PRINTED_RESTORATIONS``."""
        kept = row["cumple_rto"]
        return [
            _count(row["numero"], grouped=False),
            _lines(row["alcance"]),
            _lines(row["solicitante"], row["caso"]),
            self._moment(row["fecha"]),
            _lines(row["que_se_pidio"]),
            _lines(row["copia_usada"], self._moment(row["copia_fecha"])),
            _lines(row["destino"]),
            _lines(row["autorizo"], row["acepto"] or row["segunda_acepto"]),
            self._moment(row["entregado"]),
            _lines(
                _clock(row["tiempo_de_respuesta"]),
                _clock(row["rto"]),
                None if kept is None else texts.RTO_MET[kept],
            ),
            _lines(row["resultado"] or row["estado"], row["causa"]),
        ]

    def failure(self, row: Row) -> list[str]:
        """Give the cells of a failure, under ``PRINTED_FAILURES``."""
        applied = ", ".join(row["correctivos_aplicados"] or ())
        return [
            _count(row["numero"], grouped=False),
            _lines(row["alcance"]),
            self._moment(row["fecha"]),
            _lines(row["paso"]),
            _lines(row["detalle"] or row["causa"]),
            _lines(row["correctivo"], _said(texts.APPLIED, list=applied)),
            _lines(row["decidido_por"], row["decision"]),
            _count(row["reintento"], grouped=False),
            _lines(row["estado"], row["resolucion"]),
            self._moment(row["resuelta"]),
            _clock(row["tiempo_reparacion"]),
        ]

    def medium(self, row: Row) -> list[str]:
        """Give the cells of a medium, under ``PRINTED_MEDIA``."""
        return [
            _lines(row["etiqueta"]),
            _lines(row["clase"]),
            _lines(row["descripcion"]),
            _lines(row["lugar"]),
            _lines(row["custodia"]),
            _lines(row["estado"]),
            self._moment(row["registrado"]),
            _count(row["copias"]),
            _lines(*(row["alcances"] or ())),
            self._moment(row["conservar_hasta"]),
            _lines(row["ultimo_movimiento"], self._moment(row["ultimo_movimiento_fecha"])),
        ]

    def total(self, line: Row) -> list[str]:
        """Give the cells of a line of the totals, under ``TOTAL_COLUMNS``."""
        return [
            line[name]
            if name in ("alcance", "clase")
            else size(line[name])
            if name == "tamano_bytes"
            else _count(line[name])
            for name in texts.TOTAL_COLUMNS
        ]

    def _notes(self, row: Row) -> str:
        return _lines(
            row["causa"],
            row["correctivo"],
            _said(texts.APPLIED, list=", ".join(row["correctivos_aplicados"] or ())),
            *(row["advertencias"] or ()),
            row["observaciones"],
            _said(texts.PERFORMED_BY, name=row["realizada_por"]),
        )

    def _moment(self, at: datetime | None) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M") if at else ""


def _lines(*said: str | None) -> str:
    text = "\n".join(filter(None, said))
    # The whole text is in the spreadsheet: here it would fill pages of one column.
    return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + texts.CUT


def _joined(*said: str | None) -> str:
    return ", ".join(filter(None, said))


def _said(words: str, **fact: object) -> str | None:
    [value] = fact.values()
    return words.format(**fact) if value else None


def _ids(copies: list[str] | None) -> str:
    return " ".join(one[:_SHORT_ID] for one in copies or ())


def _clock(duration: timedelta | None) -> str:
    return "" if duration is None else clock(duration)


def _count(number: int | None, *, grouped: bool = True) -> str:
    """Write a number as it is read in Spanish: 12.345."""
    if number is None:
        return ""
    return f"{number:,}".replace(",", ".") if grouped else str(number)
