"""Make the key of a new restic repository quick to derive: in tests its strength protects nothing.

restic spends half a second of computing on each opening of a repository (scrypt with 2^15 rounds and more),
and the tests open thousands. The repository stays what restic made, but for how its password becomes its key.

    python weak_keys.py RESTIC ARGUMENTS...    runs `restic ... init ...`, then weakens what it made
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

ROUNDS = 2**4
_NONCE = 16
_TAG = 16
# Bits of r that Poly1305 keeps clear.
_CLEARED = bytes.fromhex("0ffffffc0ffffffc0ffffffc0fffffff")[::-1]


def main(program: str, *arguments: str) -> int:
    """Do what restic does; a password comes over a pipe, which can be read once."""
    words = list(arguments)
    place = words.index("--password-file") + 1
    password = Path(words[place]).read_bytes()
    with tempfile.NamedTemporaryFile() as kept:
        kept.write(password)
        kept.flush()
        words[place] = kept.name
        done = subprocess.run([program, *words], pass_fds=_descriptors(words))
    # Of a server's folder nothing is known here, nor is its location where it holds a login.
    if done.returncode == 0 and "--repo" in words:
        weaken(Path(words[words.index("--repo") + 1]), password.rstrip(b"\r\n"))
    return done.returncode


def _descriptors(words: list[str]) -> tuple[int, ...]:
    """Name the descriptors of other repositories' passwords."""
    return tuple(int(word.removeprefix("/dev/fd/")) for word in words if word.startswith("/dev/fd/"))


def weaken(repository: Path, password: bytes) -> None:
    """Write the only key of a repository in a folder anew."""
    if not (repository / "keys").is_dir():
        return
    (file,) = (repository / "keys").iterdir()
    key = json.loads(file.read_bytes())
    opened = _open(base64.b64decode(key["data"]), _derived(key, password))
    key["N"] = ROUNDS
    key["data"] = base64.b64encode(_seal(opened, _derived(key, password))).decode()
    content = json.dumps(key).encode()
    weak = file.with_name(hashlib.sha256(content).hexdigest())
    weak.write_bytes(content)
    weak.chmod(0o400)
    file.chmod(0o600)
    file.unlink()


def _derived(key: dict[str, int | str], password: bytes) -> bytes:
    salt = base64.b64decode(key["salt"])
    return hashlib.scrypt(password, salt=salt, n=key["N"], r=key["r"], p=key["p"], dklen=64, maxmem=2**30)


def _open(sealed: bytes, derived: bytes) -> bytes:
    nonce, secret, tag = sealed[:_NONCE], sealed[_NONCE:-_TAG], sealed[-_TAG:]
    _authenticator(nonce, secret, derived).verify(tag)
    return _aes_ctr(nonce, secret, derived)


def _seal(plain: bytes, derived: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    secret = _aes_ctr(nonce, plain, derived)
    return nonce + secret + _authenticator(nonce, secret, derived).finalize()


def _aes_ctr(nonce: bytes, text: bytes, derived: bytes) -> bytes:
    context = Cipher(algorithms.AES256(derived[:32]), modes.CTR(nonce)).encryptor()
    return context.update(text) + context.finalize()


def _authenticator(nonce: bytes, secret: bytes, derived: bytes) -> Poly1305:
    """Poly1305-AES: the one-time half of its key is the nonce under AES-128."""
    r = bytes(byte & mask for byte, mask in zip(derived[48:64], _CLEARED, strict=True))
    encryptor = Cipher(algorithms.AES128(derived[32:48]), modes.ECB()).encryptor()  # noqa: S305  (one block: that is AES itself)
    authenticator = Poly1305(r + encryptor.update(nonce) + encryptor.finalize())
    authenticator.update(secret)
    return authenticator


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
