"""The DAGs behind a failure: their shape, who is asked, and what is never blocked."""

import pytest

from respaldo.flows.failures.dag import airflow_failure_dags
from respaldo.texts import failures as texts


@pytest.fixture
def dags():
    return airflow_failure_dags()


def test_both_are_there_and_nobody_has_to_switch_them_on(dags):
    assert set(dags) == {"failure_analysis", "failure_watch"}
    assert [dag.is_paused_upon_creation for dag in dags.values()] == [False, False]


def test_every_task_has_its_title(dags):
    for dag in dags.values():
        assert {
            task.task_id: task.task_display_name for task in dag.tasks
        }.items() <= texts.TASK_TITLES.items()


def test_the_analysis_goes_its_way(dags):
    analysis = dags["failure_analysis"]
    below = {task.task_id: set(task.downstream_task_ids) for task in analysis.tasks}
    assert below == {
        "classify": {"decide", "rerun", "record"},
        "decide": {"rerun", "record"},
        "rerun": {"record"},
        "record": set(),
    }
    assert analysis.get_task("record").trigger_rule == "all_done"


def test_analyses_that_wait_do_not_keep_another_from_opening(dags):
    assert dags["failure_analysis"].max_active_runs >= 1000
    assert dags["failure_analysis"].timetable.can_be_scheduled is False


def test_the_question_has_no_answer_by_default(dags):
    decide = dags["failure_analysis"].get_task("decide")
    assert decide.defaults is None
    assert decide.options == list(texts.CHOICES.values())
    assert set(decide.params) == set(texts.ANSWERS)


def test_the_watch_looks_every_ten_minutes_one_at_a_time(dags):
    watch = dags["failure_watch"]
    assert watch.max_active_runs == 1
    assert watch.schedule == "*/10 * * * *"


def test_while_the_organizations_file_cannot_be_used_there_are_none(monkeypatch, tmp_path):
    monkeypatch.setenv("RESPALDO_CONFIG", str(tmp_path))
    assert airflow_failure_dags() == {}
