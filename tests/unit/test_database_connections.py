"""A connection leads to a database server by its name, or by the socket that MySQL's form keeps beside it."""

from types import SimpleNamespace

import pytest

from respaldo import connections


@pytest.mark.parametrize(
    ("host", "extra", "led_to"),
    [
        ("10.0.0.7", {}, "10.0.0.7"),
        ("localhost", {"unix_socket": "/run/mysqld/mysqld.sock"}, "/run/mysqld/mysqld.sock"),
        ("", {}, None),
    ],
)
def test_a_connection_leads_to_a_server(monkeypatch, host, extra, led_to):
    found = SimpleNamespace(
        host=host, port=3306, login="copia", password="clave", schema="", extra_dejson=extra
    )
    monkeypatch.setattr(connections, "_get", lambda _: found)
    endpoint = connections.endpoint("nomina_db")
    assert (endpoint.host, endpoint.port, endpoint.user, endpoint.database) == (led_to, 3306, "copia", None)
    assert "clave" not in repr(endpoint)
