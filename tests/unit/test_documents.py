"""What documents are made with: the data stay data, and the same data give the same bytes."""

from datetime import UTC, datetime
from io import BytesIO

import pikepdf
import pypdfium2
import pytest

from respaldo.report import documents

NOW = datetime(2026, 3, 1, 14, 5, 6, 789, tzinfo=UTC)
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(lang: "es")
#data.title
#image(bytes(data.code), format: "svg", width: 3cm)
"""


@pytest.fixture
def template(tmp_path, monkeypatch):
    (tmp_path / "notice.typ").write_text(TEMPLATE)
    monkeypatch.setattr(documents, "_TEMPLATES", tmp_path)
    return "notice"


def test_what_data_say_is_never_taken_for_the_language_of_the_template(template):
    title = 'Ñandú #image("/etc/passwd") $x$ *no* \\ "comillas" // <b>'
    pdf = documents.compile_pdf(template, {"title": title, "code": documents.qr_svg("x")}, NOW)
    assert pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range().strip() == title


def test_the_same_data_give_the_same_bytes(template):
    data = {"title": "Acta", "code": documents.qr_svg("PRI-2026-000001")}
    assert documents.compile_pdf(template, data, NOW) == documents.compile_pdf(template, data, NOW)


def test_a_document_for_the_archive_says_that_it_is_one(template):
    data = {"title": "Acta", "code": documents.qr_svg("PRI-2026-000001")}
    archived = documents.compile_pdf(template, data, NOW, "a-2b")
    with pikepdf.open(BytesIO(archived)) as pdf, pdf.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"
        assert not pdf.is_encrypted
