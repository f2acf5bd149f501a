"""docs/data-dictionary.md says what the migrations say."""

from pathlib import Path

from respaldo.report.database import connected
from respaldo.report.dictionary import as_markdown

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_page_is_what_the_migrated_database_says_of_itself(report_database):
    assert PAGE.read_text() == as_markdown(report_database), "run scripts/data-dictionary"


def test_every_table_view_and_column_of_the_report_is_explained(report_database):
    page = as_markdown(report_database)
    assert "\n\n\n" not in page
    assert [line for line in page.splitlines() if line.endswith("|  |")] == []


def test_a_column_that_nobody_explained_is_seen(report_database):
    with connected(report_database) as connection:
        connection.execute("CREATE TABLE respaldo.unexplained (id int)")
    assert "| `id` | integer |  |" in as_markdown(report_database)
