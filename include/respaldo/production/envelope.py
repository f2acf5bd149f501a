"""The lines of the envelope: each is a secret's name, the secret, and a check that tells a mistyped one.

On paper a line is grouped for whoever types it, in the QR code it is short; both are read alike, for spaces
do not count.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from respaldo.production.errors import EnvelopeError, LineProblem

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Those that nobody mistakes for another: no i, l, o, 0 or 1."""

GROUP = 5
_NAME_WIDTH = 20
_CHECK_LETTERS = 4
_LINE = re.compile(r"(\S+)\s+(\S.*?)\s*=\s*([^\s=]+)")
_SHORTEST = 16
"""A line of a letter that ends in ``= word`` holds no secret of this length."""


def check_of(name: str, secret: str) -> str:
    """Sum a line up in four letters: of a million mistyped lines one is taken for good.

    The name counts too: two lines whose secrets are swapped are both wrong.
    """
    number = int.from_bytes(hashlib.sha256(f"{name} {secret}".encode()).digest())
    letters = ""
    for _ in range(_CHECK_LETTERS):
        number, place = divmod(number, len(LETTERS))
        letters += LETTERS[place]
    return letters


def on_paper(name: str, secret: str) -> str:
    """Write a line for who reads and types it."""
    groups = " ".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))
    return f"{name:<{_NAME_WIDTH}}{groups} = {check_of(name, secret)}"


def in_short(secrets: Mapping[str, str]) -> str:
    """Write all lines for a machine that reads them: what the QR code says."""
    return "\n".join(f"{name} {secret}={check_of(name, secret)}" for name, secret in secrets.items())


class Envelope:
    """The secrets that were read so far, of those that belong in the envelope.

    :param names: what belongs in it.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self.secrets: dict[str, str] = {}

    def take(self, line: str, number: int = 0) -> LineProblem | None:
        """Read a line, or say what is wrong with it. The sheet's other words are passed over.

        :param number: which line it is, for one that does not begin with a name.
        """
        name, *_ = line.split(maxsplit=1) or ("",)
        if name not in self.names:
            return LineProblem("unnamed", number=number) if _is_like_one(line) else None
        if not (parts := _LINE.fullmatch(line.strip())):
            return LineProblem("unchecked", name)
        secret = "".join(parts[2].split())
        if parts[3] != check_of(name, secret):
            return LineProblem("mistyped", name)
        if name in self.secrets:
            return LineProblem("twice", name)
        self.secrets[name] = secret
        return None

    @property
    def is_complete(self) -> bool:
        """Whether every secret is there."""
        return len(self.secrets) == len(self.names)

    @property
    def absent(self) -> tuple[LineProblem, ...]:
        """Tell the secrets that no good line had."""
        return tuple(LineProblem("missing", name) for name in self.names if name not in self.secrets)


def read(text: str, names: Iterable[str]) -> dict[str, str]:
    """Read the sheet, or its lines alone, or what its QR code says.

    :raises EnvelopeError: with all that is wrong with the lines.
    """
    envelope = Envelope(names)
    taken = [envelope.take(line, number) for number, line in enumerate(text.splitlines(), 1)]
    problems = [problem for problem in taken if problem]
    # A line that was told as wrong is not missing.
    told = {problem.name for problem in problems}
    problems += [problem for problem in envelope.absent if problem.name not in told]
    if problems:
        raise EnvelopeError(tuple(problems))
    return {name: envelope.secrets[name] for name in envelope.names}


def _is_like_one(line: str) -> bool:
    parts = _LINE.fullmatch(line.strip())
    return parts is not None and len(parts[3]) == _CHECK_LETTERS and len(parts[2]) >= _SHORTEST
