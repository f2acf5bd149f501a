"""Documents for printing and keeping: a template of typst, filled with data, as PDF."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from respaldo.report.printable import printable

Standard = Literal["1.7", "a-2b"]

_TEMPLATES = Path(__file__).parent / "templates"


def compile_pdf(
    template: str,
    data: Mapping[str, JsonValue],
    made_at: datetime,
    standard: Standard = "1.7",
    *,
    is_tagged: bool = True,
) -> bytes:
    """Fill a template, and give the PDF: the same bytes for the same data and moment.

    The data reach the template as JSON (``json(bytes(sys.inputs.data))``), so no text of theirs is ever
    taken for typst's own language. Only the fonts that typst carries are used (Libertinus Serif, New Computer
    Modern, DejaVu Sans Mono), so the document looks the same on every machine.

    :param template: name of a file in ``templates``, without ``.typ``.
    :param made_at: the moment that the document gives as its own; its offset is written too.
    :param standard: ``a-2b`` for a document that is archived.
    :param is_tagged: with the structure that programs read aloud. It costs ten times the size and twice the
        memory: not for tables of thousands of rows.
    """
    import typst

    return typst.compile(
        _TEMPLATES / f"{template}.typ",
        root=_TEMPLATES,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(printable(data), ensure_ascii=False)},
        pdf_standards=standard,
        pdf_tags=is_tagged,
        # typst takes a fixed offset, and no zone that changes it.
        timestamp=datetime.fromisoformat(made_at.isoformat(timespec="seconds")),
    )


def compile_pdf_apart(
    template: str, data: Mapping[str, JsonValue], made_at: datetime, standard: Standard, *, is_tagged: bool
) -> bytes:
    """Do as ``compile_pdf``, in a process of its own: what typst has laid out it keeps until that ends.

    :raises CalledProcessError: it could not; its words are in the log.
    """
    given = {
        "template": template,
        "data": printable(data),
        "made_at": made_at.isoformat(),
        "standard": standard,
        "is_tagged": is_tagged,
    }
    asked = json.dumps(given).encode()
    return subprocess.run(
        (sys.executable, "-m", __name__), input=asked, stdout=subprocess.PIPE, check=True
    ).stdout


def qr_svg(content: str) -> str:
    """Draw a QR code with its quiet zone, as SVG: in a template, ``image(bytes(svg), format: "svg")``.

    A quarter of it may be stained or scratched and it is still read.
    """
    import segno

    drawn = io.BytesIO()
    segno.make(content, error="q", micro=False).save(drawn, kind="svg", xmldecl=False, border=4)
    return drawn.getvalue().decode()


def _main() -> None:
    given = json.load(sys.stdin)
    given["made_at"] = datetime.fromisoformat(given["made_at"])
    sys.stdout.buffer.write(compile_pdf(**given))


if __name__ == "__main__":
    _main()
