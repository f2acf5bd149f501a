"""A real restic-rest-server on this machine, for some time: with logins, TLS, append-only, as asked."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "respaldo", "c1@ve/de:prueba%"


@dataclass(frozen=True)
class RestServer:
    """Where it listens, and where what it keeps is on disk."""

    folder: Path
    port: int
    ca: Path | None

    @property
    def location(self) -> str:
        return f"rest:{'https' if self.ca else 'http'}://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        return self.folder / "data"


@contextlib.contextmanager
def rest_server(
    program: str, folder: Path, *options: str, tls: bool = False, port: int | None = None
) -> Iterator[RestServer]:
    """Run a server that one user may enter.

    :param options: of its own, such as ``--append-only``.
    :param tls: with a certificate of an authority that nobody knows: `RestServer.ca`.
    """
    import bcrypt

    (folder / "data").mkdir(parents=True, exist_ok=True)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    (folder / "htpasswd").write_text(f"{USER}:{hashed}\n")
    if port is None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = int(listening.getsockname()[1])
    server = RestServer(folder, port, folder / "ca.pem" if tls else None)
    words = [program, "--path", server.data, "--listen", f"127.0.0.1:{port}"]
    words += ["--htpasswd-file", folder / "htpasswd", *options]
    if tls:
        make_certificates(folder)
        words += ["--tls", "--tls-cert", folder / "server.pem", "--tls-key", folder / "server.key"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *words], stdout=log, stderr=log)
    try:
        _wait_for(port, process, folder / "log")
        yield server
    finally:
        process.terminate()
        process.wait(10)


def make_certificates(folder: Path) -> None:
    """Make an authority (``ca.pem``) and a certificate of it for 127.0.0.1 (``server.pem``)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.UTC)

    def certificate(name: str, issuer: str, key, signer, extension, critical):
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(extension, critical=critical)
            .sign(signer, hashes.SHA256())
        )

    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    ca = certificate("Autoridad", "Autoridad", authority, authority, constraints, critical=True)
    server = certificate("servidor", "Autoridad", own, authority, addresses, critical=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem))
    (folder / "server.key").write_bytes(
        own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _name(name: str):
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    pytest.fail(log.read_text(errors="replace"))
