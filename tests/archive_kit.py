"""A report as a month leaves it, and what reads the documents that are made of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pypdfium2

from respaldo.config.organization import Organization
from respaldo.domain.periods import Period

BOGOTA = ZoneInfo("America/Bogota")
OCTOBER = Period(first=date(2026, 10, 1), last=date(2026, 10, 31))
ROWS_BEFORE_DATA = 11
"""Of each sheet: the form's header, an empty one, and that of the headings."""

# Some runs fail, one in 501 still runs, every twentieth is run again.
FILL = """
INSERT INTO respaldo.fm007 (
    run_key, dag_id, run_id, scope_id, scope_name, department, criticality, mode, kind, origin, state,
    programmed_for, started_at, ended_at, source_kind, source, size_bytes, files, added_bytes, stored_bytes,
    repository, site, medium, copies, second_repository, second_site, second_medium, second_copies,
    second_copied_at, verification_methods, verification_result, verification, verified_at, cause,
    cause_detail, failed_step, corrective, attempts, step_seconds, retention, rpo_seconds, rto_seconds,
    engine_version, respaldo_version, scope_digest, worker, updated_at, labels, responsible, rerun_of
)
SELECT
    lpad(to_hex(n), 16, '0'), 'backup__s' || n %% %(scopes)s, 'scheduled__' || n, 's' || n %% %(scopes)s,
    'Alcance número ' || n %% %(scopes)s, 'Secretaría de Hacienda', 'alta', 'software', 'backup', 'scheduled',
    CASE WHEN is_bad THEN 'failed' WHEN is_running THEN 'running'
        WHEN n %% 33 = 0 THEN 'succeeded_with_warnings' ELSE 'succeeded' END,
    at, at + interval '2 s', CASE WHEN NOT is_running THEN at + interval '754 s' END,
    'files', '/srv/datos/' || n %% %(scopes)s, 1234567890 + n, 12345 + n, 4567, 2345, 'principal',
    'Centro de datos', 'disco', jsonb_build_array(jsonb_build_object('item', 'archivos', 'files', 1,
        'size_bytes', 1, 'snapshot_id', encode(sha256(n::text::bytea), 'hex'))),
    'secundario', 'Sede alterna', 'disco', jsonb_build_array(jsonb_build_object('item', 'archivos',
        'files', 1, 'size_bytes', 1, 'snapshot_id', encode(sha256((-n)::text::bytea), 'hex'))),
    at + interval '700 s', ARRAY['structure', 'sample'], CASE WHEN is_bad THEN 'bad' ELSE 'good' END, '[]',
    at + interval '600 s', CASE WHEN is_bad THEN 'repository_full' END,
    CASE WHEN is_bad THEN 'Repositorio lleno. No queda espacio en «principal» (0 bytes libres).' END,
    CASE WHEN is_bad THEN 'execute' END,
    CASE WHEN is_bad THEN 'Libere espacio en el repositorio y ejecute de nuevo.' END,
    '{"execute": 1, "verify": 1}', '{"execute": 12.5, "verify": 3.25}', '7d 5w 12m', 93600, 14400, '0.19.1',
    '0.1.0', repeat('ab', 32), 'worker-1', at,
    ARRAY['PRI-2026-' || lpad(n::text, 6, '0'), 'SEC-2026-' || lpad(n::text, 6, '0')],
    'Equipo de Soporte Técnico', CASE WHEN n %% 20 = 1 AND n > 20 THEN lpad(to_hex(n - 1), 16, '0') END
FROM (
    SELECT n, %(since)s::timestamptz + n * %(every)s::interval AS at,
        n %% 20 = 0 AS is_bad, n %% 501 = 0 AND n %% 20 <> 0 AS is_running
    FROM generate_series(1, %(count)s) AS n
) AS numbered
"""


def fill(
    connection: Any,
    count: int,
    *,
    scopes: int = 40,
    since: datetime = datetime(2026, 10, 1, 5, tzinfo=UTC),
    every: timedelta = timedelta(minutes=4),
) -> None:
    """Put runs of several scopes, in turns, into a report, each with its entry of the history."""
    values = {"count": count, "scopes": scopes, "since": since, "every": every}
    connection.execute(FILL, values)


def read_view(connection: Any, name: str) -> list[dict[str, Any]]:
    """Read a view, ordered by its first column."""
    cursor = connection.execute(f"SELECT * FROM {name} ORDER BY 1")  # noqa: S608
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def organization(folder: object, **others: object) -> Organization:
    """Give an entity whose archive is in a folder."""
    return Organization.model_validate(
        {
            "name": "Alcaldía de prueba & Cía.",
            "process": "Gestión TICS",
            "timezone": "America/Bogota",
            "form": {"version": "03", "date": date(2022, 2, 3)},
            "roles": {"soporte": {"title": "Soporte", "users": ["soporte"]}},
            "archive": {"folder": str(folder), "informed": ["soporte"]},
        }
        | others
    )


def read_sheet(xlsx: bytes, name: str) -> list[dict[str, Any]]:
    """Read the rows of a sheet under their headings, without the row of totals."""
    sheet = openpyxl.load_workbook(BytesIO(xlsx), data_only=True)[name]
    rows = list(sheet.iter_rows(min_row=ROWS_BEFORE_DATA - 1, values_only=True))
    start = next(number for number, row in enumerate(rows) if row[2] is not None)
    headings = rows[start]
    below = rows[start + 1 :]
    return [dict(zip(headings, row, strict=True)) for row in below if row[0] != "Total"]


def text_of(pdf: bytes) -> list[str]:
    """Give the text of each page."""
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
