"""Notices go to a real mail server and a real service of apprise; whatever these do, nobody else notices."""

import contextlib
import email
import email.policy
import http.server
import json
import logging
import socket
import threading
import time

import pytest
from aiosmtpd.controller import Controller
from typer.testing import CliRunner

from respaldo.cli import app
from respaldo.config.organization import Organization
from respaldo.flows import mail
from respaldo.flows.notices import chat
from respaldo.flows.notices.letters import Notice
from respaldo.flows.notices.sending import send

SECRET = "c1av3-muy-s3creta"
LINK = "https://respaldo.example.org/dags/x/runs/y/tasks/decide/required_actions?map_index=-1"
NOTICE = Notice("Falló la copia «Nómina»: <Disco> lleno", "Causa: el disco & más.\n\nDecida aquí:\n", LINK)

pytestmark = pytest.mark.usefixtures("airflow_home")


@pytest.fixture(autouse=True)
def everything_is_logged(caplog, monkeypatch):
    """Log as much as anybody may ever switch on, and give back the levels that sending changes."""
    for name in chat._TALKATIVE:
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    caplog.set_level(logging.DEBUG)


@pytest.fixture(autouse=True)
def nobody_keeps_a_secret_in_a_log(caplog):
    yield
    assert SECRET not in caplog.text


def organization(*notify, **roles):
    roles = {"soporte": {"title": "Equipo de Soporte", "notify": notify}} | roles
    return Organization.model_validate(
        {
            "name": "A",
            "process": "P",
            "timezone": "America/Bogota",
            "form": {"version": "03", "date": "2022-02-03"},
            "roles": roles,
        }
    )


@pytest.fixture
def connect(monkeypatch):
    """Give Airflow a connection as the environment names them."""

    def put(name, **connection):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))

    return put


@pytest.fixture
def connect_mail(connect):
    def put(port, **changes):
        plain = {"disable_tls": True, "disable_ssl": True, "from_email": "copias@example.org"}
        connect("smtp_default", conn_type="smtp", host="127.0.0.1", port=port, extra=plain, **changes)

    return put


@pytest.fixture
def connect_chat(connect):
    def put(*urls, name="chat"):
        services = [{"path": url, "tag": "alguien"} for url in urls]
        connect(name, conn_type="apprise", extra={"config": services})

    return put


class Mailbox:
    """A mail server, and what it was given."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  (aiosmtpd's)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append((message["to"], message["subject"], message.get_body(("html",)).get_content()))
        return "250 OK"


class ForgetfulMailbox(Mailbox):
    """A mail server that refuses, and repeats a secret that it was told."""

    async def handle_DATA(self, _server, _session, _envelope):  # noqa: N802
        return f"550 no: {SECRET}"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@contextlib.contextmanager
def serving(mailbox):
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


@pytest.fixture
def mailbox(connect_mail):
    box = Mailbox()
    with serving(box) as port:
        connect_mail(port)
        yield box


class Service(http.server.ThreadingHTTPServer):
    """A service that apprise passes news on to: it keeps what it gets, and answers with a status."""

    def __init__(self, status=200):
        self.status, self.got = status, []
        super().__init__(("127.0.0.1", 0), _Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"json://ana:{SECRET}@127.0.0.1:{self.server_port}/{SECRET}/"


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_args):
        """A server of a test is quiet."""


@pytest.fixture
def service():
    with Service() as server:
        yield server
        server.shutdown()


@pytest.fixture
def silent_port():
    """A port that takes whoever comes, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def outcome(*told):
    [(role, _where, state, detail)] = told
    assert role == "soporte"
    return state, detail


def test_a_mail_has_the_subject_the_text_as_it_is_and_the_link(mailbox):
    assert outcome(*send(organization("sofia@example.org"), ["soporte"], NOTICE)) == ("sent", None)
    [(to, subject, content)] = mailbox.letters
    assert (to, subject) == ("sofia@example.org", NOTICE.subject)
    assert "Causa: el disco &amp; más." in content
    assert f'<a href="{LINK}">{LINK}</a>' in content


def test_a_service_of_apprise_gets_subject_text_and_link(service, connect_chat):
    connect_chat(service.url)
    assert outcome(*send(organization("chat"), ["soporte"], NOTICE)) == ("sent", None)
    [(path, got)] = service.got
    assert SECRET in path
    assert got["title"] == NOTICE.subject
    assert got["message"].startswith("Causa: el disco & más.")
    assert got["message"].endswith(LINK)


def test_every_place_of_every_role_is_told_once_and_each_is_logged(mailbox, service, connect_chat, caplog):
    connect_chat(service.url)
    director = {"title": "Director", "notify": ["sofia@example.org", "diana@example.org"]}
    told = send(
        organization("sofia@example.org", "chat", director=director, vacio={"title": "Nadie aún"}),
        ["soporte", "director", "vacio", "soporte"],
        NOTICE,
    )
    assert [(one.role, one.where, one.state) for one in told] == [
        ("soporte", "sofia@example.org", "sent"),
        ("soporte", "chat", "sent"),
        ("director", "diana@example.org", "sent"),
    ]
    assert sorted(to for to, _subject, _content in mailbox.letters) == [
        "diana@example.org",
        "sofia@example.org",
    ]
    assert len(service.got) == 1
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("respaldo")]
    assert ours == [
        "Aviso a Nadie aún: no hay a dónde avisarle (notify, en organization.yaml)",
        "Aviso a Equipo de Soporte, por sofia@example.org: enviado",
        "Aviso a Equipo de Soporte, por chat: enviado",
        "Aviso a Director, por diana@example.org: enviado",
    ]


def test_what_nobody_configured_is_told_as_that(connect, caplog):
    connect("de_otro_tipo", conn_type="http", host="127.0.0.1", password=SECRET)
    connect("vacia", conn_type="apprise", extra={"config": []})
    connect("ilegible", conn_type="apprise", extra={"config": f"slack://{SECRET}"})
    connect("sin_config", conn_type="apprise", extra={"path": f"slack://{SECRET}"})
    places = ("ana@example.org", "no_hay", "de_otro_tipo", "vacia", "ilegible", "sin_config")
    told = send(organization(*places), ["soporte"], NOTICE)
    assert {one.where: (one.state, one.detail) for one in told} == {
        "ana@example.org": (
            "not_configured", "no hay servidor de correo: falta la conexión «smtp_default»"
        ),
        "no_hay": ("not_configured", "la conexión «no_hay» no existe en Airflow"),
        "de_otro_tipo": (
            "not_configured", "la conexión «de_otro_tipo» es de tipo http, y debe ser de tipo apprise"
        ),
        **{
            name: ("not_configured", f"la conexión «{name}» no dice a qué servicios avisar (config)")
            for name in ("vacia", "ilegible", "sin_config")
        },
    }  # fmt: skip
    assert "por no_hay: falta configurar (la conexión «no_hay» no existe en Airflow)" in caplog.text


def test_a_url_that_apprise_does_not_know_fails_and_the_others_are_told(service, connect_chat):
    connect_chat(f"no-hay://{SECRET}", service.url, f"slack://{SECRET}")
    assert outcome(*send(organization("chat"), ["soporte"], NOTICE)) == (
        "failed",
        "2 de sus URL no se entienden",
    )
    assert len(service.got) == 1


def test_servers_that_are_down_fail_nothing(connect_mail, connect_chat):
    connect_mail(free_port(), password=SECRET, login="copias")
    connect_chat(f"json://127.0.0.1:{free_port()}/{SECRET}")
    by_mail, by_chat = send(organization("ana@example.org", "chat"), ["soporte"], NOTICE)
    assert (by_mail.state, by_chat.state) == ("failed", "failed")
    assert by_mail.detail.startswith("ConnectionRefusedError")
    assert by_chat.detail == "JSON: no recibió el aviso"


def test_servers_that_refuse_fail_nothing_and_their_answers_are_cleaned(connect_mail, connect_chat):
    with serving(ForgetfulMailbox()) as port, Service(status=403) as service:
        connect_mail(port, password=SECRET)
        connect_chat(service.url)
        by_mail, by_chat = send(organization("ana@example.org", "chat"), ["soporte"], NOTICE)
        service.shutdown()
    assert by_mail.state == "failed"
    assert "550" in by_mail.detail
    assert "no: ***" in by_mail.detail
    assert (by_chat.state, by_chat.detail) == ("failed", "JSON: no recibió el aviso")


def test_servers_that_say_nothing_hold_nobody_longer_than_one_patience(
    connect_mail, connect_chat, silent_port, monkeypatch
):
    assert (mail.PATIENCE_SECONDS, chat.PATIENCE_SECONDS) == (20, 20)
    monkeypatch.setattr(mail, "PATIENCE_SECONDS", 2)
    monkeypatch.setattr(chat, "PATIENCE_SECONDS", 2)
    connect_mail(silent_port)
    # A reader's time limit of the URL's own that is longer than our patience.
    connect_chat(f"json://127.0.0.1:{silent_port}/{SECRET}?rto=600")
    began = time.monotonic()
    told = send(organization("ana@example.org", "bea@example.org", "chat"), ["soporte"], NOTICE)
    assert time.monotonic() - began < 2 * 2
    assert {(one.state, one.detail) for one in told} == {("failed", "no terminó en 2 segundos")}


def test_a_library_that_breaks_fails_nothing_and_its_words_are_not_repeated(connect_chat, monkeypatch):
    import apprise

    def broken(*_args, **_kwargs):
        raise RuntimeError(f"slack://{SECRET}")

    monkeypatch.setattr(apprise.Apprise, "notify", broken)
    connect_chat(f"json://127.0.0.1:9/{SECRET}")
    assert outcome(*send(organization("chat"), ["soporte"], NOTICE)) == ("failed", "RuntimeError")


def test_airflow_that_gives_no_connection_fails_nothing(monkeypatch):
    from respaldo import connections

    def broken(_name):
        raise OSError("no database")

    monkeypatch.setattr(connections, "_get", broken)
    told = send(organization("ana@example.org", "chat"), ["soporte"], NOTICE)
    assert [one.detail for one in told] == ["OSError: no database", "OSError"]


def test_lint_names_each_place_whose_connection_is_missing_or_of_another_type(
    connect, connect_chat, tmp_path, monkeypatch
):
    (tmp_path / "scopes").mkdir()
    roles = {"soporte": {"title": "S", "notify": ["ana@example.org", "chat", "otra", "no_hay"]}}
    written = organization(**roles).model_dump(
        mode="json", exclude={"requests", "failures", "contracts", "archive"}
    )
    (tmp_path / "organization.yaml").write_text(json.dumps(written))
    repository = {"location": "/srv/r", "connection": "chat", "site": "S", "medium": "disco"}
    (tmp_path / "repositories.yaml").write_text(json.dumps({"principal": repository}))
    monkeypatch.setenv("RESPALDO_CONFIG", str(tmp_path))
    connect_chat("json://127.0.0.1")
    connect("otra", conn_type="http")
    done = CliRunner().invoke(app, ["lint"])
    assert done.exit_code == 1, done.output
    lines = [line.split("organization.yaml:1: ")[-1] for line in done.stdout.splitlines()]
    assert [line.split(":")[0] for line in lines] == [
        "roles.soporte.notify.0",
        "roles.soporte.notify.2",
        "roles.soporte.notify.3",
        "3 errores.",
    ]
    assert "«smtp_default» no existe en Airflow" in lines[0]
    assert "«otra» no es de tipo apprise: en Airflow es de tipo «http»" in lines[1]
    assert "«no_hay» no existe en Airflow" in lines[2]
