"""Nobody enters without a name, and nobody finds a secret where it must not be."""

from __future__ import annotations

import hmac
import json
import re

import httpx
import pytest

from e2e import scopes_kit
from e2e.engine_kit import said
from e2e.runs_kit import finish, held, trigger, wait_for_dag
from e2e.stack_kit import IMAGE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PUBLIC = {
    "/api/v2/monitor/health",
    "/api/v2/version",
    "/api/v2/auth/login",
    "/api/v2/auth/logout",
    "/auth/token",
    "/auth/token/cli",
    "/auth/logout",
    "/auth/fab/v1/login",
    "/execution/health",
    "/execution/health/ping",
}
"""What anybody may ask: whether it is alive, which version it is, and to be let in."""

REFUSALS = (401, 403)
ANY = "01a209de-5c08-7310-af8c-100cbca9edeb"
"""What could be the id of anything."""

PAGES = (
    "/respaldo/fm007",
    "/respaldo/fm007.csv",
    "/respaldo/fm007.json",
    "/respaldo/fm007/0123456789abcdef",
    "/respaldo/run?dag_id=backup__erp&run_id=x",
    "/respaldo/plan",
    "/respaldo/media",
    "/ui/dags",
    "/ui/dashboard/dag_stats",
    "/ui/connections/hook_meta",
)

NOT_FOR_WORKERS = {
    "admin_password",
    "airflow_database_password",
    "copy_database_password",
    "fernet_key",
    "jwt_secret",
    "master_principal",
    "master_secundario",
    "postgres_password",
    "report_database_password",
    "report_reader_password",
    "report_writer_password",
    "session_secret_key",
}

SHORTEST = 12
"""Characters of a text that is no accident: what is shorter is a name, and not a secret."""


@pytest.fixture(scope="module")
def anonymous(stack):
    with httpx.Client(base_url=stack.address, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def saved(stack):
    """A scope with a copy in both repositories."""
    wait_for_dag(stack, scopes_kit.DOCUMENTS)
    outcome = finish(stack, trigger(stack, scopes_kit.DOCUMENTS))
    assert outcome.state == "success", outcome
    return outcome


# --- who may enter


@pytest.mark.parametrize("root", ["", "/auth"], ids=["api", "auth"])
def test_no_endpoint_answers_who_says_no_name(anonymous, root):
    told = anonymous.get(f"{root}/openapi.json").json()["paths"]
    _see_refused(
        anonymous,
        [
            (method, path if path.startswith("/api/") else f"{root}{path}")
            for path in told
            for method in told[path]
        ],
    )


ROUTES = """
import json
from airflow.api_fastapi.execution_api.routes import execution_api_router as router
print(json.dumps([[way, "/execution" + each.path] for each in router.routes for way in each.methods]))
"""


def test_no_endpoint_of_tasks_answers_who_says_no_name(stack, anonymous):
    """Its own description of them is empty, so the program is asked."""
    _see_refused(anonymous, json.loads(stack.one("api-server").said("python", "-c", ROUTES).splitlines()[-1]))


def _see_refused(anonymous: httpx.Client, endpoints: list[tuple[str, str]]) -> None:
    asked = [(method, path) for method, path in endpoints if path not in PUBLIC]
    assert len(asked) > 5
    for method, path in asked:
        told = anonymous.request(method.upper(), re.sub(r"\{[^}]*\}", ANY, path))
        assert told.status_code in REFUSALS, (method, path, told.status_code, told.text[:300])


@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_shown_to_who_says_no_name(anonymous, page):
    told = anonymous.get(page)
    assert told.status_code in REFUSALS, (page, told.status_code, told.text[:300])


@pytest.mark.parametrize("page", ["/auth/users/list/", "/auth/roles/list/", "/auth/permissions/list/"])
def test_who_says_no_name_is_led_from_the_pages_of_people_to_the_door(anonymous, page):
    told = anonymous.get(page)
    assert told.status_code == 302
    assert "login" in told.headers["location"]


@pytest.mark.parametrize("name", ["admin", "consulta"])
def test_a_wrong_password_does_not_open(anonymous, name):
    told = anonymous.post("/auth/token", json={"username": name, "password": "x" * 20})
    assert told.status_code in REFUSALS


@pytest.mark.parametrize(("secret", "opens"), [("api_secret_key", False), ("session_secret_key", True)])
def test_with_what_workers_have_nobody_forges_the_session_of_an_administrator(stack, secret, opens):
    of_the_first_user = hmac.new(stack.secret(secret).encode(), b"1", "sha512").hexdigest()
    cookies = {"remember_token": f"1|{of_the_first_user}"}
    told = httpx.get(f"{stack.address}/auth/users/list/", cookies=cookies, timeout=30, trust_env=False)
    assert (told.status_code == 200) == opens


ASK = """
import json, sys, httpx
asked = json.load(sys.stdin)
told = httpx.request(asked["method"], asked["url"], auth=asked["auth"] and tuple(asked["auth"]), timeout=20,
                     headers={"Accept": "application/vnd.x.restic.rest.v2"})
print(json.dumps([told.status_code, told.text]))
"""


def _ask(stack, method: str, url: str, password: str | None = None) -> tuple[int, str]:
    """Send a request from within the stack's network."""
    asked = {"method": method, "url": url, "auth": password and ["respaldo", password]}
    status, text = json.loads(
        stack.one("scheduler").said("python", "-c", ASK, given=json.dumps(asked)).splitlines()[-1]
    )
    return status, text


@pytest.mark.parametrize("repository", ["principal", "secundario"])
def test_a_server_of_copies_wants_a_password_and_removes_nothing(stack, saved, repository):
    place = f"http://{repository}:8000/{scopes_kit.DOCUMENTS}"
    password = stack.secret(f"{repository}_password")
    assert _ask(stack, "GET", f"{place}/config")[0] == 401
    assert _ask(stack, "GET", f"{place}/config", "x" * 20)[0] == 401
    status, told = _ask(stack, "GET", f"{place}/snapshots/", password)
    assert status == 200
    [snapshot] = [one["name"] for one in json.loads(told)]
    assert _ask(stack, "DELETE", f"{place}/snapshots/{snapshot}")[0] == 401
    assert _ask(stack, "DELETE", f"{place}/snapshots/{snapshot}", password)[0] == 403
    assert json.loads(_ask(stack, "GET", f"{place}/snapshots/", password)[1]) == json.loads(told)


def test_redis_wants_a_password(stack):
    told = stack.one("redis").said("sh", "-c", "redis-cli keys '*' 2>&1 || true")
    assert "NOAUTH" in told


RESULTS = """
export REDISCLI_AUTH="$(cat /run/secrets/redis_password)"
redis-cli -n 1 keys 'celery-task-meta-*' | while read -r key; do redis-cli -n 1 get "$key"; done
"""


def test_what_celery_keeps_of_tasks_is_read_as_text_and_never_run(stack, saved):
    told = stack.one("redis").said("sh", "-c", RESULTS).splitlines()
    assert told
    assert {json.loads(line)["status"] for line in told} <= {"SUCCESS", "FAILURE"}


ENTER = """
import sys, psycopg
for user, database in (word.split("/") for word in sys.argv[1:]):
    for password in ({}, {"password": "x" * 20}):
        try:
            psycopg.connect(host="postgres", user=user, dbname=database, connect_timeout=10, **password)
        except psycopg.OperationalError as error:
            assert "password" in str(error), error
        else:
            sys.exit(f"{user} entered {database}")
"""


def test_postgresql_wants_a_password_from_everybody_on_the_network(stack):
    doors = (
        "postgres/postgres",
        "airflow/airflow",
        "respaldo/respaldo",
        "consulta/respaldo",
    )
    stack.one("scheduler").said("python", "-c", ENTER, *doors)


def test_tasks_write_the_report_as_who_can_remove_nothing_of_it(stack, saved):
    wrote = "SELECT DISTINCT changed_by FROM respaldo.fm007_history"
    assert stack.sql("respaldo", wrote).split() == ["registro"]
    may = "SELECT has_table_privilege('registro', 'respaldo.fm007', '{}')"
    told = {
        right: stack.sql("respaldo", may.format(right)).strip() for right in ("UPDATE", "DELETE", "TRUNCATE")
    }
    assert told == {"UPDATE": "t", "DELETE": "f", "TRUNCATE": "f"}


def test_the_reader_of_the_report_reads_its_views_and_nothing_else(stack):
    may = "SELECT has_table_privilege('consulta', '{}', '{}')"
    assert stack.sql("respaldo", may.format("reportes.tic_fm007", "SELECT")).strip() == "t"
    for table, right in (("reportes.tic_fm007", "UPDATE"), ("respaldo.fm007", "SELECT")):
        assert stack.sql("respaldo", may.format(table, right)).strip() == "f"
    enters = "SELECT has_database_privilege('{}', '{}', 'CONNECT')"
    for user, database in (("consulta", "airflow"), ("respaldo", "airflow")):
        assert stack.sql("postgres", enters.format(user, database)).strip() == "f", (user, database)


# --- where no secret is


@pytest.fixture(scope="module")
def secrets(stack):
    """Every secret by its name: whole, and each word of those that have several."""
    found = {}
    for file in (stack.folder / "secrets").iterdir():
        for number, word in enumerate(re.split(r"[\s\"{},:]+", file.read_text())):
            if len(word) >= SHORTEST and not re.fullmatch(r"[a-z-]+", word):
                found[f"{file.name} {number}"] = word
    assert len(found) >= 12
    return found


def _held_in(text: str, secrets: dict[str, str]) -> list[str]:
    """Name the secrets that a text holds; the text is not for the test's report."""
    return [name for name, value in secrets.items() if value in text]


def test_no_secret_is_in_what_the_engine_tells_of_containers_and_images(stack, secrets):
    told = said("docker", "inspect", *(one.id for one in stack.all()))
    image = stack.one("scheduler").facts["Config"]["Image"]
    assert image.startswith(IMAGE)
    told += said("docker", "image", "inspect", image) + said("docker", "history", "--no-trunc", image)
    assert _held_in(told, secrets) == []


def test_an_image_that_is_built_beside_the_secrets_is_the_same(stack):
    image = stack.one("scheduler").facts["Config"]["Image"]
    before = json.loads(said("docker", "image", "inspect", image))[0]["RootFS"]
    stack.compose("build", "--quiet", "init")
    assert json.loads(said("docker", "image", "inspect", image))[0]["RootFS"] == before


LOOK = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; true"


def test_no_secret_is_in_the_environment_or_the_arguments_of_any_process(stack, secrets):
    with held(stack, "detenida", scopes_kit.UPLOAD) as (run, _):
        told = {
            f"{one.service} {one.id[:4]}": one.said("sh", "-c", LOOK, user=one.user)
            for one in stack.all()
            if one.is_running
        }
    assert any("--stdin-from-command" in text for text in told.values())
    assert all("PATH=" in text for text in told.values()), [name for name, text in told.items() if not text]
    found = {name: words for name, text in told.items() if (words := _held_in(text, secrets))}
    # PostgreSQL's image hands its superuser's password, which it reads from a file, on to the server itself.
    assert {(name.split()[0], word) for name, words in found.items() for word in words} <= {
        ("postgres", "postgres_password 0")
    }
    assert finish(stack, run).state == "success"


def test_no_secret_is_in_any_log(stack, saved, secrets):
    assert _held_in(stack.logs(lines=100000), secrets) == []
    logs = stack.one("scheduler").said("sh", "-c", "find /opt/respaldo/airflow/logs -type f -exec cat {} +")
    assert scopes_kit.DOCUMENTS in logs
    assert _held_in(logs, secrets) == []


def test_no_secret_is_in_airflows_database_as_it_is(stack, saved, secrets):
    told = stack.sql("airflow", "SELECT to_jsonb(one) FROM connection AS one")
    told += stack.sql("airflow", "SELECT value FROM xcom") + stack.sql("airflow", "SELECT extra FROM log")
    assert "respaldo_principal" in told
    assert _held_in(told, secrets) == []


def test_workers_are_given_no_key_to_airflows_database(stack):
    for worker in stack.each("worker"):
        given = set(worker.said("ls", "/run/secrets").split())
        assert given
        assert given & NOT_FOR_WORKERS == set()
        assert "SQL_ALCHEMY_CONN" not in json.dumps(worker.facts["Config"]["Env"])
