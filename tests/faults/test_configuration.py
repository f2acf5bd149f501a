"""Faults of what is configured."""

import psutil

from faults import acts
from faults.case import Case, Scene, each
from respaldo.embedded.supervisor import Supervisor


def _delete(connection: str):
    def do(scene: Scene) -> None:
        scene.live.installation.api.delete(f"connections/{connection}")

    return do


def _make(connection: str, *, has_secret: bool = True):
    def do(scene: Scene) -> None:
        body = {"connection_id": connection, "conn_type": "restic"}
        if has_secret:
            body["password"] = scene.live.installation.master_secret(connection.removeprefix("respaldo_"))
        scene.live.installation.api.post("connections", body)

    return do


def _break_the_file(scene: Scene) -> None:
    """Break the scope's file while restic saves: the step after finds it.

    Airflow itself does not read it meanwhile: it would take the rest of the run away, sometimes.
    """
    file = scene.live.scope_file(scene.scope)
    scene.kept["file"] = file.read_text()
    restic = acts.caught(scene, "backup")
    reader = psutil.Process(Supervisor(scene.live.installation.layout).pid("dag-processor"))
    reader.suspend()
    scene.stopped.append(reader)
    scene.kept["reader"] = reader
    file.write_text(scene.kept["file"].replace("principal", "principl"))
    restic.resume()


def _mend_the_file(scene: Scene) -> None:
    scene.live.scope_file(scene.scope).write_text(scene.kept["file"])
    scene.kept["reader"].resume()
    scene.live.reparse(scene.scope)


CASES = (
    Case(
        "segunda_sin_conexion",
        "connection_missing",
        inject=_delete("respaldo_desconectado"),
        mend=_make("respaldo_desconectado"),
        step="copy",
        scope={"second_copy": "desconectado"},
        repositories={"desconectado": {}},
    ),
    Case(
        "conexion_incompleta",
        "connection_incomplete",
        inject=acts.both(_delete("respaldo_sin_secreto"), _make("respaldo_sin_secreto", has_secret=False)),
        mend=acts.both(_delete("respaldo_sin_secreto"), _make("respaldo_sin_secreto")),
        step="execute",
        scope={"repository": "sin_secreto"},
        repositories={"sin_secreto": {}},
    ),
    Case(
        "yaml_roto",
        "invalid_configuration",
        inject=lambda scene: scene.live.reparse(scene.scope),
        during=_break_the_file,
        mend=_mend_the_file,
        step="verify",
    ),
)


@each(CASES)
def test_a_fault_of_the_configuration_is_told_harms_no_good_copy_and_is_mended(case, campaign):
    campaign.see(case)
