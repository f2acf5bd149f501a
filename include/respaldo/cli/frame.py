"""The frame of the command line in Spanish: what Typer writes around the commands' own words.

Typer takes no translations: its headings are replaced, and what it says of a command typed wrong is told
again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer import rich_utils
from typer.core import TyperCommand, TyperGroup, TyperOption

from respaldo.texts import frame as texts

_PHRASES = {
    "usage": "^Usage: ",
    "options": r"\[OPTIONS\]",
    "order": r"COMMAND \[ARGS\]\.\.\.",
    "invalid": "^Invalid value: ",
    "invalid_for": "^Invalid value for ",
    "no_argument": "^Missing argument ",
    "no_option_given": "^Missing option ",
    "no_order": r"^Missing command\.",
    "unknown_option": "^No such option: ",
    "alike": r"\(Possible options: (.*)\)$",
    "unknown_order": "^No such command ('.*')",
    "did_you_mean": r"\. Did you mean (.*)\?$",
    "too_many": r"^Got unexpected extra argument\(s\) ",
    "needs_value": r"^Option ('.*') requires an argument\.",
    "takes_no_value": r"^Option ('.*') does not take a value\.",
    "value_error": "Value error, ",
    "integer": "Input should be a valid integer(, .*)?$",
    "too_small": "Input should be greater than or equal to ",
    "too_big": "Input should be less than or equal to ",
    "no_choice": r" is not one of (.*)\.$",
}
"""What Typer says, as patterns; ``texts.PHRASES`` has the words for it."""

for _name, _text in texts.HEADINGS.items():
    setattr(rich_utils, _name, _text)


class Command(TyperCommand):
    """A command whose help and usage are in Spanish."""

    def get_usage(self, ctx: Any) -> str:  # noqa: ANN401  (a class that Typer keeps to itself)
        return in_spanish(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> TyperOption | None:  # noqa: ANN401
        return _told(super().get_help_option(ctx))


class Group(TyperGroup):
    """A group of commands; it also tells in Spanish what is wrong with the words that follow it."""

    def get_usage(self, ctx: Any) -> str:  # noqa: ANN401
        return in_spanish(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> TyperOption | None:  # noqa: ANN401
        return _told(super().get_help_option(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        with _misuse():
            for word in args:
                _check(word, ctx)
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        with _misuse():
            return super().invoke(ctx)


class _MisuseError(typer.BadParameter):
    """What is wrong with the words that somebody typed, in Spanish."""

    def format_message(self) -> str:
        return self.message


def in_spanish(text: str) -> str:
    """Tell what Typer says; what it says in words that are not known stays as it is."""
    for name, pattern in _PHRASES.items():
        text = re.sub(pattern, texts.PHRASES[name], text)
    return text


@contextmanager
def _misuse() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        said = error.format_message()
        told = in_spanish(said)
        if told == said:
            raise
        raise _MisuseError(told, ctx=getattr(error, "ctx", None)) from error


def _check(word: str, ctx: Any) -> None:  # noqa: ANN401
    """Refuse a word that neither a terminal nor the report can hold: bytes that are no text."""
    try:
        word.encode()
    except UnicodeEncodeError:
        shown = word.encode(errors="surrogateescape").decode(errors="replace")
        raise _MisuseError(texts.NO_TEXT.format(word=shown), ctx=ctx) from None


def _told(option: TyperOption | None) -> TyperOption | None:
    if option is not None:
        option.help = texts.HELP
    return option
