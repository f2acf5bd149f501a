"""The environment of the installation's programs, and the file that gives it to a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from respaldo.embedded import postgres
from respaldo.embedded.layout import Layout
from respaldo.embedded.ports import HOST
from respaldo.embedded.processes import MARK

_LOCAL = f"{HOST},localhost"


def variables(layout: Layout) -> dict[str, str]:
    """Give what must be set for any of our commands to find the installation; no secret is among it."""
    return {
        "AIRFLOW_HOME": str(layout.airflow),
        "RESPALDO_HOME": str(layout.home),
        "RESPALDO_CONFIG": str(layout.config),
    }


def adopt(layout: Layout) -> None:
    """Let this process find the installation and its programs, as ``env`` does for a shell."""
    os.environ.update(variables(layout))
    os.environ["PATH"] = os.pathsep.join((*_folders(layout), os.environ.get("PATH", os.defpath)))


def of_programs(layout: Layout, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give the whole environment of the supervised programs."""
    kept = {name: value for name, value in inherited.items() if not _is_harmful(name)}
    # The machine's proxy is not for the tasks' calls to our own web server.
    proxies = {name: ",".join(filter(None, (kept.get(name), _LOCAL))) for name in ("no_proxy", "NO_PROXY")}
    return (
        kept
        | variables(layout)
        | proxies
        | {
            "PATH": os.pathsep.join((*_folders(layout), kept.get("PATH", os.defpath))),
            MARK: str(layout.home),
            # Airflow's processes give themselves titles, and would write them over their environment.
            "SPT_NOENV": "1",
            "PYTHONUNBUFFERED": "1",
        }
    )


def _is_harmful(name: str) -> bool:
    # AIRFLOW__SECTION__KEY, meant for another Airflow, would overrule our configuration file. Without
    # compiled modules each program takes twice as long to start.
    return name.startswith("AIRFLOW_") or name == "PYTHONDONTWRITEBYTECODE"


def shell_file(layout: Layout) -> str:
    """Give the text of a file to be sourced by a shell."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(layout).items()]
    folders = os.pathsep.join(map(shlex.quote, _folders(layout)))
    return "\n".join([*lines, f'export PATH={folders}{os.pathsep}"$PATH"', ""])


def _folders(layout: Layout) -> tuple[str, ...]:
    return (*map(str, layout.search_path), str(postgres.programs()))
