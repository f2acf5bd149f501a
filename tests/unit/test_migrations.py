"""While workers are relieved, the former version still writes into the report of the new one."""

import re

import pytest

from respaldo.report.migrate import MIGRATIONS

FIRST_RELEASE = "0019"
"""The newest of the first version: who is older than it has upgraded with everything stopped."""

STATEMENTS = (
    r"DROP\s+(TABLE|COLUMN|VIEW|SCHEMA|FUNCTION)",
    r"\bRENAME\b",
    r"SET\s+NOT\s+NULL",
    r"ALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE",
)
COLUMN = re.compile(r"ADD\s+COLUMN\s[^,;]*", re.IGNORECASE)


def hurts_the_former_version(sql: str) -> list[str]:
    """Name the statements after which what the former version writes or asks would be refused."""
    code = re.sub(r"--.*", "", sql)
    found = [match.group() for each in STATEMENTS for match in re.finditer(each, code, re.IGNORECASE)]
    wanted = (match.group() for match in COLUMN.finditer(code))
    return found + [each for each in wanted if "NOT NULL" in each.upper() and "DEFAULT" not in each.upper()]


@pytest.mark.parametrize(
    "migration",
    [each for each in sorted(MIGRATIONS.glob("*.sql")) if each.name >= FIRST_RELEASE],
    ids=lambda file: file.name,
)
def test_a_migration_takes_nothing_away_that_the_former_version_needs(migration):
    assert hurts_the_former_version(migration.read_text()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE respaldo.fm007 DROP COLUMN size_bytes;",
        "DROP VIEW reportes.fallas;",
        "alter table respaldo.fm007 rename column state to condition;",
        "ALTER TABLE respaldo.fm007 ALTER COLUMN files SET NOT NULL;",
        "ALTER TABLE respaldo.fm007 ALTER COLUMN files TYPE text;",
        "ALTER TABLE respaldo.fm007 ADD COLUMN place text NOT NULL;",
    ],
)
def test_what_would_hurt_it_is_found(sql):
    assert hurts_the_former_version(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "-- DROP TABLE respaldo.fm007",
        "DROP INDEX respaldo.fm007_period;",
        "ALTER TABLE respaldo.fm007 ADD COLUMN place text NOT NULL DEFAULT '', ADD COLUMN floor int;",
    ],
)
def test_what_does_not_hurt_it_is_allowed(sql):
    assert hurts_the_former_version(sql) == []
