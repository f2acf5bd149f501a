"""``respaldo hosts``: the machines that are entered over SSH."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from respaldo import connections
from respaldo.cli.console import console, say, stop, told
from respaldo.texts import causes
from respaldo.texts import hosts as texts

if TYPE_CHECKING:
    from respaldo.actions.examine_host import Finding

Name = Annotated[str, typer.Argument(help=texts.NAME)]


def check(name: Name) -> None:
    """Examine a machine, and exit with 1 when anything is not as it should be."""
    from respaldo.actions.examine_host import examine_host
    from respaldo.restic.engine import find_engine

    with told():
        host, settings = connections.ssh_host(name), connections.host_settings(name)
        found = list(examine_host(host, settings, find_engine()))
    table = Table(*texts.HEADINGS, title=name)
    for one in found:
        table.add_row(texts.LOOKS[one.look], _judged(one), _told(one))
    console().print(table)
    problems = [one.problem for one in found if one.problem]
    for problem in problems:
        say(texts.MEND.format(told=causes.explain(problem), corrective=causes.corrective(problem)))
    if problems:
        raise typer.Exit(1)
    say(texts.ALL_GOOD.format(host=name))


def _judged(finding: Finding) -> str:
    if finding.problem:
        return texts.BAD
    return texts.LACKING if finding.note == "lacking" else texts.GOOD


def _told(finding: Finding) -> str:
    return f"{finding.found} ({texts.NOTES[finding.note]})" if finding.note else finding.found


def trust(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help=texts.TRUST_YES)] = False,  # noqa: FBT002
) -> None:
    """Show the fingerprint of a machine's key, ask, and keep the key in its connection."""
    from respaldo.hosts import ssh
    from respaldo.hosts.refusals import as_cause

    with told():
        host = connections.ssh_host(name)
        try:
            key = ssh.shown_key(host)
        except ssh.SshError as error:
            raise as_cause(host, error) from error
        shown = {"host": name, "address": host.address, "port": host.port}
        say(texts.SHOWN.format(key=key.text, fingerprint=key.fingerprint, **shown))
        if host.host_key == key.text:
            say(texts.ALREADY)
            return
        say(texts.CHANGED if host.host_key else texts.COMPARE)
        if not yes and typer.prompt(texts.ASK, prompt_suffix="", default="").strip() not in texts.ANSWERS:
            stop(texts.NOTHING_CHANGED)
        if not connections.keep_host_key(name, key.text):
            stop(texts.NOT_STORED.format(host=name, key=key.text))
        say(texts.TRUSTED.format(host=name))
