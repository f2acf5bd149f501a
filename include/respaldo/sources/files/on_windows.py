"""What can be seen of a scope's paths on a Windows machine: see `respaldo.sources.files.ground.Ground`.

Paths are named as restic names them in a copy, ``/C/Datos``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from respaldo.domain.host_errors import HostFailedError
from respaldo.hosts.session import Session
from respaldo.hosts.windows import named, native, script
from respaldo.restic.snapshots import Node
from respaldo.sources.files.looked import gone_of

_SUMMING_SECONDS = 3600.0
_GONE = "gone"
_WILD = frozenset("*?[")
_TICKS_OF_1970 = 621_355_968_000_000_000
_NS_OF_A_TICK = 100

_LOOK = """
foreach ($path in $given.paths) {
    try {
        $found = Get-Item -LiteralPath $path -Force
        if ($found.Attributes -band [IO.FileAttributes]::ReparsePoint) {
            say 'Too many levels of symbolic links'
            continue
        }
        if ($found.PSIsContainer) {
            [void][IO.Directory]::EnumerateFileSystemEntries($path).GetEnumerator().MoveNext()
        }
        say ''
    }
    catch [Management.Automation.ItemNotFoundException] { say 'gone' }
    catch [Management.Automation.DriveNotFoundException] { say 'gone' }
    catch { say ($_.Exception.GetBaseException().Message -replace '\\s+', ' ') }
}
"""
"""One line a path: why it cannot be saved, or nothing."""

_MATCHES = """
foreach ($path in $given.paths) {
    if (Test-Path -LiteralPath $path) { say $path }
    else { foreach ($one in Get-Item -Path $path -Force -ErrorAction Ignore) { say $one.FullName } }
}
"""
_HOLDS = """
foreach ($path in $given.paths) {
    if ([IO.File]::Exists($path)) { say $path; break }
    Get-ChildItem -LiteralPath $path -Recurse -File -Force -ErrorAction Ignore | Select-Object -First 1 |
        ForEach-Object { say $_.FullName }
}
"""
_SUM = """
$sha = [Security.Cryptography.SHA256]::Create()
function state($path) {
    $found = New-Object IO.FileInfo($path)
    "$($found.Length)|$($found.LastWriteTimeUtc.Ticks)"
}
foreach ($path in $given.paths) {
    $told = ''
    try {
        $before = state $path
        $file = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete')
        try { $sum = [BitConverter]::ToString($sha.ComputeHash($file)).Replace('-', '').ToLower() }
        finally { $file.Dispose() }
        if ((state $path) -eq $before) { $told = "$before|$sum" }
    } catch { }
    say $told
}
"""


class WindowsGround:
    """A Windows machine over SSH."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def gone(self, paths: Sequence[str]) -> list[str]:
        return gone_of(paths, self._lines(_LOOK, paths), _GONE)

    def matches(self, path: str) -> list[str]:
        return sorted(map(named, self._lines(_MATCHES, [path]))) if set(path) & _WILD else [path]

    def holds_a_file(self, paths: Sequence[str]) -> bool:
        return bool(self._lines(_HOLDS, paths))

    def own(self) -> tuple[str, ...]:
        return (named(self._session.folder),)

    def census(self, paths: Sequence[str], *, one_file_system: bool) -> StandsStill:  # noqa: ARG002
        return StandsStill()

    def hashes(self, nodes: Sequence[Node]) -> list[str | None]:
        said = self._lines(_SUM, [node.path for node in nodes])
        return [_hash_of(node, line) for node, line in zip(nodes, said, strict=True)]

    def _lines(self, text: str, paths: Sequence[str]) -> list[str]:
        spoken = script(text, paths=[native(path) for path in paths])
        told = self._session.ask(spoken, _SUMMING_SECONDS)
        if told.exit_code != 0:
            raise HostFailedError(host=self._session.host.name, said=told.said)
        return told.output.decode(errors="replace").split("\n")[:-1]


class StandsStill:
    """restic reads from a snapshot of the volume there: nothing vanishes from that meanwhile."""

    def gone(self) -> Iterator[bytes]:
        return iter(())

    def notes(self) -> tuple[str, ...]:
        return ()


def _hash_of(node: Node, line: str) -> str | None:
    size, _, rest = line.partition("|")
    ticks, _, sha256 = rest.partition("|")
    if size != str(node.size_bytes) or (int(ticks) - _TICKS_OF_1970) * _NS_OF_A_TICK != node.mtime_ns:
        return None
    return sha256
