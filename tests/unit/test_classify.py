"""From exit code and words to a cause: what restic 0.18.0 and 0.19.1 said when each thing was broken."""

import json

import pytest

from respaldo.domain.errors import (
    CacheUnusableError,
    ConfigDamagedError,
    EngineKilledError,
    IndexDamagedError,
    RepositoryDamagedError,
    RepositoryDeniedError,
    RepositoryFullError,
    RepositoryLockedError,
    RepositoryMissingError,
    RepositoryReadOnlyError,
    RepositoryUnreachableError,
    RestoreMismatchError,
    SnapshotMissingError,
    SourceCommandError,
    SourceMissingError,
    TargetDeniedError,
    TargetFullError,
    ToolMissingError,
    UnknownEngineError,
    WrongPasswordError,
)
from respaldo.domain.repository_errors import RepositoryClockError
from respaldo.restic.classify import cause_of, damage_in, named_file, summary_line
from respaldo.restic.delivering import explain_delivery
from respaldo.restic.events import Report

CASES = {
    "no repository": (
        10,
        "Fatal: repository does not exist: unable to open config file: stat /r/config: no such file",
        RepositoryMissingError,
    ),
    "no repository, told by words": (
        1,
        "Fatal: repository does not exist: unable to open config file: Stat: no such file or directory",
        RepositoryMissingError,
    ),
    "repository folder unreadable": (
        1,
        "Fatal: unable to open repository at /r: stat /r/config: permission denied",
        RepositoryDeniedError,
    ),
    "REST server refuses the login": (
        1,
        "Fatal: unable to open config file: unexpected HTTP response (401): 401 Unauthorized",
        RepositoryDeniedError,
    ),
    "wrong password": (12, "Fatal: wrong password or no key found", WrongPasswordError),
    "wrong password of the first of two": (1, "Fatal: wrong password or no key found", WrongPasswordError),
    "password source fails": (
        1,
        "Fatal: Resolving password failed: open /x: no such file",
        UnknownEngineError,
    ),
    "no password": (
        1,
        "Fatal: an empty password is not allowed by default. Pass the flag",
        UnknownEngineError,
    ),
    "all sources missing": (1, "Fatal: all source directories/files do not exist", SourceMissingError),
    "dump command fails": (
        1,
        "Fatal: unable to save snapshot: command failed: exit status 1\n"
        "subprocess pg_dump: pg_dump: error: permission denied for table x",
        SourceCommandError,
    ),
    "dump command fails, the race": (130, "command failed: exit status 1", SourceCommandError),
    "dump command is not there": (
        1,
        "failed to start command: fork/exec /usr/bin/pg_dump: no such file or directory",
        ToolMissingError,
    ),
    "dump to a name with a slash": (1, "open /db: no such file or directory", UnknownEngineError),
    "repository disk full": (
        1,
        "Fatal: unable to save snapshot: write\nSave(<data/3483>) failed: write: no space left on device",
        RepositoryFullError,
    ),
    "repository quota full": (1, "Save(<data/3483>) failed: write: disk quota exceeded", RepositoryFullError),
    "repository read-only": (
        1,
        "Save(<lock/1>) returned error, retrying after 1s: open /r/locks/1: read-only file system",
        RepositoryReadOnlyError,
    ),
    "REST server down": (
        1,
        "Load(<config>) returned error, retrying after 720ms: dial tcp: connect: connection refused",
        RepositoryUnreachableError,
    ),
    "a store of objects does not know the key": (
        130,
        "Stat(<config/>) returned error, retrying after 950ms: Stat: The access key ID you provided does not"
        " exist in our records.\nFatal: unable to open config file: context canceled",
        RepositoryDeniedError,
    ),
    "a store of objects is asked with a wrong secret": (
        130,
        "Stat(<config/>) returned error, retrying after 867ms: Stat: The request signature we calculated does"
        " not match the signature you provided. Check your key and signing method.",
        RepositoryDeniedError,
    ),
    "a store of objects, and nobody's keys": (
        1,
        "Fatal: unable to open repository at s3:h: s3.getCredentials: no credentials found.",
        RepositoryDeniedError,
    ),
    "a store of objects where this key may nothing": (
        1,
        "Fatal: unable to open config file: Stat: Access Denied.",
        RepositoryDeniedError,
    ),
    "a store of objects by whose clock it is another hour": (
        130,
        "Stat: The difference between the request time and the server's time is too large.",
        RepositoryClockError,
    ),
    "a store of objects without the bucket": (
        130,
        "Stat(<config/>) returned error, retrying after 1.4s: Stat: The specified bucket does not exist",
        RepositoryMissingError,
    ),
    "a store of objects without the repository": (
        10,
        "Fatal: repository does not exist: unable to open config file: Stat: The specified key does not"
        " exist.",
        RepositoryMissingError,
    ),
    "a store of objects whose quota is used up, by its code": (
        1,
        "Save(<data/3483>) failed: client.PutObject: Error response code QuotaExceeded.",
        RepositoryFullError,
    ),
    "a store of objects that is not well": (
        130,
        "Save(<key/23e8>) returned error, retrying after 2.9s: client.PutObject: We encountered an internal"
        " error, please try again.",
        RepositoryUnreachableError,
    ),
    "sftp down": (
        1,
        "Fatal: unable to open repository at sftp:h:/r: unable to start the sftp session, error: EOF",
        RepositoryUnreachableError,
    ),
    "sftp refused": (
        1,
        "subprocess ssh: ssh: connect to host h port 22: Connection refused",
        RepositoryUnreachableError,
    ),
    "name of the server unknown": (
        1,
        "dial tcp: lookup backups.example: no such host",
        RepositoryUnreachableError,
    ),
    "locked": (
        11,
        "Fatal: unable to create lock in backend: repository is already locked by PID 3973 on vm by root",
        RepositoryLockedError,
    ),
    "locked exclusively, told by words": (
        1,
        "repository is already locked exclusively by PID 3973 on vm",
        RepositoryLockedError,
    ),
    "killed": (-9, "", EngineKilledError),
    "killed, told by a shell": (137, "", EngineKilledError),
    "reader of the dump went away": (-13, "", EngineKilledError),
    "terminated, 0.18": (
        1,
        "Fatal: unable to save snapshot: context canceled\nsignal terminated received, cleaning up",
        EngineKilledError,
    ),
    "terminated, 0.19": (130, "unable to save snapshot: context canceled", EngineKilledError),
    "terminated before it could say so": (-15, "", EngineKilledError),
    "interrupted without a word": (130, "", EngineKilledError),
    "pack with a flipped bit": (
        1,
        "ReadPack(<data/3483>): ciphertext verification failed",
        RepositoryDamagedError,
    ),
    "pack deleted, told by check": (
        1,
        "Fatal: repository contains errors\npack 3483ab: does not exist",
        RepositoryDamagedError,
    ),
    "pack deleted, met by a restore": (
        1,
        "Fatal: loading tree failed: ReadFull(<data/f48c>): open /r/data/f4/f48c: no such file or directory",
        RepositoryDamagedError,
    ),
    "pack deleted, met by a listing": (
        1,
        f"open /r/data/c5/{'c5' * 32}: no such file or directory",
        RepositoryDamagedError,
    ),
    "pack truncated": (
        1,
        "pack 3483ab: unexpected file size: got 100, expected 200",
        RepositoryDamagedError,
    ),
    "pack truncated, met by a copy": (
        1,
        "Fatal: StreamPack: ReadFull(<data/1216a1e59f>): file is too short",
        RepositoryDamagedError,
    ),
    "folder unreadable, 0.18 breaks down": (
        2,
        "panic: runtime error: invalid memory address or nil pointer dereference\n"
        "github.com/restic/restic/internal/walker.walk({0x1143910, 0xc0000f5270}, ...)",
        RepositoryDamagedError,
    ),
    "index with a flipped bit": (1, "LoadRaw(<index/9620aeebbf>): invalid data returned", IndexDamagedError),
    "index with a flipped bit, told by check": (
        1,
        "Fatal: repository contains errors\n"
        "error: error loading index 9620: LoadRaw(<index/9620aeebbf>): invalid data returned",
        IndexDamagedError,
    ),
    "index deleted": (1, "tree 12ab: not found in repository index", IndexDamagedError),
    "index deleted, told by check": (
        1,
        "Fatal: repository contains errors\n  id 19ea4236 not found in repository\n"
        "The repository is damaged and must be repaired.",
        IndexDamagedError,
    ),
    "index deleted, met by a restore": (1, f"Unknown blob {'6d' * 32}", IndexDamagedError),
    "errors of no kind": (1, "Fatal: repository contains errors", RepositoryDamagedError),
    "config with a flipped bit": (
        1,
        "Fatal: config or key 77 is damaged: ciphertext verification failed",
        ConfigDamagedError,
    ),
    "config without a byte": (1, "config file has zero size, invalid repository?", ConfigDamagedError),
    "key with a flipped bit": (
        1,
        "Fatal: LoadRaw(<key/da4e1e3b93>): invalid data returned",
        ConfigDamagedError,
    ),
    "snapshot with a flipped bit": (
        1,
        "Error loading snapshot 10847c0c: failed to load snapshot 10847c0c:"
        " LoadRaw(<snapshot/10847c0c04>): invalid data returned",
        RepositoryDamagedError,
    ),
    "restore target full": (
        1,
        "Fatal: There were 12 errors\n/t/f: write: no space left on device",
        RepositoryFullError,
    ),
    "append-only server": (
        3,
        "failed to remove one or more snapshots\nunexpected HTTP response (403): 403 Forbidden",
        RepositoryDeniedError,
    ),
    "unknown flag": (1, "unknown flag: --frobnicate", UnknownEngineError),
    "snapshot id unknown": (1, 'no matching ID found for prefix "abcdef12"', SnapshotMissingError),
    "whole snapshot id unknown, on disk": (
        1,
        "Fatal: failed to find snapshot: failed to load snapshot [null]: open /r/snapshots/0: no such file",
        SnapshotMissingError,
    ),
    "whole snapshot id unknown, over REST": (
        1,
        "failed to load snapshot [null]: <snapshot/0000000000> does not exist",
        SnapshotMissingError,
    ),
    "snapshot file damaged": (
        1,
        "failed to load snapshot 12ab: ciphertext verification failed",
        RepositoryDamagedError,
    ),
    "no snapshot at all": (1, "snapshot filter (Paths:[] Tags:[]): no snapshot found", SnapshotMissingError),
    "cache unusable": (
        1,
        "mkdir /dev/null: not a directory\nunable to open cache: mkdir /dev/null: not a directory",
        CacheUnusableError,
    ),
    "cache not permitted": (
        1,
        "unable to open cache: mkdir /root/.cache: permission denied",
        CacheUnusableError,
    ),
    "cache with a file in its place": (
        1,
        "open /c/91/version: not a directory\n"
        "unable to open cache: readVersion: readVersion: open /c/91/version: not a directory",
        CacheUnusableError,
    ),
    "cache without room": (
        1,
        "Load(<snapshot/5667d77843>, 0, 0) returned error, retrying after 1.4s:"
        " Copy: write /c/91/snapshots/56/tmp-86: no space left on device",
        CacheUnusableError,
    ),
    "a pack deleted, and a cache that 0.18 does without": (
        1,
        "Fatal: repository contains errors\npack 3483ab: does not exist\n"
        "unable to open cache: mkdir /c: not a directory",
        RepositoryDamagedError,
    ),
    "unknown code": (77, "", UnknownEngineError),
    "a crash": (2, "panic: runtime error: slice bounds out of range [16:1]", UnknownEngineError),
    "unknown words": (1, "the moon is full", UnknownEngineError),
}


@pytest.mark.parametrize("case", CASES)
def test_each_failure_has_its_cause(case):
    code, text, cause = CASES[case]
    assert cause_of(code, text) is cause


@pytest.mark.parametrize(("code", "cause"), [(10, RepositoryMissingError), (11, RepositoryLockedError)])
def test_a_code_that_is_clear_needs_no_words(code, cause):
    assert cause_of(code, "no space left on device") is cause


def test_what_a_dump_says_about_itself_is_not_taken_for_the_repository():
    text = "command failed: exit status 1\nsubprocess pg_dump: connection refused"
    assert cause_of(1, text) is SourceCommandError


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("parts of /a not found in the repository index; storing the file again", IndexDamagedError),
        (
            "/: tree 6a is not known; the repository could be damaged, run `repair index` to repair it",
            IndexDamagedError,
        ),
        (
            "/a: tree a893 could not be loaded; the repository could be damaged: decrypting blob <tree/a893>"
            " from 3ee464dc failed: ciphertext verification failed",
            RepositoryDamagedError,
        ),
        ("open /a: permission denied", None),
        ("lstat /not found in index: no such file or directory", None),
    ],
)
def test_damage_that_a_save_met_is_told_from_a_file_that_cannot_be_read(message, cause):
    assert damage_in(["open /b: permission denied", message]) is cause


@pytest.mark.parametrize(
    ("message", "file"),
    [
        ("LoadRaw(<index/9620aeebbf>): invalid data returned", ("index", "9620aeebbf")),
        ("LoadRaw(<snapshot/10847c0c04>): invalid data returned", ("snapshots", "10847c0c04")),
        ("ReadFull(<data/1216a1e59f>): file is too short", ("packs", "1216a1e59f")),
        # restic 0.18 and 0.19: first the piece, then the pack that holds it.
        ("decrypting blob <data/b8599313> from 1216a1e5 failed", ("packs", "1216a1e5")),
        ("decrypting blob <tree/b8599313> from pack 4d67a0648bf5 failed", ("packs", "4d67a0648bf5")),
        ("id 19ea4236 not found in repository", None),
    ],
)
def test_the_file_that_a_message_is_about_is_found_in_it(message, file):
    assert named_file(message) == file


def test_the_summary_line_is_the_first_telling_one():
    assert summary_line("repository 1 opened\nFatal: wrong password or no key found\nmore") == (
        "wrong password or no key found"
    )


def test_the_summary_line_of_words_that_tell_nothing_is_the_first():
    assert summary_line("\n  hello \nworld") == "hello"


def test_the_summary_line_is_not_that_restic_was_ended():
    text = "Fatal: unable to open config file: context canceled\nStat: error, retrying: no such bucket"
    assert summary_line(text) == "Stat: error, retrying: no such bucket"


def test_the_summary_line_of_silence_is_empty():
    assert summary_line("") == ""


def test_the_summary_line_fits_a_row():
    assert len(summary_line("error " + "x" * 10_000)) == 500


# --- a delivery: the target's troubles and the repository's

LOAD = "ReadFull(<data/82>): open /repo/data/82/826e: permission denied"
FOLLOWS = "lchown /to/x: no such file or directory"

DELIVERIES = {
    "disk full": (["write /to/x: no space left on device"], TargetFullError),
    "quota": (["write /to/a b: disk quota exceeded"], TargetFullError),
    "full, and a hole left by it": (["write /to/x: no space left on device", FOLLOWS], TargetFullError),
    "folder refused": (["cannot create target directory: mkdir /t: permission denied"], TargetDeniedError),
    "file refused": (["open /to/x: permission denied"], TargetDeniedError),
    "read-only": (["mkdir /to/y: read-only file system"], TargetDeniedError),
    "a folder in the way": (["open /to/x: is a directory"], TargetDeniedError),
    "another size": (["Invalid file size for /to/x: expected 3, got 2"], RestoreMismatchError),
    "other content": (["Unexpected content in /to/x, starting at offset 7"], RestoreMismatchError),
    "a damaged pack": (["decrypting blob <data/1> from 2 failed: ciphertext verification failed"], None),
    "a damaged pack, and the hole": (["ciphertext verification failed", FOLLOWS], None),
    "a pack refused": ([LOAD, FOLLOWS], None),
    "a repository refused": (["open /repo/index/1: permission denied"], None),
    "a repository full": (["unable to create lock: open /repo/locks/1: no space left on device"], None),
    "another folder that begins alike": (["open /together: permission denied"], None),
    "stopped": (["context canceled"], None),
}


def failed_with(messages: list[str]) -> Report:
    report = Report()
    for message in messages:
        event = {"message_type": "error", "error": {"message": message}, "during": "restore", "item": "/x"}
        report.take(json.dumps(event).encode())
    fatal = f"Fatal: There were {len(messages)} errors\n"
    report.take(json.dumps({"message_type": "exit_error", "code": 1, "message": fatal}).encode())
    return report


@pytest.mark.parametrize(("messages", "cause"), DELIVERIES.values(), ids=DELIVERIES)
def test_a_trouble_of_the_target_is_told_from_one_of_the_repository(messages, cause):
    found = explain_delivery("/to", "/repo")(1, failed_with(messages))
    assert type(found) is (cause or type(None))
    assert found is None or found.facts["target"] == "/to"


def test_a_code_that_is_clear_is_no_matter_of_the_target():
    assert explain_delivery("/to", "/repo")(10, failed_with(["open /to/x: permission denied"])) is None


def test_a_file_of_another_size_is_told_by_both():
    found = explain_delivery("/", "/repo")(
        1, failed_with(["Invalid file size for /two\nlines: expected 3, got 2"])
    )
    assert found is not None
    assert found.facts == {"target": "/", "what": "/two\nlines", "expected": "3", "actual": "2"}
