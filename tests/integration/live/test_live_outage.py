"""The report's database is away during a run: the backup is made, and what was to be told of it waits."""

import contextlib

import pytest

# The first test waits for the installation to start and for a round of runs.
pytestmark = pytest.mark.timeout(900)


@contextlib.contextmanager
def closed(live):
    """Close the report's database to everybody, as a server that is down would."""
    live.sql("postgres", "ALTER DATABASE respaldo ALLOW_CONNECTIONS false")
    try:
        live.sql(
            "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'respaldo'"
        )
        yield
    finally:
        live.sql("postgres", "ALTER DATABASE respaldo ALLOW_CONNECTIONS true")


@pytest.fixture(scope="module")
def run_in_the_dark(first_round, live):
    """A run whose rows nobody took, the number of facts that waited, and what drains them: the next run."""
    assert first_round.outcomes["sin_reporte"].state == "success"
    with closed(live):
        run = live.trigger("sin_reporte")
        state = live.end_of(run)
        waiting = len(live.report.spool.waiting())
    return run, state, waiting, live.finish(live.trigger("sin_reporte"))


def test_the_backup_is_made_and_its_facts_wait(run_in_the_dark, live):
    run, state, waiting, _ = run_in_the_dark
    assert state == "success"
    assert waiting >= 6
    for repository in ("principal", "secundario"):
        tags = [set(snapshot["tags"]) for snapshot in live.snapshots(repository, "sin_reporte")]
        assert sum(set(run.tags) <= found for found in tags) == 1


def test_the_next_run_writes_them_once_and_in_order(run_in_the_dark, live):
    run, _, waiting, after = run_in_the_dark
    assert after.state == "success"
    assert live.report.spool.waiting() == live.report.spool.rejected() == []
    row = live.report.row(run.key)
    assert (row["state"], row["verification_result"]) == ("succeeded", "good")
    assert row["attempts"] == dict.fromkeys(("plan", "execute", "verify", "copy", "record"), 1)
    assert len(row["copies"]) == len(row["second_copies"]) == 1
    assert row["number"] < after.row["number"]
    told = live.sql(
        "respaldo",
        """SELECT "row" ->> 'state' FROM respaldo.fm007_history WHERE run_key = %s ORDER BY seq""",
        run.key,
    )
    assert len(told) == waiting
    # The last of all are its labels.
    expected = ["programmed", *["running"] * (waiting - 3), "succeeded", "succeeded"]
    assert [state for (state,) in told] == expected
    assert len(row["labels"]) == 2
