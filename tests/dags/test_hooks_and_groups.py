"""Scopes with commands of their own, and scopes that say little themselves, as Airflow reads them."""

import pytest

from respaldo.flows.backup import STEPS

SHORT = "name: Portal {number}\ngroup: servidores_web\n"
DEFAULTS = """\
all: {repository: principal, second_copy: secundario, retention: {daily: 7d}}
servidores_web:
  department: Sistemas
  criticality: media
  rpo: 26h
  rto: 4h
  responsible: soporte
  schedule: 0 2 * * *
  source: {kind: files, paths: [/srv/www]}
"""


@pytest.fixture
def short(configuration):
    """Write short scopes of a group, and what the group says."""

    def write(count: int, defaults: str = DEFAULTS) -> None:
        (configuration / "defaults.yaml").write_text(defaults)
        for number in range(count):
            path = configuration / "scopes" / f"portal_{number}.yaml"
            path.write_text(SHORT.format(number=number))

    return write


def test_commands_of_a_scope_are_no_tasks_of_their_own(write_scope, scope_dags):
    """Tasks of their own would leave a service stopped while a step waits to be tried again."""
    stop = {"name": "Detener", "run": ["systemctl", "stop", "erp"]}
    write_scope("erp", pre=[stop], post=[stop | {"name": "Iniciar"}])
    [dag] = scope_dags().values()
    assert [task.task_id for task in dag.topological_sort()][: len(STEPS)] == list(STEPS)
    assert {task.task_id for task in dag.tasks} == {*STEPS, "watcher"}


def test_short_files_of_a_group_are_whole_dags(short, scope_dags):
    short(3)
    dags = scope_dags()
    assert len(dags) == 3
    assert {dag.schedule for dag in dags.values()} == {"0 2 * * *"}
    assert all({"copy", "verify"} <= {task.task_id for task in dag.tasks} for dag in dags.values())


def test_a_task_of_a_short_scope_reads_its_defaults_too(short, scope_dags, as_a_task_of):
    short(2)
    as_a_task_of("backup__portal_1")
    assert set(scope_dags()) == {"backup__portal_1"}


def test_a_mistake_of_a_group_makes_its_scopes_red_and_no_other(short, scope_dags, write_scope):
    short(2, DEFAULTS.replace("26h", "mucho"))
    write_scope("erp")
    dags = scope_dags()
    red = {dag_id for dag_id, dag in dags.items() if "alcance-invalido" in dag.tags}
    assert red == {"backup__portal_0", "backup__portal_1"}
    assert "defaults.yaml:5: rpo: «mucho»" in dags["backup__portal_0"].doc_md


def test_defaults_that_cannot_be_read_are_told_in_red(short, dags):
    short(1, "all: {")
    red = [dag for dag in dags().values() if "alcance-invalido" in dag.tags]
    assert red
    assert all("defaults.yaml:1" in dag.doc_md for dag in red)
