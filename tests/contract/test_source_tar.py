"""Files of a machine on which only tar may run: saved whole or not at all, and given back as they were."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from debian_kit import program
from respaldo.domain.errors import (
    DumpUnreadableError,
    InvalidRequestError,
    NotInCopyError,
    RestoreMismatchError,
    SourceCommandError,
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
    SourceUnreadableError,
    TargetOccupiedError,
)
from respaldo.domain.host_errors import HostUnreachableError
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.source_errors import OutputRejectedError
from respaldo.domain.verification import Verification
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.engine import find_engine
from respaldo.sources.output.checker_program import ArchiveCheck
from respaldo.sources.reach import Machine, Reach
from respaldo.sources.tar import TarSource
from respaldo.sources.tar.line import complaints
from respaldo.sources.tar.selection import Selection
from respaldo.texts import causes
from sshd_kit import SshServer, ssh_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

ODD = [b"g[*]?\\x", b"two\nlines", b" spaces ", "ñandú".encode(), b"caf\xe9", b"\xff\xfe", b"-rf", b"n" * 250]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, SshServer]]:
    """Two machines: one has GNU tar, the other one busybox."""
    with tempfile.TemporaryDirectory(prefix="respaldo-few-") as few:
        Path(few).chmod(0o755)
        Path(few, "tar").symlink_to(program("busybox", "busybox-static"))
        with ssh_server() as gnu, ssh_server(f"SetEnv PATH={few}:/usr/bin:/bin\n") as busybox:
            yield {"gnu": gnu, "busybox": busybox}


def reach_to(server: SshServer, **other) -> Reach:
    known = {"address": "127.0.0.1", "port": server.port, "user": server.user, "host_key": server.host_key}
    host = Host(name="archivo", password=SecretStr(server.password), **(known | other))
    return Reach(None, Machine(host, HostSettings(), find_engine()))


@pytest.fixture(params=["worker", "gnu", "busybox"])
def reach(request, restic, servers) -> Reach:
    return Reach() if request.param == "worker" else reach_to(servers[request.param])


@pytest.fixture
def gnu(restic, servers) -> Reach:
    return reach_to(servers["gnu"])


@pytest.fixture
def data(servers) -> Iterator[Path]:
    folder = servers["gnu"].folder / "datos"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a").write_bytes(os.urandom(200_000))
    (folder / "empty").touch()
    (folder / "deep" / "script").write_text("#!/bin/sh\n")
    (folder / "deep" / "script").chmod(0o4755)
    for name in ODD:
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(b"content of " + name)
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "above").symlink_to("../..")
    os.link(folder / "a", folder / "deep" / "twin")
    os.mkfifo(folder / "fifo")
    os.utime(folder / "a", ns=(1, 1_234_567_890_123_456_789))
    os.utime(folder / "deep", ns=(1, 987_654_321_000_000_000))
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


def tar(*paths: object, **settings) -> TarSource:
    return TarSource(kind="tar", paths=tuple(map(str, paths)), **settings)


def save(source, repository, marks, reach):
    return source.save("files.tar", repository, marks, reach, lambda _: None)


def members(repository, copy) -> list[str]:
    archive = bytearray()
    repository.stream(copy.snapshot_id, "/files.tar", archive.extend)
    return tarfile.open(fileobj=io.BytesIO(archive), mode="r:").getnames()


def state(root: Path, *, exact: bool) -> dict[bytes, tuple[object, ...]]:
    """Tell all that a restoration must bring back, by path."""
    found: dict[bytes, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(bytes(root)):
        for name in (*folders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118  (names in bytes)
            is_at = os.lstat(path)
            what = os.readlink(path) if os.path.islink(path) else None  # noqa: PTH114, PTH115
            if what is None and os.path.isfile(path):  # noqa: PTH113
                what = Path(os.fsdecode(path)).read_bytes()
            when = is_at.st_mtime_ns if exact else is_at.st_mtime_ns // 10**9
            found[path[len(bytes(root)) :]] = (
                is_at.st_mode, is_at.st_uid, is_at.st_gid, when, is_at.st_nlink if files else 0, what,
            )  # fmt: skip
    return found


def delivery(tmp_path: Path, kind: str = "staging", **settings) -> Delivery:
    destination = Destination(kind=kind, **settings)
    return Delivery(destination=destination, key="r1", staging=str(tmp_path / "restored" / "r1"))


def restore(source, part, repository, wanted, scratch):
    return source.restore(part, repository, wanted, Reach(), str(scratch), lambda _: None)


def recorded(source, copy, repository, scratch):
    return source.verify(copy, repository, Verification(), Reach(), str(scratch))


def test_files_come_back_as_they_were(reach, data, repository, marks, scratch, tmp_path):
    source = tar(data)
    source.probe(reach)
    saved = save(source, repository, marks, reach)
    assert saved.warnings == ()
    (evidence,) = found = recorded(source, saved.copy, repository, scratch)
    files = [path for path in data.rglob("*") if path.is_file() and not path.is_symlink()]
    assert evidence.method == "structure"
    assert evidence.facts["files"] == len(files)
    assert evidence.facts["size_bytes"] == sum(path.stat().st_size for path in files) - 200_000
    (part,) = source.find(Wanted(), [saved.copy], repository, found)
    done = restore(source, part, repository, delivery(tmp_path), scratch)
    back = Path(f"{done.where[0]}{data}")
    was, now = (state(path, exact=False) for path in (data, back))
    assert now == was
    assert (back / "a").samefile(back / "deep" / "twin")
    assert list(Path(done.where[0]).glob(".respaldo*")) == []
    # Once more, as after a kill: the same.
    (Path(done.where[0]) / ".respaldo-r1.partial").mkdir()
    again = restore(source, part, repository, delivery(tmp_path), scratch)
    assert (again.files, state(back, exact=False)) == (done.files, was)


@pytest.mark.slow
def test_gnu_tar_keeps_times_to_the_nanosecond(gnu, data, repository, marks, scratch, tmp_path):
    source = tar(data)
    copy = save(source, repository, marks, gnu).copy
    (part,) = source.find(Wanted(), [copy], repository, recorded(source, copy, repository, scratch))
    done = restore(source, part, repository, delivery(tmp_path), scratch)
    assert state(Path(f"{done.where[0]}{data}"), exact=True) == state(data, exact=True)


@pytest.mark.slow
def test_unchanged_files_are_stored_once(gnu, data, repository, marks):
    for number in range(40):
        (data / f"more{number}").write_bytes(os.urandom(100_000))
    first = save(tar(data), repository, marks, gnu)
    second = save(tar(data), repository, marks, gnu)
    assert first.copy.added_bytes > 4_000_000
    assert second.copy.added_bytes < 10_000


# --- what is left out, and what is not there


@pytest.mark.slow
def test_what_is_excluded_is_not_in_the_archive(gnu, data, repository, marks):
    (data / "deep" / "er" / "x.tmp").touch()
    (data / "deep" / "cache").mkdir()
    (data / "deep" / "cache" / "big").touch()
    (data / "cache").touch()
    source = tar(data, exclude=("*.tmp", f"{data}/deep/cache"))
    names = members(repository, save(source, repository, marks, gnu).copy)
    below = [name.rpartition("/datos/")[2] for name in names]
    assert "cache" in below
    assert not [name for name in below if name.endswith(".tmp") or name.startswith("deep/cache")]


@pytest.mark.slow
def test_a_tar_that_knows_no_exclusion_says_so_before(restic, servers, data):
    with pytest.raises(SourceUnreadableError) as caught:
        tar(data, exclude=("*.tmp",)).probe(reach_to(servers["busybox"]))
    assert "exclude" in causes.explain(caught.value)


@pytest.mark.slow
def test_what_is_not_there_is_named(reach, data, repository, marks):
    none, nothing = data / "none", data / "nothing"
    with pytest.raises(SourceMissingError) as caught:
        tar(none, nothing).probe(reach)
    assert caught.value.facts == {"path": f"{none}, {nothing}"}
    with pytest.raises(SourcePartlyMissingError) as partly:
        save(tar(data, none), repository, marks, reach)
    assert partly.value.facts == {"missing": str(none)}
    with pytest.raises(SourceUnreadableError):
        tar(data / "link").probe(reach)
    assert repository.snapshots() == ()


@pytest.fixture
def spanish(restic, servers, monkeypatch) -> Iterator[dict[str, Reach]]:
    """A worker and a machine whose `tar` speaks Spanish to who asks for nothing else."""
    if not Path("/usr/share/locale/es/LC_MESSAGES/tar.mo").is_file():
        pytest.skip("this tar knows no Spanish")
    with (
        tempfile.TemporaryDirectory(prefix="respaldo-habla-") as folder,
        # As on a Debian: what asks for a language by LC_ALL is heard, and LANGUAGE is the machine's.
        ssh_server(f"AcceptEnv LC_*\nSetEnv LANG=C.UTF-8 LANGUAGE=es PATH={folder}:/usr/bin:/bin\n") as there,
    ):
        Path(folder).chmod(0o755)
        Path(folder, "tar").write_text('#!/bin/sh\nexport LANGUAGE=es\nexec /usr/bin/tar "$@"\n')
        Path(folder, "tar").chmod(0o755)
        for name in ("LC_ALL", "LC_MESSAGES"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LANG", "C.UTF-8")
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        yield {"worker": Reach(), "gnu": reach_to(there)}


@pytest.mark.slow
@pytest.mark.parametrize("place", ["worker", "gnu"])
def test_a_tar_of_another_language_is_understood(spanish, place, data, repository, marks):
    reach = spanish[place]
    none = data / r"Contratación: C\años"
    with pytest.raises(SourceMissingError) as caught:
        tar(none).probe(reach)
    assert caught.value.facts == {"path": str(none)}
    odd = data / "útil: uno"
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(odd))
        # No archive holds a socket, and nothing is missed by that.
        assert save(tar(data), repository, marks, reach).warnings == ()


@pytest.mark.slow
def test_what_changed_is_told_by_the_name_that_it_has():
    said = [r"tar: ./srv/A\303\261o\: 1/acta: file changed as we read it", "tar: x: socket ignored"]
    assert complaints(said, 2) == ("./srv/Año: 1/acta: file changed as we read it",)


@pytest.mark.slow
def test_folders_without_a_file_are_empty(reach, data, repository, marks):
    with pytest.raises(SourceEmptyError):
        save(tar(data / "deep" / "er"), repository, marks, reach)
    assert repository.snapshots() == ()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gnu", "busybox"])
def test_a_file_that_may_not_be_read_leaves_no_snapshot(restic, servers, kind, data, repository, marks):
    (data / "a").chmod(0)
    with pytest.raises(SourceCommandError) as caught:
        save(tar(data), repository, marks, reach_to(servers[kind]))
    assert "Permission denied" in causes.explain(caught.value)
    assert repository.snapshots() == ()


@pytest.mark.slow
def test_a_machine_is_entered_no_more_than_there_is_to_ask(servers, gnu, data, repository, marks):
    def entered() -> int:
        return (servers["gnu"].folder / "log").read_text().count("Accepted password")

    before = entered()
    save(tar(data), repository, marks, gnu)
    # Which `tar` it has, whether all is there, and the archive.
    assert entered() == before + 3


@pytest.mark.slow
def test_a_path_is_in_the_archive_once(gnu, data, repository, marks):
    names = members(repository, save(tar(data, data / "deep"), repository, marks, gnu).copy)
    assert len(names) == len(set(names))


# --- what happens meanwhile


@pytest.fixture
def slow(data) -> Path:
    """A great file that comes first, so that there is time for the others to change."""
    (data / "0").write_bytes(b"\0" * 150_000_000)
    (data / "zz").write_bytes(b"z" * 5000)
    return data


def soon(work) -> threading.Thread:
    def later() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not [
            one for one in psutil.process_iter(["cmdline"])
            if "-C" in (one.info["cmdline"] or ()) and one.info["cmdline"][0] == "tar"
            and "--no-recursion" not in one.info["cmdline"]
        ]:  # fmt: skip
            time.sleep(0.005)
        work()

    thread = threading.Thread(target=later)
    thread.start()
    return thread


@pytest.mark.slow
def test_a_file_that_grows_while_it_is_read_is_told_and_the_rest_is_kept(
    gnu, slow, repository, marks, scratch
):
    def grow() -> None:
        for _ in range(20):
            with (slow / "0").open("ab") as file:
                file.write(b"more")
            time.sleep(0.02)

    growing = soon(grow)
    saved = save(tar(slow), repository, marks, gnu)
    growing.join()
    assert any("/datos/0: " in one for one in saved.warnings)
    assert all("/datos/" in one for one in saved.warnings)
    recorded(tar(slow), saved.copy, repository, scratch)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gnu", "busybox"])
def test_what_vanishes_while_it_is_read_is_told_and_the_rest_is_kept(
    restic, servers, kind, slow, repository, marks, scratch
):
    for number in range(600):
        (slow / f"z{number}").write_text("soon gone")

    def remove() -> None:
        for number in range(600):
            (slow / f"z{number}").unlink()

    removing = soon(remove)
    saved = save(tar(slow), repository, marks, reach_to(servers[kind]))
    removing.join()
    assert saved.warnings
    assert all("/datos" in one for one in saved.warnings)
    (evidence,) = recorded(tar(slow), saved.copy, repository, scratch)
    # All that nobody removed, and of the others those that were read before.
    assert 14 <= evidence.facts["files"] < 614


@pytest.mark.slow
def test_a_machine_that_is_lost_on_the_way_leaves_nothing(gnu, servers, slow, repository, marks):
    user = servers["gnu"].user

    def kill() -> None:
        for one in psutil.process_iter(["cmdline"]):
            if f"sshd: {user}" in " ".join(one.info["cmdline"] or ()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()

    killing = soon(kill)
    with pytest.raises(HostUnreachableError) as caught:
        save(tar(slow), repository, marks, gnu)
    killing.join()
    assert caught.value.transient
    assert repository.snapshots() == ()


@pytest.mark.slow
def test_an_archive_that_ends_early_with_success_is_no_copy(restic, servers, data, repository, marks):
    folder = servers["gnu"].folder / "bin"
    folder.mkdir()
    (folder / "tar").write_text(
        '#!/bin/sh\ncase "$*" in --version|*--no-recursion*) exec /usr/bin/tar "$@" ;;\n'
        '*) /usr/bin/tar "$@" | head -c 102400 ;; esac\n'
    )
    (folder / "tar").chmod(0o755)
    with (
        ssh_server(f"SetEnv PATH={folder}:/usr/bin:/bin\n") as server,
        pytest.raises(OutputRejectedError) as caught,
    ):
        save(tar(data), repository, marks, reach_to(server))
    assert caught.value.facts["reason"] == "archive_cut"
    assert "cortado" in causes.explain(caught.value)
    assert repository.snapshots() == ()


@pytest.mark.slow
def test_a_machine_that_knows_no_tar_is_told_in_its_words(restic, data):
    with (
        ssh_server("ForceCommand echo % Invalid input\n") as server,
        pytest.raises(SourceUnreadableError) as caught,
    ):
        tar(data).probe(reach_to(server))
    assert "% Invalid input" in causes.explain(caught.value)


# --- found and given back


@pytest.fixture
def kept(restic, data, repository, marks, scratch):
    source = tar(data)
    copy = save(source, repository, marks, Reach()).copy
    return source, copy, recorded(source, copy, repository, scratch)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("{}/deep/script", ["deep/script"]),
        ("{}/deep", ["deep/script", "deep/twin"]),
        ("script", ["deep/script"]),
        ("deep/*ri?t", ["deep/script"]),
        ("{}/**/scr[hi-z]pt", ["deep/script"]),
        ("{}/**/scr[j-z]pt", []),
        ("{}/caf*", ["caf\udce9"]),
        ("{}/g\\[\\*\\]\\?\\\\x", ["g[*]?\\x"]),
    ],
)
def test_what_is_asked_for_is_found_and_given_back_alone(
    kept, data, repository, scratch, tmp_path, wanted, names
):
    source, copy, found = kept
    asked = Wanted(paths=(wanted.format(data),))
    if names == []:
        with pytest.raises(NotInCopyError):
            source.find(asked, [copy], repository, found)
        return
    (part,) = source.find(asked, [copy], repository, found)
    assert part.files == len(names)
    done = restore(source, part, repository, delivery(tmp_path), scratch)
    back = Path(f"{done.where[0]}{data}")
    files = sorted(str(path.relative_to(back)) for path in back.rglob("*") if path.is_file())
    assert files == names
    assert all((back / name).read_bytes() == (data / name).read_bytes() for name in names)


@pytest.mark.slow
def test_a_name_that_is_not_there_is_told_with_the_nearest(kept, data, repository):
    source, copy, found = kept
    with pytest.raises(NotInCopyError) as caught:
        source.find(Wanted(paths=(f"{data}/deep/skript",)), [copy], repository, found)
    assert caught.value.facts["nearest"].split(", ")[0] == f"{data}/deep/script"
    for wanted in ("[x", "\0"):
        with pytest.raises(InvalidRequestError):
            source.find(Wanted(paths=(wanted,)), [copy], repository, found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"kind": "original"}, "tar_original"),
        ({"kind": "database", "target": "erp"}, "files_to_database"),
        ({"kind": "path", "target": "/srv/x", "overwrite": "if_newer"}, "overwrite_whole"),
    ],
)
def test_where_files_cannot_go_is_refused(kept, repository, tmp_path, settings, problem):
    source, copy, found = kept
    (part,) = source.find(Wanted(), [copy], repository, found)
    with pytest.raises(InvalidRequestError) as caught:
        source.touches([part], delivery(tmp_path, **settings), Reach())
    assert caught.value.facts["problem"] == problem


@pytest.mark.slow
def test_a_folder_amid_what_the_scope_saves_is_touched(kept, data, repository, tmp_path):
    source, copy, found = kept
    (part,) = source.find(Wanted(), [copy], repository, found)
    (tmp_path / "alias").symlink_to(data)

    def touched(source: TarSource, folder: Path) -> tuple[str, ...]:
        return source.touches([part], delivery(tmp_path, "path", target=str(folder)), Reach())

    for folder in (data / "new", tmp_path / "alias" / "new", data.parent):
        assert touched(source, folder) == (str(folder),)
        # What it saves is on another machine.
        assert touched(tar(data, host="nas"), folder) == ()
    assert touched(source, tmp_path / "given") == ()


@pytest.mark.slow
def test_what_is_in_the_way_stays_and_nothing_is_put_beside_it(kept, data, repository, scratch, tmp_path):
    source, copy, found = kept
    (part,) = source.find(Wanted(), [copy], repository, found)
    wanted = delivery(tmp_path, "path", target=str(tmp_path / "given"))
    there = Path(f"{tmp_path}/given{data}/deep")
    there.mkdir(parents=True)
    (there / "script").write_text("somebody's own")
    with pytest.raises(TargetOccupiedError):
        restore(source, part, repository, wanted, scratch)
    assert [path for path in (tmp_path / "given").rglob("*") if path.is_file()] == [there / "script"]
    (there / "script").unlink()
    restore(source, part, repository, wanted, scratch)
    assert (there / "script").read_text() == "#!/bin/sh\n"


@pytest.mark.slow
def test_a_copy_that_is_not_what_was_verified_is_not_given_back(kept, repository, scratch, tmp_path):
    source, copy, found = kept
    (part,) = source.find(Wanted(), [copy], repository, found)
    for other, error in (({"sha256": "0" * 64}, DumpUnreadableError), ({"files": 1}, RestoreMismatchError)):
        with pytest.raises(error):
            restore(source, part.model_copy(update=other), repository, delivery(tmp_path), scratch)
        assert list((tmp_path / "restored" / "r1").iterdir()) == []
    assert source.read(part, repository, str(scratch)).facts["size_bytes"] == copy.size_bytes


# --- archives that nobody should believe


def made(*entries: tuple[str, bytes, str | bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as writing:
        for name, kind, content in entries:
            member = tarfile.TarInfo(name)
            member.type = kind
            if isinstance(content, bytes):
                member.size = len(content)
                writing.addfile(member, io.BytesIO(content))
            else:
                member.linkname = content
                writing.addfile(member)
    return archive.getvalue()


@pytest.mark.parametrize(
    "entries",
    [
        [("../../out", tarfile.REGTYPE, b"x")],
        [("l", tarfile.SYMTYPE, "{out}"), ("l/out", tarfile.REGTYPE, b"x")],
        [("l", tarfile.LNKTYPE, "../../../../../../../../..{victim}"), ("a", tarfile.REGTYPE, b"x")],
        [("l", tarfile.LNKTYPE, "{victim}"), ("l", tarfile.REGTYPE, b"x")],
        [("d", tarfile.SYMTYPE, "{out}"), ("d", tarfile.DIRTYPE, ""), ("d/out", tarfile.REGTYPE, b"x")],
        [("dev", tarfile.CHRTYPE, ""), ("a", tarfile.REGTYPE, b"x")],
    ],
    ids=["above", "through a link", "link to above", "link to another", "folder for a link", "device"],
)
def test_no_archive_leads_out_of_the_folder_that_it_is_for(repository, marks, scratch, tmp_path, entries):
    out, victim = tmp_path / "out", tmp_path / "victim"
    out.mkdir()
    victim.write_text("safe")
    named = [
        (name, kind, one.format(out=out, victim=victim) if isinstance(one, str) else one)
        for name, kind, one in entries
    ]
    stored = scratch / "stored.tar"
    stored.write_bytes(made(*named))
    copy = repository.save_output("files.tar", ["cat", str(stored)], "files.tar", marks, environment={}).copy
    source = tar("/srv")
    with contextlib.suppress(DumpUnreadableError, RestoreMismatchError, OSError):
        (part,) = source.find(Wanted(), [copy], repository, [])
        with contextlib.suppress(Exception):
            restore(source, part, repository, delivery(tmp_path), scratch)
    assert list(out.iterdir()) == []
    assert (victim.read_text(), victim.stat().st_nlink) == ("safe", 1)
    assert not [path for path in (tmp_path / "restored").rglob("*") if path.is_char_device()]


def look(archive: bytes, size: int = 1000) -> dict[str, object]:
    check = ArchiveCheck()
    for first in range(0, len(archive), size):
        check.take(archive[first : first + size])
    return check.finish()


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 511, 512, 513, 1 << 20])
def test_an_archive_is_counted_wherever_blocks_are_cut(size):
    whole = made(
        ("a", tarfile.REGTYPE, b"x" * 700), ("n" * 300, tarfile.REGTYPE, b"y"), ("l", tarfile.SYMTYPE, "a")
    )
    assert look(whole, size) == {"files": 2, "content_bytes": 701}


@pytest.mark.slow
def test_an_archive_that_is_not_whole_is_told():
    whole = made(("a", tarfile.REGTYPE, b"x" * 700), ("b", tarfile.REGTYPE, b"\0" * 2048)).rstrip(b"\0")
    # Its last file is nothing but zeros: by them alone it does not show where it was cut.
    end = 512 + 1024 + 512 + 2048
    archive = whole.ljust(end, b"\0")
    assert look(archive)["reason"] == "archive_cut"
    assert look(archive + b"\0" * 512)["reason"] == "archive_cut"
    assert "reason" not in look(archive + b"\0" * 1024)
    assert look(archive[:-1] + b"\0" * 512)["reason"] == "archive_cut"
    assert look(archive[:1600] + b"\1" + archive[1601:] + b"\0" * 1024)["reason"] == "archive_damaged"
    assert look(archive + b"\0" * 1024 + b"x" * 512)["reason"] == "archive_damaged"
    assert look(b"\0" * 10240)["reason"] == "archive_empty"
    assert look(b"no archive at all" * 100)["reason"] == "archive_damaged"


@pytest.mark.slow
def test_a_size_beyond_8_gib_is_understood():
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as writing:
        member = tarfile.TarInfo("big")
        member.size = 9 << 30
        writing.fileobj.write(member.tobuf(tarfile.PAX_FORMAT))
    check = ArchiveCheck()
    check.take(archive.getvalue()[: archive.getvalue().rindex(b"big") + 512])
    assert (check.files, check.content_bytes) == (1, 9 << 30)


@pytest.mark.slow
def test_everything_is_meant_by_the_root():
    assert "/any/where" in Selection(("/",))
    assert "/any/where" in Selection(())
