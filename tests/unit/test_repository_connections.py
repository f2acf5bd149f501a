"""A connection of type restic, as Airflow's form writes it, tells how a repository's server is entered."""

from types import SimpleNamespace

import pytest

from respaldo import connections
from respaldo.domain.errors import ConnectionIncompleteError
from respaldo.flows.provider import provider_info
from respaldo.restic.access import Access, Login

asyncssh = pytest.importorskip("asyncssh")


@pytest.fixture
def stored(monkeypatch):
    def store(**extra):
        found = SimpleNamespace(login=extra.pop("login", None), password="maestro", extra_dejson=extra)
        monkeypatch.setattr(connections, "_get", lambda _: found)

    return store


def test_a_connection_with_a_master_secret_alone_enters_nothing(stored):
    stored()
    assert connections.repository_login("respaldo_principal") == Login()


def test_a_connection_holds_the_login_of_a_server_beside_the_master_secret(stored):
    stored(login="respaldo", secret="clave", host_key="", jump="u@salto:22")
    login = connections.repository_login("respaldo_nube")
    assert (login.user, login.secret.get_secret_value()) == ("respaldo", "clave")
    assert (login.host_key, login.jump) == (None, "u@salto:22")
    assert "clave" not in repr(login)
    assert "maestro" not in repr(login)


def test_a_private_key_is_opened_with_its_passphrase(stored):
    key = asyncssh.generate_private_key("ssh-ed25519")
    sealed = key.export_private_key("openssh", passphrase="frase").decode()
    stored(private_key=sealed, private_key_passphrase="frase")
    opened = connections.repository_login("respaldo_nas").private_key.get_secret_value()
    assert asyncssh.import_private_key(opened).public_data == key.public_data


@pytest.mark.parametrize("passphrase", [None, "otra"])
def test_a_private_key_that_does_not_open_is_told_and_not_shown(stored, passphrase):
    sealed = asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh", passphrase="frase")
    stored(private_key=sealed.decode(), private_key_passphrase=passphrase)
    with pytest.raises(ConnectionIncompleteError) as caught:
        connections.repository_login("respaldo_nas")
    assert caught.value.facts["field"].startswith("private_key")
    assert sealed.decode().split("\n")[1] not in str(caught.value)


def test_a_key_file_that_is_not_there_is_told(stored):
    stored(key_file="/nonexistent/key")
    with pytest.raises(ConnectionIncompleteError) as caught:
        connections.repository_login("respaldo_nas")
    assert "key_file" in caught.value.facts["field"]


def test_the_form_has_a_field_for_all_that_is_read(stored):
    (kind,) = provider_info()["connection-types"]
    asked = []

    class Extra(dict):
        def get(self, key, default=None):
            asked.append(key)
            return super().get(key, default)

    stored()
    connections._get("x").extra_dejson = Extra()
    connections.repository_login("x")
    assert set(asked) == set(kind["conn-fields"])
    assert "login" not in kind["ui-field-behaviour"]["hidden-fields"]


def test_no_secret_is_shown_by_what_restic_is_told():
    access = Access.to(
        "rest:https://h/x",
        Login(user="u", secret="clave-de-rest"),
        name="nube",
        options={"rest.connections": "2"},
    )
    assert "clave-de-rest" not in repr(access)
    assert access.options == ("rest.connections=2",)
    access = Access.to(
        "sftp:u@h:/x", Login(private_key="clave-privada", host_key="ssh-ed25519 AAAA"), name="nas"
    )
    assert "clave-privada" not in repr(access)
    assert "clave-privada" not in access.ssh.text
