"""Faults of what is configured."""

from faults import acts
from faults.case import Case, Scene, each


def _patch(connection: str, password: str):
    def do(scene: Scene) -> None:
        scene.live.installation.api.patch(
            f"connections/{connection}",
            {"connection_id": connection, "conn_type": "restic", "password": password},
            update_mask="password",
        )

    return do


def _delete(connection: str):
    def do(scene: Scene) -> None:
        scene.live.installation.api.delete(f"connections/{connection}")

    return do


def _make(connection: str):
    def do(scene: Scene) -> None:
        secret = scene.live.installation.master_secret(connection.removeprefix("respaldo_"))
        body = {"connection_id": connection, "conn_type": "restic", "password": secret}
        scene.live.installation.api.post("connections", body)

    return do


def _give_the_secret_back(scene: Scene) -> None:
    repository = scene.repositories[0]
    _patch(f"respaldo_{repository}", scene.live.installation.master_secret(repository))(scene)


def _break_the_file(scene: Scene) -> None:
    """Break the scope's file while restic saves: the step after finds it."""
    file = scene.live.scope_file(scene.scope)
    scene.kept["file"] = file.read_text()
    restic = acts.caught(scene, "backup")
    file.write_text(scene.kept["file"].replace("principal", "principl"))
    restic.resume()


def _mend_the_file(scene: Scene) -> None:
    scene.live.scope_file(scene.scope).write_text(scene.kept["file"])
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
        is_fast=True,
    ),
    Case(
        "conexion_incompleta",
        "connection_incomplete",
        inject=_patch("respaldo_sin_secreto", ""),
        mend=_give_the_secret_back,
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
