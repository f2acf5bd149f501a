"""``python -m respaldo.embedded up|down|status``: the installation, from a terminal."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from respaldo.domain.errors import RespaldoError
from respaldo.embedded.configured import settings_of
from respaldo.embedded.health import PARTS
from respaldo.embedded.installation import ADMINISTRATOR, Installation
from respaldo.texts import embedded as texts


def say(line: str) -> None:
    """Write a line to the terminal at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def up(installation: Installation) -> int:
    """Start the installation and say where it is."""
    installation.start(settings_of(installation.layout))
    say(
        texts.READY.format(
            address=installation.address,
            user=ADMINISTRATOR,
            password=installation.password_of(ADMINISTRATOR),
            file=installation.layout.passwords,
            env=installation.layout.env_file,
        )
    )
    return 0


def down(installation: Installation) -> int:
    """Stop the installation."""
    installation.stop()
    return 0


def status(installation: Installation) -> int:
    """Say what runs; the exit code is 0 only when all is well."""
    found = installation.status()
    if not found.programs:
        say(texts.NOT_RUNNING)
    for name, state in found.programs.items():
        say(texts.STATUS_LINE.format(name=name, state=texts.STATES[state]))
    if found.orphans:
        say(texts.ORPHANS.format(names=", ".join(found.orphans)))
    well = bool(found.programs) and found.health.is_good()
    if well:
        say(texts.HEALTHY.format(address=installation.address))
    elif found.programs:
        say(
            texts.UNHEALTHY.format(
                parts=", ".join(part for part in PARTS if found.health.status[part] != "healthy")
            )
        )
    return 0 if well and not found.orphans else 1


def explained(error: RespaldoError) -> str:
    """Say in words what went wrong; a cause without a text of its own at least gives its facts."""
    text = texts.ERRORS.get(error.code)
    with contextlib.suppress(KeyError):
        return text.format(**error.facts) if text else str(error)
    return str(error)


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m respaldo.embedded", description=texts.PROGRAM)
    parser.add_argument("--project", type=Path, default=Path.cwd(), help=texts.PROJECT)
    commands = parser.add_subparsers(required=True)
    for name, action, text in (
        ("up", up, texts.UP),
        ("down", down, texts.DOWN),
        ("status", status, texts.STATUS),
    ):
        commands.add_parser(name, help=text).set_defaults(action=action)
    chosen = parser.parse_args()
    try:
        return int(chosen.action(Installation.open(chosen.project, say)))
    except RespaldoError as error:
        sys.stderr.write(explained(error) + "\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(texts.INTERRUPTED + "\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
