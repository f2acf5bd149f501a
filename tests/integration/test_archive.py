"""The archive of the form: whole or absent, once, verified, never rewritten."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from archive_kit import BOGOTA, OCTOBER, fill, organization
from respaldo.actions.archive import Asked, archive
from respaldo.domain.archive_errors import (
    AlreadyArchivedError,
    ArchiveBusyError,
    ArchiveDamagedError,
    ArchiveFolderError,
    ArchiveFullError,
)
from respaldo.domain.errors import ReportTamperedError, ReportUnavailableError
from respaldo.domain.values import Run
from respaldo.report import form_pdf
from respaldo.report.archive_folder import ArchiveFolder
from respaldo.texts.telling import in_words

TESTS = Path(__file__).parents[1]


def run(number: int = 1) -> Run:
    return Run(dag_id="fm007_archive", run_id=f"manual__{number}", scope_id="")


@pytest.fixture
def filled(report, postgres_server):
    """A report with sixty runs of October."""
    with postgres_server.connect(report.endpoint) as connection:
        fill(connection, 60)
    return report


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "archivo"


@pytest.fixture
def made(filled, root):
    return archive(run(), Asked(OCTOBER, by="soporte"), organization(root), filled)


def names(root: Path) -> set[str]:
    """Everything in the archive but its lock and the file that says what it is."""
    return {str(path.relative_to(root)) for path in root.rglob("*")} - {".lock", "LEAME.txt"}


FIRST = {
    "2026",
    "2026/TIC-FM007_2026-10_v1",
    *(f"2026/TIC-FM007_2026-10_v1/TIC-FM007_2026-10_v1.{kind}" for kind in ("xlsx", "pdf", "json")),
    "2026/TIC-FM007_2026-10_v1/SHA256SUMS",
}


def test_the_documents_of_a_period_are_there_with_their_record_and_their_sums(made, root):
    assert names(root) == FIRST
    folder = root / made.folder
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout.count("OK")) == (0, 3)
    assert (made.version, made.replaces, made.row_count, made.archived_by) == (1, None, 60, "soporte")
    assert made.history_count == 60


def test_nobody_changes_them_by_mistake(made, root):
    folder = root / made.folder
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o440}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o550


def test_analysts_find_them_in_the_view(made, filled, postgres_server):
    assert filled.write(made)
    with postgres_server.connect(filled.endpoint) as connection:
        connection.execute("SET ROLE analista")
        cursor = connection.execute("SELECT * FROM reportes.archivo")
        [row] = [
            dict(zip((column.name for column in cursor.description), one, strict=True)) for one in cursor
        ]
    assert (row["desde"], row["hasta"], row["version"]) == (OCTOBER.first, OCTOBER.last, 1)
    assert (row["vigente"], row["filas"], row["historial_huella"]) == (True, 60, made.history_head)
    assert row["archivos"] == [file.name for file in made.files]
    assert row["sumas_sha256"] == [file.sha256 for file in made.files]


def test_the_same_run_again_gives_the_same_and_writes_nothing(made, filled, root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert archive(run(), Asked(OCTOBER, by="soporte"), organization(root), filled) == made
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_period_is_not_archived_again_without_a_reason(made, filled, root):
    with pytest.raises(AlreadyArchivedError) as caught:
        archive(run(2), Asked(OCTOBER), organization(root), filled)
    at = made.archived_at.astimezone(BOGOTA)
    assert f"2026-10 ya está archivado: versión 1, del {at:%Y-%m-%d %H:%M:%S}-05:00" in in_words(caught.value)
    assert names(root) == FIRST


def test_it_is_known_as_archived_although_its_folder_was_lost(made, filled, root):
    filled.write(made)
    shutil.rmtree(root)
    with pytest.raises(AlreadyArchivedError):
        archive(run(2), Asked(OCTOBER), organization(root), filled)


def test_a_correction_is_another_version_that_names_the_former(made, filled, root):
    before = (root / made.folder / "SHA256SUMS").read_bytes()
    asked = Asked(OCTOBER, reason="Faltaba una ejecución", by="profesional")
    second = archive(run(2), asked, organization(root), filled)
    assert (second.version, second.replaces, second.reason) == (2, 1, "Faltaba una ejecución")
    assert second.folder.endswith("_v2")
    assert (root / made.folder / "SHA256SUMS").read_bytes() == before
    assert filled.write(made)
    assert filled.write(second)


def test_a_reason_for_what_was_never_archived_is_not_kept(filled, root):
    made = archive(run(), Asked(OCTOBER, reason="Por si acaso"), organization(root), filled)
    assert (made.version, made.reason) == (1, None)


def test_an_altered_history_is_not_archived(filled, root, postgres_server):
    with postgres_server.connect(filled.endpoint) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE respaldo.fm007 SET files = 1 WHERE number = 7")
    with pytest.raises(ReportTamperedError) as caught:
        archive(run(), Asked(OCTOBER), organization(root), filled)
    assert caught.value.facts["number"] == "7"
    assert names(root) == set()


def test_a_history_that_was_cut_after_a_period_was_archived_is_found(made, filled, root, postgres_server):
    with postgres_server.connect(filled.endpoint) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM respaldo.fm007_history WHERE seq > 58")
        connection.execute("DELETE FROM respaldo.fm007 WHERE number > 58")
    with pytest.raises(ReportTamperedError) as caught:
        archive(run(2), Asked(OCTOBER, reason="Otra vez"), organization(root), filled)
    assert caught.value.facts == {"check": "cut", "seq": "60"}
    assert "fue recortado" in in_words(caught.value)


def test_a_record_that_somebody_spoilt_is_told(made, filled, root):
    path = root / made.folder / f"{made.folder.rpartition('/')[2]}.json"
    path.chmod(0o600)
    path.write_text("{")
    with pytest.raises(ArchiveDamagedError) as caught:
        archive(run(2), Asked(OCTOBER, reason="Otra vez"), organization(root), filled)
    assert str(path) in in_words(caught.value)


def test_a_document_that_somebody_changed_is_found_by_the_run_that_made_it(made, filled, root):
    path = root / made.folder / made.files[0].name
    path.chmod(0o600)
    path.write_bytes(b"otro")
    with pytest.raises(ArchiveDamagedError) as caught:
        archive(run(), Asked(OCTOBER), organization(root), filled)
    assert caught.value.facts["path"] == str(path)


def test_without_a_report_there_is_nothing_to_archive(filled, root, postgres_server):
    endpoint = filled.endpoint.model_copy(update={"host": "/nowhere"})
    filled.endpoint = endpoint
    with pytest.raises(ReportUnavailableError):
        archive(run(), Asked(OCTOBER), organization(root), filled)
    assert names(root) == set()


def test_only_one_archives_at_a_time(filled, root):
    with ArchiveFolder(root).turn(), pytest.raises(ArchiveBusyError):
        archive(run(), Asked(OCTOBER), organization(root), filled)
    assert names(root) == set()


def test_of_two_at_once_one_archives_and_the_other_is_refused(filled, root):
    ended = []

    def try_it(number: int) -> None:
        try:
            ended.append(archive(run(number), Asked(OCTOBER), organization(root), filled).version)
        except (ArchiveBusyError, AlreadyArchivedError) as error:
            ended.append(type(error))

    threads = [threading.Thread(target=try_it, args=[number]) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 2
    assert ended.count(1) == 1
    assert names(root) == FIRST


def test_a_folder_that_cannot_be_made_is_told(filled):
    with pytest.raises(ArchiveFolderError) as caught:
        archive(run(), Asked(OCTOBER), organization("/proc/archivo"), filled)
    assert "/proc/archivo" in in_words(caught.value)


def test_a_file_in_the_place_of_the_folder_is_told(filled, root):
    root.write_text("")
    with pytest.raises(ArchiveFolderError):
        archive(run(), Asked(OCTOBER), organization(root), filled)


@pytest.fixture
def small_disk(root):
    """A disk with room for little more than the folders."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a file system")
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", root], check=True)
    yield root
    subprocess.run(["umount", root], check=True)


def test_a_full_disk_is_told_and_nothing_half_written_stays(filled, small_disk):
    with pytest.raises(ArchiveFullError) as caught:
        archive(run(), Asked(OCTOBER), organization(small_disk), filled)
    assert "No hay espacio" in in_words(caught.value)
    assert names(small_disk) == {"2026"}


KILLED = """
import sys
from pathlib import Path
from archive_kit import OCTOBER, organization
from respaldo.actions.archive import Asked, archive
from respaldo.domain.values import Endpoint, Run
from respaldo.hosts import durable
from respaldo.report.spool import Spool
from respaldo.report.store import Report

root, endpoint = Path(sys.argv[1]), Endpoint.model_validate_json(sys.argv[2])
write = durable.write

def slowly(path, *arguments):
    if path.name == "SHA256SUMS":
        print("half", flush=True)
        sys.stdin.read()
    write(path, *arguments)

durable.write = slowly
run = Run(dag_id="fm007_archive", run_id="manual__1", scope_id="")
archive(run, Asked(OCTOBER, by="soporte"), organization(root), Report(endpoint, Spool(root.parent / "spool")))
"""


def test_what_a_killed_run_left_is_no_archive_and_its_retry_finishes(filled, root):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, root, filled.endpoint.model_dump_json()],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = names(root)
    assert "2026/TIC-FM007_2026-10_v1" not in left
    assert any(name.endswith(".partial") for name in left)
    made = archive(run(), Asked(OCTOBER, by="soporte"), organization(root), filled)
    assert names(root) == FIRST
    ArchiveFolder(root).verify(made)


def test_the_folder_holds_a_file_from_the_first_day(root):
    ArchiveFolder(root).prepare()
    before = (root / "LEAME.txt").stat().st_mtime_ns
    time.sleep(0.01)
    ArchiveFolder(root).prepare()
    assert (root / "LEAME.txt").stat().st_mtime_ns == before


def test_what_one_pdf_does_not_hold_is_archived_in_parts(filled, root, monkeypatch):
    monkeypatch.setattr(form_pdf, "MOST_RUNS", 25)
    record = archive(run(), Asked(OCTOBER, by="soporte"), organization(root), filled)
    pdfs = [file.name for file in record.files if file.name.endswith(".pdf")]
    assert pdfs == [f"TIC-FM007_2026-10_v1_{number:02}.pdf" for number in (1, 2, 3)]
    ArchiveFolder(root).verify(record)
