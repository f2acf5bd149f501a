"""What a command prints, as one file in one snapshot: `show running-config`, `slapcat`, any dump.

It streams into restic through a checker that fails when the output is not what it must be: restic keeps
nothing then, so a cut or empty output is never a copy, not even until somebody removes it.
"""

from __future__ import annotations

import logging
import re
import shlex
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from respaldo.domain.errors import (
    ConnectionIncompleteError,
    ConnectionMissingError,
    DumpUnreadableError,
    InvalidRequestError,
    NotInCopyError,
    RepositoryError,
    RespaldoError,
)
from respaldo.domain.quantities import Duration, Size
from respaldo.domain.restoring import Delivery, Part, Restored, Wanted
from respaldo.domain.values import Copy, Endpoint, Evidence, Value
from respaldo.domain.verification import Verification
from respaldo.hosts.worker import require
from respaldo.restic.argv import plain_path
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources import one_file
from respaldo.sources.command import running
from respaldo.sources.command.checker_program import OutputCheck
from respaldo.sources.command.difference import log_difference
from respaldo.sources.command.marks import Mark
from respaldo.sources.reach import Reach

log = logging.getLogger(__name__)

_LONGEST_NAME = 120


def _file_name(name: str) -> str:
    if name in (".", "..") or re.search(r"[/\x00-\x1f\x7f]", name):
        raise PydanticCustomError("file_name", "not a name of a file")
    return name


class CommandSource(Value):
    """``kind: command``: the output of a command on the worker that runs the scope."""

    kind: Literal["command"]
    host: Annotated[
        str | None, Field(description="Airflow connection (ssh) of the machine that runs it.")
    ] = None
    command: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(min_length=1, description="Program and arguments, no shell; no secret among them."),
    ]
    name: Annotated[
        str,
        Field(min_length=1, max_length=_LONGEST_NAME, description="Name of the file in the copy."),
        AfterValidator(_file_name),
    ]
    min_size: Annotated[Size, Field(ge=1, description="A smaller output is a failure.")] = 1
    must_contain: Annotated[
        tuple[Mark, ...], Field(max_length=20, description="Texts, or {regex: ...}, that must all be in it.")
    ] = ()
    must_end_with: Annotated[
        Mark | None, Field(description="What it must end with; blanks and line breaks after it do not count.")
    ] = None
    within: Annotated[Duration, Field(description="How long the command may take.")] = timedelta(hours=1)
    diff: Annotated[
        bool, Field(description="Write what changed since the last copy to the task's log (texts).")
    ] = True
    connection: Annotated[
        str | None,
        Field(
            alias="secret",
            min_length=1,
            description="Airflow connection whose password is a line of the command's standard input.",
        ),
    ] = None

    @property
    def holds(self) -> Literal["files"]:
        return "files"

    def describe(self) -> str:
        return f"{self.name}: {shlex.join(self.command)}"

    def probe(self, reach: Reach) -> None:
        """Look whether the program is installed and its secret is there. It is not run."""
        require(self.command[0])
        self._secret(reach.endpoint)

    def items(self, reach: Reach) -> tuple[str, ...]:  # noqa: ARG002  (the protocol's signature)
        return (self.name,)

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        """Run the command and save what it prints, if that is as it must be.

        :raises SourceCommandError: it failed; ``TimedOutError``: it did not end in time.
        :raises SourceCommandEmptyError, OutputRejectedError: it ended well, and its output is not good.
        """
        secret, seconds = self._secret(reach.endpoint), self.within.total_seconds()
        with tempfile.TemporaryDirectory(dir=repository.place.scratch) as scratch:
            folder = Path(scratch)
            argv, environment = running.prepare(folder, self.command, self._expected, seconds, secret)
            try:
                saved = repository.save_output(
                    item, argv, item, marks, environment=environment, on_progress=on_progress
                )
            except RepositoryError:
                raise
            except RespaldoError as error:
                refused = running.refusal(running.verdict_in(folder), self.command, item, seconds)
                raise refused or error from error
            verdict = running.verdict_in(folder)
            if verdict.get("said"):
                log.info("%s: %s", self.command[0], verdict["said"])
            if saved.copy.size_bytes != verdict["size_bytes"]:
                repository.discard(saved.copy.snapshot_id)
                reason = f"{saved.copy.size_bytes} != {verdict['size_bytes']}"
                raise DumpUnreadableError(item=item, snapshot=saved.copy.snapshot_id, reason=reason)
            if self.diff:
                log_difference(saved.copy, repository, folder, secret)
        return saved

    def verify(
        self,
        copy: Copy,
        repository: Repository,
        wanted: Verification,  # noqa: ARG002  (an output is read as a whole, not by sample)
        reach: Reach,  # noqa: ARG002  (what is live is not looked at)
        scratch: str,  # noqa: ARG002  (nothing of it is put on disk)
    ) -> tuple[Evidence, ...]:
        """Read the copy to its end, and ask of it what was asked of the output.

        :raises DumpUnreadableError: it is not that, or not of the size that was saved.
        """
        return (self._read(copy.item, copy.snapshot_id, copy.size_bytes, repository),)

    def find(
        self,
        wanted: Wanted,
        copies: Sequence[Copy],
        repository: Repository,  # noqa: ARG002  (a copy is one file, and the request knows which)
        recorded: Sequence[Evidence],
    ) -> tuple[Part, ...]:
        """Find the output by its name, with or without ``/`` before it; with nothing named, all are meant."""
        if wanted.databases or wanted.schemas or wanted.tables:
            raise InvalidRequestError(problem="files_only")
        there = {copy.item: copy for copy in copies}
        names = [(plain_path("/" + path.lstrip("/")) or path).lstrip("/") for path in wanted.paths]
        missing = [name for name in names if name and name not in there]
        if missing or not there:
            raise NotInCopyError(
                snapshot=", ".join(copy.snapshot_id[:8] for copy in copies),
                missing=", ".join(missing),
                nearest=", ".join(there),
            )
        sums = {one.item: str(one.facts["sha256"]) for one in recorded if "sha256" in one.facts}
        return tuple(
            Part(
                item=copy.item,
                snapshot_id=copy.snapshot_id,
                files=1,
                size_bytes=copy.size_bytes,
                sha256=sums.get(copy.item),
            )
            for copy in (there.values() if "" in names or not names else map(there.__getitem__, names))
        )

    def touches(
        self,
        parts: Sequence[Part],
        delivery: Delivery,
        reach: Reach,  # noqa: ARG002
    ) -> tuple[str, ...]:
        """Nothing: what a command printed came from no file, and it only goes where none is.

        :raises InvalidRequestError: it is to go to its original place, or into a database.
        """
        if delivery.destination.kind == "original":
            raise InvalidRequestError(problem="command_original")
        for part in parts:
            self._place(part, delivery)
        return ()

    def read(self, part: Part, repository: Repository, scratch: str) -> Evidence:  # noqa: ARG002
        return self._read(part.item, part.snapshot_id, part.size_bytes, repository)

    def restore(
        self,
        part: Part,
        repository: Repository,
        delivery: Delivery,
        reach: Reach,
        scratch: str,  # noqa: ARG002  (it is written beside its place)
        on_progress: OnProgress,
    ) -> Restored:
        """Put the file where it is wanted, and prove by its SHA-256 that it is there."""
        self.touches([part], delivery, reach)
        place = self._place(part, delivery)
        with one_file.written_beside(
            part, repository, f"/{part.item}", place, delivery.key, on_progress
        ) as beside:
            one_file.put(beside, place, replace=False)
        facts: dict[str, int | str] = {
            "files": 1, "size_bytes": beside.size_bytes, "sha256": beside.sha256,
        }  # fmt: skip
        return Restored(
            where=(str(place),),
            files=1,
            size_bytes=beside.size_bytes,
            evidence=(Evidence(method="restored", item=part.item, facts=facts),),
        )

    @property
    def _expected(self) -> dict[str, Any]:
        return {
            "min_size": self.min_size,
            "must_contain": [mark.asked for mark in self.must_contain],
            "must_end_with": self.must_end_with.asked if self.must_end_with else None,
        }

    def _secret(self, endpoint: Endpoint | None) -> SecretStr | None:
        if self.connection is None:
            return None
        if endpoint is None:
            raise ConnectionMissingError(connection=self.connection)
        if not endpoint.password:
            raise ConnectionIncompleteError(connection=self.connection, field="password")
        return endpoint.password

    def _place(self, part: Part, delivery: Delivery) -> Path:
        return one_file.folder_of(delivery) / part.item

    def _read(self, item: str, snapshot_id: str, size_bytes: int, repository: Repository) -> Evidence:
        check = OutputCheck(self._expected)
        repository.stream(snapshot_id, f"/{item}", check.take)
        found = check.finish()
        if check.size_bytes != size_bytes:
            found["reason"] = f"{check.size_bytes} != {size_bytes}"
        if "reason" in found:
            raise DumpUnreadableError(item=item, snapshot=snapshot_id, **found)
        facts: dict[str, int | str] = {"files": 1, **found}
        return Evidence(method="checksum", item=item, facts=facts)
