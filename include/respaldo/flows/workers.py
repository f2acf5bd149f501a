"""Whether Airflow has workers of several machines, each with a disk and a home of its own."""

from __future__ import annotations


def are_several() -> bool:
    """Tell by the executors: a local one runs every task beside the scheduler, whatever its queue."""
    from airflow.configuration import conf

    return not all(one.strip().endswith("LocalExecutor") for one in conf.get("core", "executor").split(","))
