"""What a program prints, as one file in one snapshot: the whole of a source but the program.

It streams into restic through a checker that fails when the output is not what it must be: restic keeps
nothing then, so a cut or empty output is never a copy, not even until somebody removes it. On another
machine the program is run over SSH as it stands, so nothing of ours need be there.
"""

from __future__ import annotations

import logging
import tempfile
from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from respaldo.domain.errors import (
    ConnectionIncompleteError,
    ConnectionMissingError,
    DumpUnreadableError,
    InvalidRequestError,
    NotInCopyError,
    RepositoryError,
    RespaldoError,
)
from respaldo.domain.quantities import Duration
from respaldo.domain.restoring import Delivery, Part, Restored, Wanted
from respaldo.domain.values import Copy, Endpoint, Evidence, Value
from respaldo.domain.verification import Verification
from respaldo.hosts import relaying
from respaldo.hosts.worker import require
from respaldo.restic.argv import plain_path
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources import one_file
from respaldo.sources.output import running
from respaldo.sources.output.checker_program import OutputCheck
from respaldo.sources.output.difference import log_difference
from respaldo.sources.output.running import Verdict
from respaldo.sources.reach import Reach

log = logging.getLogger(__name__)


class Expected(Value):
    """What an output must be like, as the checker takes it."""

    min_size: int = 1
    must_contain: tuple[dict[str, str], ...] = ()
    """Marks, each with ``text`` or ``regex``; see `respaldo.sources.output.marks`."""
    must_end_with: dict[str, str] | None = None
    archive: bool = False
    """It must be an archive of tar that is whole, with a file in it."""


class Program(Value):
    """What is run."""

    argv: tuple[str, ...]
    passing: dict[int, str] = Field(default_factory=dict)
    """Exit codes beside 0 that are no failure, each with what every line must match that was said beside."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables that it gets; another machine may pass them over."""


class OutputSource(Value):
    """A kind of source that is what one program prints. A kind says which (`argv`), and how to call it."""

    host: Annotated[
        str | None, Field(description="Airflow connection (ssh) of the machine that runs it.")
    ] = None
    within: Annotated[Duration, Field(description="How long the program may take.")] = timedelta(hours=1)
    connection: Annotated[
        str | None,
        Field(
            alias="secret",
            min_length=1,
            description="Airflow connection whose password is a line of the program's standard input.",
        ),
    ] = None

    # --- what a kind says

    @property
    @abstractmethod
    def file_name(self) -> str:
        """Name of the file in the copy, and of the item."""

    @abstractmethod
    def argv(self, reach: Reach) -> tuple[str, ...]:
        """Give the program and its arguments; no secret among them, and no shell."""

    @property
    def expected(self) -> Expected:
        """What its output must be like, in a copy too."""
        return Expected()

    @property
    def is_compared(self) -> bool:
        """Whether what changed since the last copy is written to the log."""
        return False

    # --- what all of them do

    @property
    def holds(self) -> Literal["files"]:
        return "files"

    @property
    def works_on_windows(self) -> bool:
        return False

    def probe(self, reach: Reach) -> None:
        """Look whether the program is installed, or its machine lets us in, and whether its secret is there.

        It is not run.
        """
        self._secret(reach.endpoint)
        if reach.machine is None:
            require(self.argv(reach)[0])
        else:
            relaying.enter(reach.machine.host)

    def items(self, reach: Reach) -> tuple[str, ...]:  # noqa: ARG002  (the protocol's signature)
        return (self.file_name,)

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        """Run the program and save what it prints, if that is as it must be.

        :raises SourceCommandError: it failed; ``TimedOutError``: it did not end in time.
        :raises SourceCommandEmptyError, OutputRejectedError: it ended well, and its output is not good.
        :raises HostError: its machine does not let us in, or was lost meanwhile.
        """
        program = Program(argv=self.argv(reach))
        return self._saved(program, item, repository, marks, reach, on_progress)[0]

    def taken_over(self, item: str, reach: Reach) -> tuple[str, ...] | None:  # noqa: ARG002  (the protocol's signature)
        """No note: an output that is not good is in no snapshot."""
        return ()

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
        """Nothing: what a program printed came from no file, and it only goes where none is.

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
            one_file.put(beside, place)
        facts: dict[str, int | str] = {
            "files": 1, "size_bytes": beside.size_bytes, "sha256": beside.sha256,
        }  # fmt: skip
        return Restored(
            where=(str(place),),
            files=1,
            size_bytes=beside.size_bytes,
            evidence=(Evidence(method="restored", item=part.item, facts=facts),),
        )

    def _saved(
        self,
        program: Program,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> tuple[Saved, Verdict]:
        """Save what a program prints as `save` does, and give the checker's verdict too."""
        secret, seconds = self._secret(reach.endpoint), self.within.total_seconds()
        command, expected = program.argv, self.expected
        with (
            tempfile.TemporaryDirectory(dir=repository.place.scratch) as scratch,
            running.leading_to(
                command, reach, secret, program.env, status=expected.must_end_with is None
            ) as led,
        ):
            folder = Path(scratch)
            asked = expected.model_dump() | {"passing": program.passing}
            argv, environment = running.prepare(folder, led.command, asked, seconds, secret, program.env)
            try:
                saved = repository.save_output(
                    item, argv, item, marks, environment=environment, on_progress=on_progress
                )
            except RepositoryError:
                raise
            except RespaldoError as error:
                refused = running.refusal(running.verdict_in(folder), command, item, seconds)
                raise led.failure or refused or error from error
            verdict = running.verdict_in(folder)
            if verdict.get("said"):
                log.info("%s: %s", command[0], verdict["said"])
            if saved.copy.size_bytes != verdict["size_bytes"]:
                repository.discard(saved.copy.snapshot_id)
                reason = f"{saved.copy.size_bytes} != {verdict['size_bytes']}"
                raise DumpUnreadableError(item=item, snapshot=saved.copy.snapshot_id, reason=reason)
            if self.is_compared:
                log_difference(saved.copy, repository, folder, secret)
        return saved, verdict

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
        found = self._checked(item, snapshot_id, repository, size_bytes)
        return Evidence(method="checksum", item=item, facts={"files": 1, **found})

    def _checked(
        self, item: str, snapshot_id: str, repository: Repository, size_bytes: int | None = None
    ) -> dict[str, int | str]:
        """Read a copy to its end and give what the checker finds of it.

        :param size_bytes: it must have; None: as many as there are.
        :raises DumpUnreadableError: it is not what was asked of the output.
        """
        check = OutputCheck(self.expected.model_dump())
        repository.stream(snapshot_id, f"/{item}", check.take)
        found = check.finish()
        if size_bytes is not None and check.size_bytes != size_bytes:
            found["reason"] = f"{check.size_bytes} != {size_bytes}"
        if "reason" in found:
            raise DumpUnreadableError(item=item, snapshot=snapshot_id, **found)
        return found
