"""The page of causes: what the tree of errors and its words say, and the test that proves each of them."""

from __future__ import annotations

from faults.proofs import PROOFS
from respaldo.domain.causes import every_cause
from respaldo.texts import failures_page as words
from respaldo.texts.causes import CAUSES, usual


def as_markdown() -> str:
    """Write the page, causes in the order of their words."""
    rows = "\n".join(_row(code) for code in CAUSES)
    return f"{words.TITLE}\n\n{words.INTRODUCTION}\n\n{words.HEADINGS}\n{rows}\n"


def _row(code: str) -> str:
    cause, told = every_cause()[code], CAUSES[code]
    file, _, test = PROOFS[code].partition("::")
    return words.ROW.format(
        title=told.title,
        meaning=told.meaning,
        retried=words.YES if cause.transient else words.NO,
        corrective=usual(code).replace("|", "\\|"),
        applied=words.APPLIED[cause.remedy] if cause.remedy else words.NO,
        # A case of the campaign by its own name.
        case=f"`{test.partition('[')[2].removesuffix(']') or test}`",
        file=file,
    )
