"""The DAGs of contracts: their shape, who is asked, and what is never blocked."""

from datetime import timedelta

import pytest

from respaldo.flows.contracts.dag import airflow_contract_dags
from respaldo.texts import contracts as texts


@pytest.fixture
def dags():
    return airflow_contract_dags()


def test_both_are_there_and_nobody_has_to_switch_them_on(dags):
    assert set(dags) == {"contracting", "contract_watch"}
    assert [dag.is_paused_upon_creation for dag in dags.values()] == [False, False]


def test_every_task_has_its_title(dags):
    for dag in dags.values():
        assert {
            task.task_id: task.task_display_name for task in dag.tasks
        }.items() <= texts.TASK_TITLES.items()


def test_what_was_decided_is_stored(dags):
    below = {task.task_id: set(task.downstream_task_ids) for task in dags["contracting"].tasks}
    assert below == {"contract": {"record"}, "record": set()}


def test_two_decisions_are_never_stored_at_once(dags):
    assert dags["contracting"].get_task("record").max_active_tis_per_dag == 1


def test_the_question_waits_long_and_has_no_answer_by_default(dags):
    contract = dags["contracting"].get_task("contract")
    assert contract.defaults is None
    assert contract.response_timeout == timedelta(days=30)
    assert contract.options == list(texts.CHOICES.values())
    assert set(contract.params) == set(texts.ANSWERS)


def test_questions_that_wait_do_not_keep_another_from_opening(dags):
    assert dags["contracting"].max_active_runs >= 1000
    assert dags["contracting"].timetable.can_be_scheduled is False


def test_the_watch_looks_soon_after_midnight_and_every_half_hour_one_at_a_time(dags):
    watch = dags["contract_watch"]
    assert watch.max_active_runs == 1
    assert watch.schedule == "5,35 * * * *"


def test_while_the_organizations_file_cannot_be_used_there_are_none(monkeypatch, tmp_path):
    monkeypatch.setenv("RESPALDO_CONFIG", str(tmp_path))
    assert airflow_contract_dags() == {}
