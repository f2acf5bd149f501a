"""What a period comes to: every run counts, and every copy once."""

from datetime import UTC, datetime
from typing import Any

from respaldo.report.totals import totals

ENDED = datetime(2026, 11, 22, 3, tzinfo=UTC)


def row(**changes: Any) -> dict[str, Any]:
    common = {
        "alcance_id": "nube", "alcance": "Nube", "clase": "Copia", "estado": "Exitosa", "fin": ENDED,
        "tipo_fuente": "Herramienta externa", "archivos": 7, "tamano_bytes": 100,
    }  # fmt: skip
    return common | changes


def added_up(*rows: dict[str, Any]) -> tuple[int, int, int]:
    _, total = totals(rows)
    return total["ejecuciones"], total["archivos"], total["tamano_bytes"]


def test_a_copy_of_another_product_that_two_runs_read_of_is_added_up_once():
    assert added_up(row(), row(estado="Exitosa con advertencias")) == (2, 7, 100)


def test_other_copies_are_added_up_each():
    later = ENDED.replace(day=23)
    assert added_up(row(), row(fin=later), row(alcance_id="correo", alcance="Nube")) == (3, 21, 300)
    # Whoever copies by hand states minutes: two copies may end in one.
    assert added_up(row(tipo_fuente="Copia manual"), row(tipo_fuente="Copia manual")) == (2, 14, 200)
    assert added_up(row(fin=None), row(fin=None)) == (2, 14, 200)
