"""A thousand scopes: all within the DAG processor's patience, one at the price of one."""

import sys
import time

import pytest

from respaldo.flows.scopes import airflow_backup_dags

COUNT = 1000
LIMIT_SECONDS = 40
"""Airflow gives up a file after 50 seconds (dag_file_processor_timeout). Here it is computing time that
counts: how much of the machine this test gets, it cannot know."""


@pytest.fixture
def thousand(write_scope):
    for number in range(COUNT):
        write_scope(f"alcance_{number:04}")


def test_a_thousand_scopes_are_read_and_serialized_in_time(thousand, dags):
    from airflow.serialization.serialized_objects import DagSerialization

    began = time.process_time()
    found = dags()
    read = time.process_time() - began
    for dag in found.values():
        DagSerialization.to_dict(dag)
    took = time.process_time() - began
    sys.stdout.write(
        f"{COUNT} scopes: read in {read:.1f} s, read and serialized in {took:.1f} s of computing\n"
    )
    assert len(found) == COUNT + 3, "and those of restore requests and of failures"
    assert took < LIMIT_SECONDS


def test_a_task_reads_only_its_own_scope(thousand, as_a_task_of):
    as_a_task_of("backup__alcance_0500")
    began = time.process_time()
    found = airflow_backup_dags()
    took = time.process_time() - began
    assert set(found) == {"backup__alcance_0500"}
    assert took < 1
