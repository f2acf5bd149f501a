"""What the documents of a period of ten thousand runs cost: seconds, bytes, memory."""

from __future__ import annotations

import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from rich.table import Table

from archive_kit import BOGOTA, OCTOBER, fill, organization
from respaldo.domain.values import Endpoint
from respaldo.embedded.installation import Installation

COUNT = 10_000
# As real runs leave them: each copy in a repository has a label of its own.
LABELS = """
WITH copies (run_key, label, copy, repository, site, at) AS (
    SELECT f.run_key, each.series || '-2026-' || lpad(f.number::text, 6, '0'), each.copy, each.repository,
        each.site, f.ended_at
    FROM respaldo.fm007 f CROSS JOIN LATERAL (VALUES
        ('PRI', 'first', f.repository, f.site), ('SEC', 'second', f.second_repository, f.second_site)
    ) AS each (series, copy, repository, site)
    WHERE f.state LIKE 'succeeded%'
), media AS (
    INSERT INTO respaldo.media (label, kind, site, repository, registered_at)
    SELECT label, 'disco', site, repository, at FROM copies
)
INSERT INTO respaldo.media_holding (run_key, copy, label, keep_until, recorded_at)
SELECT run_key, copy, label, at + interval '5 years', at FROM copies
"""
_DATABASE = "documents"


class Cost(NamedTuple):
    """Of one document, in a process of its own."""

    verified_and_read_seconds: float
    made_seconds: float
    size_bytes: int
    memory_bytes: int


def documents(installation: Installation) -> Table:
    """Fill a database of its own and measure both documents."""
    import psycopg

    from respaldo.report.migrate import migrate

    endpoint = installation.endpoint(_DATABASE)
    address = {"host": endpoint.host, "port": endpoint.port, "user": endpoint.user}
    with psycopg.connect(**address, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE}")
        connection.execute(f"CREATE DATABASE {_DATABASE}")
    migrate(endpoint)
    with psycopg.connect(**address, dbname=_DATABASE, autocommit=True) as connection:
        fill(connection, COUNT)
        connection.execute(LABELS)
        connection.execute("ANALYZE")
    table = Table(f"{COUNT:,} runs", "verify and read: s", "make: s", "size: MB", "memory: MB")
    for shape in ("xlsx", "pdf"):
        # Not a fork: it would begin with the memory of this one.
        with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as processes:
            cost = processes.submit(measured, endpoint, shape).result()
        table.add_row(
            shape,
            f"{cost.verified_and_read_seconds:.1f}",
            f"{cost.made_seconds:.1f}",
            f"{cost.size_bytes / 1e6:.1f}",
            f"{cost.memory_bytes / 1e6:.0f}",
        )
    return table


def measured(endpoint: Endpoint, shape: str) -> Cost:
    from respaldo.actions.archive import header_of
    from respaldo.report.contents import collect
    from respaldo.report.edition import Edition
    from respaldo.report.form_pdf import as_pdfs
    from respaldo.report.spreadsheet import as_xlsx

    began = time.monotonic()
    contents = collect(endpoint, OCTOBER, BOGOTA)
    read = time.monotonic()
    header = header_of(organization("/nowhere"))
    edition = Edition(version=1)
    content = [as_xlsx(contents, header, edition)] if shape == "xlsx" else as_pdfs(contents, header, edition)
    # A PDF in parts is made by processes of its own.
    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    memory = max(used) * 1024
    return Cost(read - began, time.monotonic() - read, sum(map(len, content)), memory)
