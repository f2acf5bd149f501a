"""What scopes need not say themselves: whose word counts, and where a mistake in it is told."""

import json
from pathlib import Path

import pytest
import yaml

from respaldo.config.configuration import load, problems_of
from respaldo.texts.configuration import tell

DEFAULT = Path(__file__).parents[2] / "include" / "config"
DEFAULTS = """\
all:
  criticality: media
  repository: principal
  second_copy: secundario
  retention: {daily: 7d, weekly: 5w}
servidores_web:
  department: Sistemas
  criticality: alta
  rpo: 26h
  rto: 4h
  responsible: soporte
  schedule: 0 2 * * *
  source:
    kind: files
    paths: [/srv/www]
    exclude: ["*.tmp"]
  verify: {probe_files: 5}
"""
SHORT = "name: Portal\ngroup: servidores_web\n"
MANUAL = """\
name: Actas
department: Archivo
mode: manual
rpo: 31d
rto: 2d
responsible: soporte
what: Las actas
instructions: Copie.
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "scopes").mkdir()
    for name in ("organization.yaml", "repositories.yaml"):
        (tmp_path / name).write_text((DEFAULT / name).read_text())
    (tmp_path / "defaults.yaml").write_text(DEFAULTS)
    return tmp_path


@pytest.fixture
def read(config):
    def of(text: str, defaults: str = DEFAULTS, scope_id: str = "portal"):
        (config / "defaults.yaml").write_text(defaults)
        (config / "scopes" / f"{scope_id}.yaml").write_text(text)
        found = load(config)
        assert found.invalid == {}, [tell(one) for problems in found.invalid.values() for one in problems]
        return found.all_scopes[scope_id].settings

    return of


@pytest.fixture
def told(config):
    """Give the one mistake of a scope or of the defaults: its code, file, line, key and suggestion."""

    def of(text: str, defaults: str = DEFAULTS) -> tuple[str, str, int, str, str | None]:
        (config / "defaults.yaml").write_text(defaults)
        (config / "scopes" / "portal.yaml").write_text(text)
        problems = problems_of(config)
        assert len(problems) == 1, [tell(one) for one in problems]
        [one] = problems
        assert tell(one).startswith(f"{config}/")
        return one.code, str(Path(one.file).relative_to(config)), one.line, one.key, one.suggestion

    return of


def test_two_lines_are_a_scope(read):
    settings = read(SHORT)
    assert (settings.department, settings.criticality, settings.repository) == (
        "Sistemas",
        "alta",
        "principal",
    )
    assert settings.source.paths == ("/srv/www",)
    assert settings.verify.probe_files == 5


def test_the_scopes_own_word_counts_most_then_its_groups_then_everybodys(read):
    defaults = DEFAULTS.replace("rpo: 26h", "rpo: 26h\n  retention: {weekly: 9w, monthly: 3m}")
    settings = read(f"{SHORT}retention: {{monthly: 12m}}\n", defaults)
    kept = settings.retention
    assert [str(one) for one in (kept.daily, kept.weekly, kept.monthly)] == ["7d", "9w", "12m"]
    assert read(f"{SHORT}criticality: baja\n").criticality == "baja"


def test_what_holds_keys_is_merged_and_a_list_is_replaced(read):
    source = read(f"{SHORT}source: {{paths: [/srv/a, /srv/b]}}\n").source
    assert (source.paths, source.exclude) == (("/srv/a", "/srv/b"), ("*.tmp",))
    assert read(f"{SHORT}source: {{exclude: ['*.log']}}\n").source.exclude == ("*.log",)


@pytest.mark.parametrize("where", ["scope", "group"])
def test_null_takes_out_what_a_default_says(read, where):
    text = f"{SHORT}second_copy: null\n" if where == "scope" else SHORT
    defaults = DEFAULTS if where == "scope" else DEFAULTS.replace("rpo: 26h", "rpo: 26h\n  second_copy: null")
    assert read(text, defaults).second_copy is None


def test_null_in_the_scope_takes_out_what_both_its_group_and_all_say(read):
    defaults = DEFAULTS.replace("rpo: 26h", "rpo: 26h\n  second_copy: secundario")
    assert read(f"{SHORT}second_copy: null\n", defaults).second_copy is None


def test_a_source_of_another_kind_takes_nothing_of_the_defaults_source(read):
    source = read(f"{SHORT}source: {{kind: postgresql, connection: erp, databases: [erp]}}\n").source
    assert (source.kind, source.databases) == ("postgresql", ("erp",))


def test_a_default_is_for_the_scopes_that_have_such_a_key(read):
    settings = read(f"{MANUAL}repository: null\n")
    assert (settings.mode, settings.criticality, settings.repositories) == ("manual", "media", {})


def test_a_group_may_be_of_copies_by_hand(read):
    keys = yaml.safe_load(MANUAL) | {"repository": None}
    name = keys.pop("name")
    defaults = yaml.safe_dump(
        {"all": {"retention": {"monthly": "12m"}, "criticality": "baja"}, "a_mano": keys}
    )
    assert read(f"name: {name}\ngroup: a_mano\n", defaults).mode == "manual"


def test_what_yaml_merges_into_a_group_counts(read):
    defaults = "x: &x {department: Sistemas, rpo: 26h}\nall: {<<: *x, rpo: 12h, repository: principal}\n"
    text = """\
name: Portal
criticality: alta
rto: 4h
responsible: soporte
retention: {daily: 7d}
source: {kind: files, paths: [/srv/www]}
"""
    settings = read(text, defaults)
    assert (settings.department, settings.rpo.total_seconds()) == ("Sistemas", 12 * 3600)


def test_without_the_file_nothing_is_different(config):
    (config / "defaults.yaml").unlink()
    (config / "scopes" / "portal.yaml").write_text(SHORT.replace("group: servidores_web\n", ""))
    assert {problem.code for problem in problems_of(config)} == {"missing"}


def test_a_group_that_there_is_not_is_told_with_the_nearest(told):
    found = told(SHORT.replace("servidores_web", "servidor_web"))
    assert found == ("group_unknown", "scopes/portal.yaml", 2, "group", "servidores_web")


def test_all_is_no_group(told):
    assert told(SHORT.replace("servidores_web", "all"))[:2] == ("group_unknown", "scopes/portal.yaml")


def test_a_group_without_the_file_is_told(config):
    (config / "defaults.yaml").unlink()
    (config / "scopes" / "portal.yaml").write_text(SHORT)
    assert [problem.code for problem in problems_of(config)] == ["group_unknown"]


def test_a_key_that_no_scope_has_is_told_though_nobody_is_in_its_group(told):
    defaults = f"{DEFAULTS}otro:\n  departament: Sistemas\n"
    found = told(SHORT, defaults)
    assert found == ("extra_forbidden", "defaults.yaml", 19, "otro.departament", "department")


@pytest.mark.parametrize("key", ["name", "asset", "group"])
def test_what_each_scope_says_for_itself_is_no_default(told, key):
    found = told(SHORT, f"{DEFAULTS}otro:\n  {key}: Todos\n")
    assert found[:4] == ("default_of_each", "defaults.yaml", 19, f"otro.{key}")


def test_a_bad_value_is_told_once_where_it_stands_however_many_have_it(config, told):
    (config / "scopes" / "otro.yaml").write_text(SHORT)
    found = told(SHORT, DEFAULTS.replace("probe_files: 5", "probe_files: muchos"))
    assert found == ("int_parsing", "defaults.yaml", 17, "verify.probe_files", None)


def test_a_bad_value_of_the_scope_is_told_in_the_scope_beside_a_good_default(told):
    found = told(f"{SHORT}verify:\n  max_shrink: mucho\n")
    assert found == ("percent", "scopes/portal.yaml", 4, "verify.max_shrink", None)


def test_a_bad_item_of_a_groups_list_is_told_where_it_stands(told):
    found = told(SHORT, DEFAULTS.replace("[/srv/www]", "[srv/www]"))
    assert found == ("path_relative", "defaults.yaml", 15, "source.paths.0", None)


def test_a_reference_of_the_defaults_that_leads_nowhere_is_told_there(told):
    found = told(SHORT, DEFAULTS.replace("repository: principal", "repository: principl"))
    assert found == ("repository_unknown", "defaults.yaml", 3, "repository", "principal")


def test_a_key_that_nobody_says_is_missed_in_the_scope(told):
    found = told(SHORT, DEFAULTS.replace("  rto: 4h\n", ""))
    assert found == ("missing", "scopes/portal.yaml", 1, "rto", None)


def test_a_group_that_holds_no_keys_is_told_and_nothing_is_read_by_halves(told):
    assert told(SHORT, f"{DEFAULTS}otro: [1]\n")[:4] == ("dict_type", "defaults.yaml", 18, "otro")


@pytest.mark.parametrize(("text", "code"), [("all: {", "not_yaml"), ("- 1\n", "not_a_mapping")])
def test_a_file_that_is_none_is_told(told, text, code):
    assert told(SHORT, text)[:2] == (code, "defaults.yaml")


def test_a_key_twice_in_a_group_is_told(told):
    found = told(SHORT, DEFAULTS.replace("rpo: 26h", "rpo: 26h\n  rpo: 27h"))
    assert found[:4] == ("key_twice", "defaults.yaml", 10, "rpo")


def test_the_digest_of_a_scope_changes_with_its_defaults_and_not_with_others(config):
    (config / "scopes" / "portal.yaml").write_text(SHORT)

    def digest(defaults: str) -> str:
        (config / "defaults.yaml").write_text(defaults)
        return load(config).all_scopes["portal"].digest

    first = digest(DEFAULTS)
    assert digest(f"{DEFAULTS}otro: {{rpo: 1h}}\n") == first
    assert digest(DEFAULTS.replace("26h", "25h")) != first


def test_two_hundred_short_files_are_two_hundred_scopes(config):
    for number in range(200):
        (config / "scopes" / f"web_{number:03}.yaml").write_text(
            f"name: Web {number}\ngroup: servidores_web\n"
        )
    assert problems_of(config) == ()
    assert len(load(config).scopes) == 200


def test_editors_miss_nothing_in_a_short_file_and_take_any_part_as_a_default():
    scope = json.loads((DEFAULT / "schema" / "scope.json").read_text())
    assert scope["$defs"]["Scope"]["required"] == ["name"]
    defaults = json.loads((DEFAULT / "schema" / "defaults.json").read_text())
    keys = defaults["additionalProperties"]["properties"]
    assert {"retention", "source", "what", "verify"} <= set(keys)
    assert not {"name", "asset", "group"} & set(keys)
    assert '"required": [' not in json.dumps(defaults)
