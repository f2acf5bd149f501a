"""The password of each scope's repository, derived from one master secret.

The derivation is part of every copy ever made: it never changes. `docs/restore-by-hand.md` repeats it with
nothing but Python's standard library.
"""

from __future__ import annotations

from pydantic import SecretStr

SALT = b"respaldo/v1"


def derive_password(master: SecretStr, repository: str, scope_id: str) -> SecretStr:
    """Derive the restic password of one scope in one repository: 64 hexadecimal digits.

    HKDF-SHA256 over the master secret, with the names of repository and scope as context: whoever sees one
    password learns no other, and the master secret alone opens everything.
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derivation = HKDF(algorithm=SHA256(), length=32, salt=SALT, info=f"{repository}/{scope_id}".encode())
    return SecretStr(derivation.derive(master.get_secret_value().strip("\r\n").encode()).hex())
