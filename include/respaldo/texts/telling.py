"""Say an error in words: what happened, and what usually mends it."""

from __future__ import annotations

from collections import defaultdict

from respaldo.domain.archive_errors import ArchiveError
from respaldo.domain.errors import ReportSchemaError, ReportTamperedError, RespaldoError
from respaldo.texts import archive, causes
from respaldo.texts import report as report_texts


def in_words(error: RespaldoError) -> str:
    """Say what happened, and what usually mends it."""
    match error:
        case ReportTamperedError():
            return report_texts.TAMPERED[error.facts["check"]].format(**error.facts)
        case ReportSchemaError():
            return report_texts.SCHEMA_PROBLEMS[error.facts["problem"]].format(**error.facts)
        case ArchiveError():
            return _of_archive(error)
    return f"{causes.explain(error)} {causes.corrective(error)}"


def _of_archive(error: ArchiveError) -> str:
    cause, facts = archive.CAUSES[error.code], defaultdict(str, error.facts)
    if error.code == "invalid_period":
        facts["problem"] = archive.PERIOD_PROBLEMS[facts["problem"]].format_map(facts)
    told = f"{cause.title}. {cause.told} {cause.corrective}"
    return " ".join(told.format_map(facts).split())
