"""Each mistake in a configuration file is told with its file, line and key, and what was probably meant."""

from __future__ import annotations

import re
import shutil
import traceback
from pathlib import Path

import pytest

from respaldo.config.configuration import load, problems_of
from respaldo.domain.problems import ConfigurationProblemsError, Problem
from respaldo.texts.configuration import OTHER, PROBLEMS, tell

DEFAULT = Path(__file__).parents[2] / "include" / "config"
SCOPE = """\
name: Nómina
department: Talento Humano
criticality: alta
schedule: 0 1 * * *
rpo: 26h
rto: 4h
responsible: soporte
source:
  kind: files
  paths: [/srv/nomina]
  one_file_system: false
repository: principal
second_copy: secundario
retention: {daily: 7d}
verify: {probe_files: 20, max_shrink: 50%}
retries: {attempts: 4, delay: 5s}
"""
POSTGRESQL = "source: {kind: postgresql, connection: erp_db, databases: [erp]}"
FILES = SCOPE[SCOPE.index("source:") : SCOPE.index("repository:")].rstrip()


@pytest.fixture
def config(tmp_path):
    (tmp_path / "scopes").mkdir()
    for name in ("organization.yaml", "repositories.yaml"):
        (tmp_path / name).write_text((DEFAULT / name).read_text())
    (tmp_path / "scopes" / "nomina.yaml").write_text(SCOPE)
    return tmp_path


def only_problem(config: Path) -> Problem:
    problems = problems_of(config)
    assert len(problems) == 1, [tell(problem) for problem in problems]
    return problems[0]


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


CASES = {
    # code: (what is right, what is written instead, its key, a word of its line, suggestion, what is told)
    "missing": ("rpo: 26h\n", "", "rpo", None, None, "falta esta clave"),
    "extra_forbidden": ("schedule:", "schedul:", "schedul", "schedul:", "schedule", "clave desconocida"),
    "key_twice": ("rto: 4h", "rto: 4h\nrto: 5h", "rto", "rto: 5h", None, "dos veces"),
    "repository_unknown": (
        "repository: principal", "repository: principl", "repository", "principl", "principal", "«principl»"
    ),
    "role_unknown": ("soporte", "soprte", "responsible", "soprte", "soporte", "«soprte»"),
    "second_copy_same": (
        "second_copy: secundario", "second_copy: principal", "", None, None, "en otro repositorio"
    ),
    "duration": ("rpo: 26h", "rpo: 26 horas", "rpo", "26 horas", None, "«26 horas» no es una duración"),
    "percent": ("50%", "medio", "verify.max_shrink", "medio", None, "«medio» no es un porcentaje"),
    "cron_invalid": (
        "0 1 * * *", "cada día", "schedule", "cada día", None, "«cada día» no es una expresión cron"
    ),
    "variable_unset": (
        "/srv/nomina", "'${NO_HAY}/x'", "source.paths.0", "NO_HAY", None, "NO_HAY"
    ),
    "variable_malformed": ("/srv/nomina", "/srv/$", "source.paths.0", "/srv/$", None, "$$"),
    "path_relative": ("/srv/nomina", "srv/nomina", "source.paths.0", "srv/nomina", None, "srv/nomina"),
    "paths_missing": ("  paths: [/srv/nomina]\n", "", "source.paths", "source:", None, "paths_from"),
    "databases_empty": (FILES, POSTGRESQL.replace("[erp]", "[]"), "source.databases", "[]", None, "all"),
    "retention_empty": ("{daily: 7d}", "{}", "retention", "retention", None, "debe conservar algo"),
    "union_tag_invalid": ("kind: files", "kind: ficheros", "source", "source:", None, "«ficheros»"),
    "union_tag_not_found": ("  kind: files\n", "", "source", "source:", None, "falta «kind»"),
    "literal_error": (
        "criticality: alta", "criticality: urgente", "criticality", "urgente", None, "«urgente»"
    ),
    "string_type": ("name: Nómina", "name: 7", "name", "name:", None, "debe ser un texto"),
    "string_too_short": ("name: Nómina", "name: ''", "name", "name:", None, "no puede estar vacío"),
    "string_too_long": (
        "Talento Humano", "d" * 101, "department", "department:", None, "más de 100 letras"
    ),
    "string_pattern_mismatch": ("daily: 7d", "daily: siete", "retention.daily", "siete", None, "«siete»"),
    "int_type": (
        "probe_files: 20", "probe_files: [20]", "verify.probe_files", "verify", None, "número entero"
    ),
    "int_parsing": (
        "probe_files: 20", "probe_files: dos", "verify.probe_files", "dos", None, "número entero"
    ),
    "bool_type": (
        "one_file_system: false", "one_file_system: [no]", "source.one_file_system", "[no]", None, "true o"
    ),
    "bool_parsing": (
        "one_file_system: false", "one_file_system: quizá", "source.one_file_system", "quizá", None, "true o"
    ),
    "tuple_type": ("[/srv/nomina]", "/srv/nomina", "source.paths", "paths:", None, "debe ser una lista"),
    "model_type": ("{daily: 7d}", "7d", "retention", "retention", None, "claves y valores"),
    "model_attributes_type": (FILES, "source: /srv", "source", "source:", None, "claves y valores"),
    "too_short": (
        "retries: {attempts: 4, delay: 5s}", "pre: [{name: Detener, run: []}]", "pre.0.run", "pre:", None,
        "no puede estar vacío",
    ),
    "greater_than_equal": (
        "attempts: 4", "attempts: 0", "retries.attempts", "attempts", None, "debe ser 1 o más"
    ),
    "less_than_equal": (
        "attempts: 4", "attempts: 11", "retries.attempts", "attempts", None, "debe ser 10 o menos"
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
def test_a_mistake_in_a_scope_is_told_where_it_is(config, code):
    good, bad, key, word, suggestion, told = CASES[code]
    path = config / "scopes" / "nomina.yaml"
    assert good in SCOPE
    path.write_text(SCOPE.replace(good, bad, 1))
    problem = only_problem(config)
    assert (problem.code, problem.file, problem.key) == (code, str(path), key)
    assert problem.line == (line_of(path, word) if word else 1)
    assert problem.suggestion == suggestion
    text = tell(problem)
    assert text.startswith(f"{path}:{problem.line}: ")
    assert told in text
    assert ("¿Quiso escribir" in text) == (suggestion is not None)


COMMON = {
    "timezone_unknown": (
        "organization.yaml", "America/Bogota", "America/Bogotá", "timezone", "timezone:", "America/Bogota"
    ),
    "date_from_datetime_parsing": ("organization.yaml", "2022-02-03", "ayer", "form.date", "ayer", "«ayer»"),
    "notify_place": (
        "organization.yaml", "[soporte]}", "[soporte], notify: [a@b@c]}", "roles.soporte.notify.0", "@b@",
        "«a@b@c» no es un correo",
    ),
    "date_type": ("organization.yaml", "2022-02-03", "[1]", "form.date", "form", "2026-01-31"),
}  # fmt: skip


@pytest.mark.parametrize("code", COMMON)
def test_a_mistake_in_the_organization_is_told_where_it_is(config, code):
    name, good, bad, key, word, told = COMMON[code]
    path = config / name
    path.write_text(path.read_text().replace(good, bad, 1))
    problem = only_problem(config)
    assert (problem.code, problem.file, problem.key) == (code, str(path), key)
    assert problem.line == line_of(path, word)
    assert told in tell(problem)


def test_roles_that_are_no_mapping_are_told(config):
    path = config / "organization.yaml"
    path.write_text(path.read_text().split("roles:")[0] + "roles: [soporte]\n")
    problem = only_problem(config)
    assert (problem.code, problem.key, problem.line) == ("dict_type", "roles", line_of(path, "roles:"))
    assert "claves y valores" in tell(problem)


def test_a_role_that_decides_on_requests_and_is_not_there_is_told(config):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace("[director, servidores]", "[director, servidore]"))
    problem = only_problem(config)
    assert (problem.code, problem.key) == ("role_unknown", "requests.authorizers.1")
    assert problem.line == line_of(path, "authorizers:")
    assert problem.suggestion == "servidores"


def test_a_role_that_is_told_of_failures_and_is_not_there_is_told(config):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace("informed: []", "informed: [director, infrastructura]"))
    problem = only_problem(config)
    assert (problem.code, problem.key) == ("role_unknown", "failures.informed.1")
    assert problem.line == line_of(path, "informed:")
    assert problem.suggestion == "infraestructura"


def test_a_role_that_decides_on_failures_and_is_not_there_is_told(config):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace("  analyst: soporte", "  analyst: soport"))
    assert (only_problem(config).code, only_problem(config).key) == ("role_unknown", "failures.analyst")


@pytest.mark.parametrize(
    ("good", "bad", "key", "duty"),
    [
        ("analyst: profesional", "analyst: analista", "requests.analyst", "analysis"),
        ("[director, servidores]", "[director, soporte]", "requests.authorizers.1", "authorization"),
        ("  analyst: soporte", "  analyst: profesional", "failures.analyst", "failures"),
    ],
)
def test_a_role_that_may_not_do_what_it_is_named_for_is_told(config, good, bad, key, duty):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace(good, bad))
    problem = only_problem(config)
    assert (problem.code, problem.key, problem.facts["duty"]) == ("role_lacks_duty", key, duty)
    assert bad in path.read_text().splitlines()[problem.line - 1]
    assert "duties" in tell(problem)


def test_a_role_that_may_not_make_copies_is_no_responsible_of_a_manual_scope(config):
    path = config / "scopes" / "nomina.yaml"
    path.write_text(
        "name: N\ndepartment: D\ncriticality: alta\nrpo: 26h\nrto: 4h\nretention: {daily: 7d}\nmode: manual\n"
        "what: W\ninstructions: I\nresponsible: soporte\nverifier: profesional\n"
    )
    problem = only_problem(config)
    assert (problem.code, problem.key) == ("role_lacks_duty", "verifier")


def test_a_scope_by_hand_whose_copies_restic_is_to_keep_says_where_they_can_be_read(config):
    path = config / "scopes" / "nomina.yaml"
    path.write_text(
        "name: N\ndepartment: D\ncriticality: alta\nrpo: 26h\nrto: 4h\nretention: {daily: 7d}\nmode: manual\n"
        "what: W\ninstructions: I\nresponsible: soporte\nrepository: principal\n"
    )
    problem = only_problem(config)
    assert problem.code == "folder_missing"
    assert "folder" in tell(problem)


def test_a_role_of_another_name_than_the_procedures_may_do_what_it_says_and_else_nothing(config):
    path = config / "organization.yaml"
    named = path.read_text().replace("soporte", "mesa").replace("users: [mesa]", "users: [soporte]")
    path.write_text(named)
    scope = config / "scopes" / "nomina.yaml"
    scope.write_text(scope.read_text().replace("responsible: soporte", "responsible: mesa"))
    assert {problem.code for problem in problems_of(config)} == {"role_lacks_duty"}
    path.write_text(named.replace("users: [soporte]", "users: [soporte], duties: [failures, restores]"))
    organization = load(config).organization
    assert (
        organization.duties_of("mesa") == organization.duties_of_user("soporte") == {"failures", "restores"}
    )


def test_a_duty_that_there_is_not_is_told_with_those_that_there_are(config):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace("[analista]}", "[analista], duties: [informe]}"))
    problem = only_problem(config)
    assert (problem.code, problem.key) == ("literal_error", "roles.analista.duties.0")
    assert "'report'" in tell(problem)


def test_a_person_with_two_roles_may_do_what_either_may(config):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace("[infraestructura]", "[infraestructura, analista]"))
    assert load(config).organization.duties_of_user("analista") == {"report", "reading", "verification"}
    assert load(config).organization.duties_of_user("nadie") == frozenset()


@pytest.mark.parametrize(
    ("pattern", "code", "told"),
    [
        ("PRI-{year}", "label_number", "PRI-{year}-{number:06}"),
        ("PRI-{dia}-{number}", "label_field", "solo sirven {year}, {number} y {site}"),
        ("PRI-{number:x}", "label_width", "como {number:06}"),
        ("pri-{number}", "label_letters", "mayúsculas"),
        ("PRI-{number", "label_malformed", "llave"),
        ("A{number}", "label_length", "de 3 a 48 signos"),
    ],
)
def test_a_pattern_of_labels_that_makes_none_is_told(config, pattern, code, told):
    path = config / "repositories.yaml"
    path.write_text(path.read_text().replace("site: Centro de datos", f"site: Centro\n  label: '{pattern}'"))
    problem = only_problem(config)
    assert (problem.code, problem.key) == (code, "principal.label")
    assert told in tell(problem)


def relocate(config: Path, text: str) -> None:
    path = config / "repositories.yaml"
    was = "location: ${RESPALDO_HOME}/repositories/principal"
    assert was in path.read_text()
    path.write_text(path.read_text().replace(was, text))


def test_a_repository_on_a_server_says_how_it_is_reached_and_what_it_is(config):
    relocate(config, "location: rest:https://h:8000/x/\n  append_only: true\n  ca: /etc/ca.pem\n"
             "  options: {rest.connections: '8'}")  # fmt: skip
    found = load(config).repositories["principal"]
    assert (found.append_only, found.ca, found.options) == (True, "/etc/ca.pem", {"rest.connections": "8"})
    assert found.location_of("erp") == "rest:https://h:8000/x/erp"


@pytest.mark.parametrize("location", ["sftp:/srv/x", "rest:https:///x", "s3:https://h:x/b"])
def test_a_location_without_a_server_is_told(config, location):
    relocate(config, f"location: {location}")
    problem = only_problem(config)
    assert (problem.code, problem.key) == ("location_malformed", "principal.location")
    assert location in tell(problem)


def test_a_password_in_a_location_is_refused_and_never_repeated(config):
    relocate(config, "location: rest:https://u:CLAVE@h/x")
    problem = only_problem(config)
    assert (problem.code, problem.key) == ("location_secret", "principal.location")
    with pytest.raises(ConfigurationProblemsError) as refused:
        load(config)
    assert "CLAVE" not in tell(problem) + "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("option", ["sftp.command", "sftp.args", "rclone.program"])
def test_an_option_that_would_name_a_program_is_refused(config, option):
    relocate(config, f"location: /srv/x\n  options: {{{option}: x}}")
    assert only_problem(config).code == "string_pattern_mismatch"


def test_labels_that_do_not_fit_their_sheet_are_told(config):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace("sheet: {columns: 3", "sheet: {columns: 4"))
    problem = only_problem(config)
    assert (problem.code, problem.key) == ("sheet_too_big", "media.sheet")
    assert "suman 280 mm" in tell(problem)


def test_a_url_where_a_connection_belongs_is_refused_and_never_repeated(config):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace("[soporte]}", "[soporte], notify: [a@b.co, 'slack://CLAVE/x']}"))
    problem = only_problem(config)
    assert (problem.code, problem.key) == ("notify_url", "roles.soporte.notify.1")
    assert "conexión de Airflow de tipo apprise" in tell(problem)
    with pytest.raises(ConfigurationProblemsError) as refused:
        load(config)
    assert "CLAVE" not in tell(problem) + "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("place", ["ana@example.org", "chat_soporte", "chat.soporte-2"])
def test_an_address_or_a_connection_is_a_place_to_tell(config, place):
    path = config / "organization.yaml"
    path.write_text(path.read_text().replace("[soporte]}", f"[soporte], notify: [{place}]}}"))
    assert load(config).organization.roles["soporte"].notify == (place,)


def test_an_organization_that_says_nothing_of_requests_may_lack_their_roles(config):
    path = config / "organization.yaml"
    text = path.read_text().split("requests:")[0]
    path.write_text("\n".join(line for line in text.splitlines() if "profesional:" not in line))
    assert problems_of(config) == ()


def test_a_file_that_is_not_there_is_told(config):
    (config / "repositories.yaml").unlink()
    problem = only_problem(config)
    assert (problem.code, problem.file) == ("file_unreadable", str(config / "repositories.yaml"))


def test_bytes_that_are_no_text_are_told(config):
    (config / "scopes" / "nomina.yaml").write_bytes("name: Nómina\n".encode("latin-1"))
    assert only_problem(config).code == "file_unreadable"


def test_what_is_no_yaml_is_told_with_its_line(config):
    (config / "scopes" / "nomina.yaml").write_text("name: Nómina\nrpo: [26h\nrto: 4h\n")
    problem = only_problem(config)
    assert (problem.code, problem.line) == ("not_yaml", 3)


@pytest.mark.parametrize(
    "text",
    [
        "name: a\x07b\n",
        "name: a\0b\n",
        "? [a]\n: b\n",
        "name: !!int x\n",
        "name: !!bool x\n",
        "rpo: 0x_\n",
        "[" * 3000,
        "a: &a [*a]\n",
    ],
    ids=["control sign", "NUL", "list as key", "no int", "no bool", "no number", "too deep", "holds itself"],
)
def test_what_yaml_makes_no_value_of_is_told_and_keeps_no_other_file_from_being_read(config, text):
    shutil.copy(config / "scopes" / "nomina.yaml", config / "scopes" / "otra.yaml")
    (config / "scopes" / "nomina.yaml").write_text(text)
    assert "otra" in load(config).scopes
    assert only_problem(config).code == "not_yaml"


def test_a_day_that_no_calendar_has_is_told_with_its_key(config):
    path = config / "scopes" / "nomina.yaml"
    path.write_text(path.read_text() + "contract: {number: CT-1, valid_until: 2027-02-30}\n")
    problem = only_problem(config)
    assert (problem.key, problem.line) == ("contract.valid_until", len(path.read_text().splitlines()))
    assert "2027-02-30" in tell(problem)


@pytest.mark.parametrize("text", ["", "- a\n", "palabra\n"])
def test_a_file_without_keys_is_told(config, text):
    (config / "scopes" / "nomina.yaml").write_text(text)
    assert only_problem(config).code == "not_a_mapping"


def test_a_file_name_that_is_no_identifier_is_told(config):
    (config / "scopes" / "nomina.yaml").rename(config / "scopes" / "Nómina 1.yaml")
    problem = only_problem(config)
    assert problem.code == "scope_id"
    assert "«Nómina 1»" in tell(problem)


def test_two_files_of_one_scope_are_told_and_neither_is_used(config):
    (config / "scopes" / "nomina.yml").write_text(SCOPE)
    assert {problem.code for problem in problems_of(config)} == {"scope_twice"}
    assert load(config).scopes == {}


def test_every_mistake_of_a_file_is_told_at_once(config):
    path = config / "scopes" / "nomina.yaml"
    path.write_text(SCOPE.replace("rpo: 26h", "rpo: x").replace("alta", "z").replace("rto:", "rtoo:"))
    assert {problem.code for problem in problems_of(config)} == {
        "duration", "literal_error", "extra_forbidden", "missing",
    }  # fmt: skip


def test_a_broken_scope_hides_no_other(config):
    (config / "scopes" / "compras.yaml").write_text("name: Compras\n")
    configuration = load(config)
    assert list(configuration.scopes) == ["nomina"]
    assert list(configuration.invalid) == ["compras"]


def test_a_task_reads_no_scope_but_its_own(config):
    (config / "scopes" / "compras.yaml").write_text("name: [")
    configuration = load(config, "nomina")
    assert list(configuration.scopes) == ["nomina"]
    assert configuration.invalid == {}


def test_broken_common_files_are_told_together(config):
    for name in ("organization.yaml", "repositories.yaml"):
        (config / name).write_text("")
    with pytest.raises(ConfigurationProblemsError) as told:
        load(config)
    assert [Path(problem.file).name for problem in told.value.problems] == [
        "organization.yaml",
        "repositories.yaml",
    ]


@pytest.mark.parametrize(
    "schedule",
    ["0 0 31 2 *", "* * * * * *", "0 0 1 1 * 0 2030", "R R * * *", "@once", "60 * * * *", "0 1 * *", ""],
)
def test_a_schedule_of_other_than_five_fields_or_that_never_comes_is_refused(config, schedule):
    path = config / "scopes" / "nomina.yaml"
    path.write_text(SCOPE.replace("0 1 * * *", f'"{schedule}"'))
    assert only_problem(config).code == "cron_invalid"


@pytest.mark.parametrize("schedule", ["@daily", "*/15 * * * *", "0 1 * * mon-fri", "0 0 1-5,7 */2 *"])
def test_usual_schedules_are_taken(config, schedule):
    (config / "scopes" / "nomina.yaml").write_text(SCOPE.replace("0 1 * * *", f'"{schedule}"'))
    assert problems_of(config) == ()


@pytest.mark.parametrize("text", ["0h", "999999d", "-1h", "1.5h", "26", "h"])
def test_durations_without_length_or_past_all_measure_are_refused(config, text):
    (config / "scopes" / "nomina.yaml").write_text(SCOPE.replace("26h", f'"{text}"'))
    assert only_problem(config).code == "duration"


def test_every_message_is_tried_here():
    here = Path(__file__).parent
    said_in_tests = [
        code for file in here.glob("test_config*.py") for code in re.findall(r'"([a-z_]+)"', file.read_text())
    ]
    # What Airflow has only Airflow knows: tests/integration.
    asked_of_airflow = {
        "connection_unknown", "connection_not_apprise", "hooks_without_queue", "roles_stale", "pool_unknown",
        "connection_incomplete", "host_key_unknown", "kind_not_on_windows", "hook_on_windows",
    }  # fmt: skip
    tried = {*CASES, *COMMON, *said_in_tests} - asked_of_airflow
    assert set(PROBLEMS) - tried == asked_of_airflow


def test_a_message_whose_facts_are_missing_is_still_told():
    for code in PROBLEMS:
        text = tell(Problem(file="a.yaml", line=3, key="clave", code=code))
        assert text.startswith("a.yaml:3: clave: ")
    assert OTHER.split(":")[0] in tell(Problem(file="a.yaml", line=1, code="nunca_visto"))


def test_the_default_configuration_has_no_mistake():
    assert problems_of(DEFAULT) == ()
