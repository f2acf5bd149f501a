"""A connection of type ssh, as Airflow's form writes it, leads to a machine; none that is not checked."""

from types import SimpleNamespace

import pytest

from respaldo import connections
from respaldo.domain.errors import ConnectionIncompleteError, ConnectionMissingError
from respaldo.hosts import ssh
from respaldo.hosts.limits import Limits


@pytest.fixture
def stored(monkeypatch):
    def store(**extra):
        host = extra.pop("host", "10.0.0.7")
        found = SimpleNamespace(host=host, port=None, login="lector", password="clave", extra_dejson=extra)
        monkeypatch.setattr(connections, "_get", lambda _: found)

    return store


def test_a_connection_leads_to_a_machine(stored):
    stored(host_key="ssh-ed25519 AAAA", private_key="-----", private_key_passphrase="frase")
    host = connections.ssh_host("veeam")
    assert (host.name, host.address, host.port, host.user) == ("veeam", "10.0.0.7", 22, "lector")
    assert host.password.get_secret_value() == "clave"
    assert host.private_key.get_secret_value() == "-----"
    assert host.passphrase.get_secret_value() == "frase"
    assert host.host_key == "ssh-ed25519 AAAA"
    assert "clave" not in repr(host)
    assert "frase" not in repr(host)


def test_a_private_key_may_be_in_a_file_of_the_worker(stored, tmp_path):
    (tmp_path / "id").write_text("-----BEGIN")
    stored(key_file=str(tmp_path / "id"))
    assert connections.ssh_host("veeam").private_key.get_secret_value() == "-----BEGIN"


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"host": ""}, "host"),
        ({"no_host_key_check": "true"}, "host_key"),
        ({"no_host_key_check": True}, "host_key"),
        ({"allow_host_key_change": True}, "host_key"),
        ({"key_file": "/no/hay"}, "key_file"),
    ],
)
def test_a_connection_that_lacks_something_or_checks_no_key_is_refused(stored, extra, field):
    stored(**extra)
    with pytest.raises(ConnectionIncompleteError) as error:
        connections.ssh_host("veeam")
    assert error.value.facts["field"].startswith(field)


def test_a_connection_says_how_its_machine_is_worked_on(stored):
    stored()
    usual = connections.host_settings("veeam")
    assert (usual.limits, usual.upload_kib_per_second) == (Limits(nice=10, idle_disk=True), None)
    assert (usual.keep_restic, usual.folder, usual.forwarding, usual.platform) == (
        False, "/tmp", "socket", "posix",
    )  # fmt: skip
    stored(
        respaldo={
            "nice": None,
            "idle_disk": False,
            "upload": "20M",
            "keep_restic": True,
            "folder": "/var/tmp",
            "forwarding": "tcp",
        }
    )
    other = connections.host_settings("veeam")
    assert (other.limits.before(), other.upload_kib_per_second) == ((), 19531)
    assert (other.keep_restic, other.folder, other.forwarding) == (True, "/var/tmp", "tcp")


@pytest.mark.parametrize(
    ("respaldo", "field"),
    [
        ({"nice": 30}, "respaldo.nice"),
        ({"nise": 10}, "respaldo.nise"),
        ({"upload": "20M/s"}, "respaldo.upload"),
        ({"upload": 5}, "respaldo.upload"),
        ({"folder": "tmp"}, "respaldo.folder"),
        ({"forwarding": "udp"}, "respaldo.forwarding"),
        ({"platform": "vms"}, "respaldo.platform"),
        ("nice", "respaldo"),
    ],
)
def test_what_is_written_wrong_of_it_is_refused_with_its_place(stored, respaldo, field):
    stored(respaldo=respaldo)
    with pytest.raises(ConnectionIncompleteError) as error:
        connections.host_settings("veeam")
    assert error.value.facts["field"].startswith(f"{field} (")


@pytest.fixture
def several(monkeypatch):
    def store(**jumps):
        def get(name):
            if name not in jumps:
                raise ConnectionMissingError(connection=name)
            extra = {"jump": jumps[name], "host_key": f"ssh-ed25519 {name}"}
            return SimpleNamespace(
                host=f"{name}.local", port=None, login="x", password="y", extra_dejson=extra
            )

        monkeypatch.setattr(connections, "_get", get)

    return store


def test_a_connection_names_the_one_by_which_its_machine_is_reached(several):
    several(veeam="borde", borde="puerta", puerta=None)
    host = connections.ssh_host("veeam")
    way = [(one.name, one.host_key) for one in (host.jump, host.jump.jump)]
    assert way == [("borde", "ssh-ed25519 borde"), ("puerta", "ssh-ed25519 puerta")]
    assert host.jump.jump.jump is None


@pytest.mark.parametrize(
    ("jumps", "way"),
    [
        ({"veeam": "veeam"}, "veeam → veeam"),
        ({"veeam": "borde", "borde": "veeam"}, "veeam → borde → veeam"),
        ({"veeam": "borde", "borde": "puerta", "puerta": "borde"}, "veeam → borde → puerta → borde"),
    ],
)
def test_a_way_that_never_comes_to_an_end_is_refused(several, jumps, way):
    several(**jumps)
    with pytest.raises(ConnectionIncompleteError) as error:
        connections.ssh_host("veeam")
    assert error.value.facts == {"connection": "veeam", "field": f"jump ({way})"}


def test_a_way_over_a_connection_that_does_not_exist_is_refused_by_its_name(several):
    several(veeam="borde")
    with pytest.raises(ConnectionMissingError) as error:
        connections.ssh_host("veeam")
    assert error.value.facts == {"connection": "borde"}


@pytest.mark.parametrize("content", [b"equipo\n", b"\xf1\n"])
def test_a_list_of_known_machines_that_cannot_be_read_is_told_as_it_is(tmp_path, monkeypatch, content):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_bytes(content)
    with pytest.raises(ssh.SshError) as error:
        ssh.read_file(ssh.Host(name="veeam", address="127.0.0.1", port=1), "/srv/x", 10, 5)
    assert (error.value.reason, error.value.is_passing) == ("known_hosts", False)


def test_a_name_that_no_machine_can_have_leads_to_none():
    with pytest.raises(ssh.SshError) as error:
        ssh.read_file(ssh.Host(name="veeam", address="equipo..local", host_key=None), "/srv/x", 10, 5)
    assert error.value.reason == "host_unreachable"
