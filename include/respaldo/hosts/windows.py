"""What is said to a Windows machine: to PowerShell, in a way that no shell on the way can misread.

The line is always the same: a few words of PowerShell, encoded. They read a script and what it is given from
standard input, encoded too, so nothing is quoted for PowerShell and no line is too long for ``cmd.exe``. Only
a program's own arguments are quoted, as Windows' programs read them. It is Windows PowerShell 5.1, which all
since Server 2016 have.
"""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex

from pydantic import SecretStr

from respaldo.hosts.dialects import Spoken
from respaldo.hosts.limits import Limits
from respaldo.hosts.worker import Argument

_KEEPER = Path(__file__).with_name("keeper.ps1").read_text()
_KEPT = Path(__file__).with_name("kept.ps1").read_text()

_POWERSHELL = "powershell -NoProfile -NonInteractive -InputFormat None -OutputFormat Text -EncodedCommand"
"""Without ``-InputFormat None`` PowerShell reads standard input itself, and has what is meant for us."""

FIRST = """\
$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'
$utf8 = New-Object Text.UTF8Encoding $false
$in = New-Object IO.StreamReader([Console]::OpenStandardInput(), $utf8)
$out = [Console]::OpenStandardOutput()
function word { $utf8.GetString([Convert]::FromBase64String($in.ReadLine())) }
function say($text) { $bytes = $utf8.GetBytes("$text`n"); $out.Write($bytes, 0, $bytes.Length); $out.Flush() }
try {
    $task = word; $given = word | ConvertFrom-Json
    . ([ScriptBlock]::Create($task))
} catch { [Console]::Error.WriteLine($_.Exception.GetBaseException().Message); exit 1 }
"""
"""What the line does. It knows `word`, which reads, and `say`, which writes a line, both in UTF-8. Errors are
written by us: PowerShell would write them as XML."""

_END = """
foreach ($again in 1..40) { if ([IO.File]::Exists($given.noted)) { break }; Start-Sleep -Milliseconds 250 }
taskkill /T /F /PID ([IO.File]::ReadAllText($given.noted)) | Out-Null
"""
_FREE = "say (New-Object IO.DriveInfo([IO.Path]::GetPathRoot($given.folder))).AvailableFreeSpace"
_LOOK = """
say "windows-$($env:PROCESSOR_ARCHITECTURE.ToLower())"
say (Get-Command restic.exe -CommandType Application -ErrorAction Ignore | Select-Object -First 1).Path
say ''
"""
_SUM = """
$sum = [Security.Cryptography.SHA256]::Create().ComputeHash([IO.File]::OpenRead($given.path))
say ([BitConverter]::ToString($sum).Replace('-', '').ToLower())
"""
_USER = "say ([Security.Principal.WindowsIdentity]::GetCurrent().Name)"
_CLOCK = "say ([DateTimeOffset]::UtcNow.ToUnixTimeSeconds())"
_WANTED = ("PowerShell 5", "Administrators")
_LACKING = """
if ($PSVersionTable.PSVersion.Major -lt 5) { say 'PowerShell 5' }
$me = New-Object Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { say 'Administrators' }
"""
_LACKING_FOR_SOME = "# Nothing: what looks at files is PowerShell too, and no other kind is worked on there."


class Windows:
    """See `respaldo.hosts.dialects.Dialect`."""

    restic = "restic.exe"

    def keeper(self, base: str, seconds: int) -> Spoken:
        return script(_KEEPER, base=base, seconds=seconds)

    def run(
        self,
        folder: str,
        name: str,
        argv: Sequence[Argument],
        env: Mapping[str, str],
        limits: Limits,
        stdin: SecretStr | None,
    ) -> Spoken:
        handed = {f"respaldo-{token_hex(16)}": part for part in argv if isinstance(part, SecretStr)}
        pipes = iter(handed)
        program, *words = (part if isinstance(part, str) else rf"\\.\pipe\{next(pipes)}" for part in argv)
        line, first = script(
            _KEPT,
            folder=folder,
            name=name,
            program=program,
            # As CommandLineToArgvW reads it.
            arguments=subprocess.list2cmdline(words),
            environment=dict(env),
            pipes=list(handed),
            priority=None if limits.nice is None else "BelowNormal",
        )
        read = f"{stdin.get_secret_value()}\n" if stdin else ""
        return Spoken(line, first + _encoded(*(one.get_secret_value() for one in handed.values()), read))

    def end(self, folder: str, name: str, signal: str) -> Spoken:  # noqa: ARG002  (there is but one way)
        return script(_END, noted=f"{folder}/run.{name}")

    def words(self, argv: Sequence[str]) -> Spoken:
        return self.run("", "", argv, {}, Limits(nice=None), None)

    def free(self, folder: str) -> Spoken:
        return script(_FREE, folder=folder)

    def look(self) -> Spoken:
        return script(_LOOK)

    def sum_of(self, path: str) -> Spoken:
        return script(_SUM, path=path)

    def user(self) -> Spoken:
        return script(_USER)

    def clock(self) -> Spoken:
        return script(_CLOCK)

    def wanted(self, limits: Limits) -> tuple[str, ...]:  # noqa: ARG002  (no program is needed for them)
        return _WANTED

    def lacking(self, limits: Limits) -> Spoken:  # noqa: ARG002
        return script(_LACKING)

    def lacking_for_some(self) -> Spoken:
        return script(_LACKING_FOR_SOME)

    def saving(self, words: Sequence[Argument]) -> tuple[Argument, ...]:
        """Have files read from a snapshot of their volume: those that are open for writing can be read there
        only. Paths are written as Windows does."""
        if "backup" not in words or "--stdin-from-command" in words:
            return tuple(words)
        at, paths = words.index("backup") + 1, words.index("--")
        told = [*words[:at], "--use-fs-snapshot", *words[at:paths]]
        for number, word in enumerate(told):
            if word == "--exclude":
                told[number + 1] = native(str(told[number + 1]))
        return (*told, "--", *(native(str(path)) for path in words[paths + 1 :]))

    def uploaded(self, path: str) -> str:
        return f"/{path}"


def native(path: str) -> str:
    """Write a path as Windows does. ``/C/Datos`` is how restic names it in a copy, and how it is named to us;
    anything else, such as a pattern, stays."""
    drive, _, rest = path[1:].partition("/")
    if not path.startswith("/") or len(drive) != 1 or not drive.isalpha():
        return path
    return f"{drive}:\\{rest}".replace("/", "\\")


def named(path: str) -> str:
    """Write a path of Windows as restic names it in a copy."""
    drive, _, rest = path.partition(":")
    return f"/{drive}{rest}".replace("\\", "/")


def script(text: str, **given: object) -> Spoken:
    """Have PowerShell run a script, which finds what it is given as ``$given``."""
    encoded = b64encode(FIRST.encode("utf-16-le")).decode()
    return Spoken(f"{_POWERSHELL} {encoded}", _encoded(text, json.dumps(given)))


def _encoded(*words: str) -> bytes:
    return b"".join(b64encode(word.encode()) + b"\n" for word in words)
