"""Faults of databases, and of the programs that dump them."""

from faults import acts, databases
from faults.case import Case, Scene, each
from live_kit import wait_until


def _rename_it(scene: Scene) -> None:
    databases.ask(scene, "postgres", f"ALTER DATABASE {scene.scope} RENAME TO {scene.scope}_apartada")


def _name_it_back(scene: Scene) -> None:
    databases.ask(scene, "postgres", f"ALTER DATABASE {scene.scope}_apartada RENAME TO {scene.scope}")


def _forbid_the_user(scene: Scene) -> None:
    databases.ask(scene, "postgres", f"ALTER ROLE {scene.scope} NOLOGIN")


def _allow_the_user(scene: Scene) -> None:
    databases.ask(scene, "postgres", f"ALTER ROLE {scene.scope} LOGIN")


def _make_elsewhere(scene: Scene) -> None:
    scene.kept["server"] = str(scene.server.sockets)
    databases.make(scene)


def _cut_the_connection(scene: Scene) -> None:
    """Make the dump wait for a table, and end it."""
    import psycopg

    endpoint = scene.live.installation.endpoint(scene.scope)
    waiting = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = 'pg_dump'"
    with psycopg.connect(host=endpoint.host, user=endpoint.user, dbname=scene.scope) as holder:
        holder.execute("LOCK TABLE factura IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: databases.ask(scene, "postgres", waiting, scene.scope), "the dump", 0.1)
        terminate = waiting.replace("pid", "pg_terminate_backend(pid)", 1)
        assert databases.ask(scene, "postgres", terminate, scene.scope)


def _spoil_the_program(scene: Scene) -> None:
    """Leave a program that is there, and cannot be started."""
    program = scene.live.home / "bin" / "pg_dumpall"
    scene.kept["program"] = program.read_text()
    program.write_text("#!/no/hay/tal/cosa\n")


def _mend_the_program(scene: Scene) -> None:
    (scene.live.home / "bin" / "pg_dumpall").write_text(scene.kept["program"])


def _case(name: str, cause: str | None, **what) -> Case:
    return Case(name, cause, scope=databases.source_of(name), **({"prepare": databases.make} | what))


CASES = (
    _case("base_ausente", "database_missing", inject=_rename_it, mend=_name_it_back, step="plan"),
    _case("base_negada", "database_denied", inject=_forbid_the_user, mend=_allow_the_user, step="plan"),
    _case(
        "servidor_caido",
        "database_unreachable",
        prepare=_make_elsewhere,
        inject=lambda scene: scene.server.stop(),
        mend=lambda scene: scene.server.start(),
        step="plan",
        tries=3,
    ),
    _case(
        "conexion_cortada",
        "source_command_failed",
        inject=lambda _: None,
        during=_cut_the_connection,
        step="execute",
    ),
    Case(
        "volcado_sin_programa",
        "tool_missing",
        prepare=databases.make,
        inject=_spoil_the_program,
        mend=_mend_the_program,
        step="execute",
        scope=databases.source_of("volcado_sin_programa", has_globals=True),
    ),
    _case(
        "volcado_vacio",
        "source_command_empty",
        inject=acts.misbehave("pg_dump", "exit 0"),
        mend=acts.behave,
        step="execute",
    ),
    _case(
        "volcado_cortado",
        "dump_unreadable",
        inject=acts.misbehave("pg_dump", '"$real" "$@" | head -c -2000\nexit 0'),
        mend=acts.behave,
        step="verify",
    ),
    _case(
        "volcado_a_medias",
        "source_command_failed",
        inject=acts.misbehave("pg_dump", '"$real" "$@" | head -c 20000\nexit 3'),
        mend=acts.behave,
        step="execute",
    ),
)


@each(CASES)
def test_a_fault_of_a_database_is_told_harms_no_good_copy_and_is_mended(case, campaign):
    campaign.see(case)
