"""The derivation of passwords never changes: every copy ever made depends on it."""

import hashlib
import hmac
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from respaldo.restic.passwords import derive_password

PAGE = Path(__file__).parents[2] / "docs" / "restore-by-hand.md"
KNOWN = "a4e3935ee13acc56bacd945ec651a7cf2e9227cdecb2f100a8c7e8ce716721dc"
"""Of master, principal and erp."""

MASTER = SecretStr("un secreto maestro, con ñ")


def derived(master: SecretStr, repository: str, scope_id: str) -> str:
    return derive_password(master, repository, scope_id).get_secret_value()


def by_the_standard(secret: str, repository: str, scope_id: str) -> str:
    """HKDF-SHA256 of RFC 5869, one block, with nothing but the standard library."""
    key = hmac.new(b"respaldo/v1", secret.encode(), hashlib.sha256).digest()
    return hmac.new(key, f"{repository}/{scope_id}".encode() + b"\x01", hashlib.sha256).hexdigest()


def test_a_password_that_was_derived_once_is_derived_for_ever():
    assert derived(SecretStr("master"), "principal", "erp") == KNOWN


def test_the_derivation_is_the_standard_one():
    assert derived(MASTER, "principal", "erp") == by_the_standard(
        MASTER.get_secret_value(), "principal", "erp"
    )


def test_the_page_for_restores_by_hand_derives_the_same(tmp_path):
    script = re.search(r"<<'FIN'\n(.*?getpass.*?)\nFIN\n", PAGE.read_text(), re.DOTALL)
    envelope = tmp_path / "envelope"
    envelope.write_text(MASTER.get_secret_value() + "\n", encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-c", script[1], "principal", "erp", envelope],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert said.strip() == derived(MASTER, "principal", "erp")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_the_line_end_of_an_envelope_is_no_part_of_the_secret(ending):
    assert derived(SecretStr(f"master{ending}"), "principal", "erp") == KNOWN


def test_spaces_are_part_of_the_secret():
    assert derived(SecretStr(" master"), "principal", "erp") != KNOWN


def test_each_repository_and_each_scope_has_its_own():
    names = [("principal", "erp"), ("secundario", "erp"), ("principal", "archivos")]
    assert len({derived(MASTER, *each) for each in names}) == len(names)


def test_a_password_does_not_show_itself():
    secret = derive_password(MASTER, "principal", "erp")
    assert secret.get_secret_value() not in repr(secret) + str(secret)
