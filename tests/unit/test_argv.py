"""The command lines of restic."""

from dataclasses import replace
from itertools import pairwise

import pytest
from pydantic import SecretStr

from respaldo.restic import argv

FIRST = argv.Place("/srv/first", SecretStr("first-secret"), "/cache/first")
SECOND = argv.Place("rest:http://second/", SecretStr("second-secret"), "/cache/second")
SNAPSHOT = "a" * 64

ON_A_REPOSITORY = {
    "init": argv.init(FIRST),
    "init_like": argv.init_like(SECOND, FIRST),
    "cat_config": argv.cat_config(FIRST),
    "backup_paths": argv.backup_paths(FIRST, ["/data"], host="h", tags=["t"]),
    "backup_output": argv.backup_output(FIRST, ["pg_dump"], "erp.dump", host="h", tags=["t"]),
    "snapshots": argv.snapshots(FIRST, ["t"]),
    "ls": argv.ls(FIRST, SNAPSHOT),
    "restore": argv.restore(FIRST, SNAPSHOT, "/target"),
    "preview": argv.preview(FIRST, SNAPSHOT, "/target", ["*.pdf"], "never", "/"),
    "deliver": argv.deliver(FIRST, SNAPSHOT, "/target", ["*.pdf"], "never", "/"),
    "find": argv.find(FIRST, "*.pdf", [SNAPSHOT]),
    "cat_snapshot": argv.cat_snapshot(FIRST, SNAPSHOT),
    "dump": argv.dump(FIRST, SNAPSHOT, "/erp.dump"),
    "copy": argv.copy(FIRST, SECOND, [SNAPSHOT]),
    "check_data": argv.check_data(FIRST, 5),
    "check": argv.check(FIRST),
    "repair_index": argv.repair_index(FIRST),
    "repair_packs": argv.repair_packs(FIRST, ["b" * 64]),
    "harmed_snapshots": argv.harmed_snapshots(FIRST),
    "prune": argv.prune(FIRST),
    "listed": argv.listed(FIRST, "locks"),
    "forget": argv.forget(FIRST, SNAPSHOT),
    "unlock": argv.unlock(FIRST),
}


def follows(arguments, flag) -> list:
    """Give what stands after each occurrence of a flag."""
    return [after for before, after in pairwise(arguments) if before == flag]


@pytest.mark.parametrize("name", ON_A_REPOSITORY)
def test_every_call_names_its_repository_its_cache_and_asks_for_json(name):
    arguments = ON_A_REPOSITORY[name]
    place = SECOND if name in ("init_like", "copy") else FIRST
    assert follows(arguments, "--repo") == [place.location]
    assert follows(arguments, "--cache-dir") == [place.cache]
    assert "--json" in arguments


@pytest.mark.parametrize("name", ON_A_REPOSITORY)
def test_a_password_is_never_a_plain_argument(name):
    arguments = ON_A_REPOSITORY[name]
    assert not any("secret" in part for part in arguments if isinstance(part, str))
    expected = SECOND.password if name in ("init_like", "copy") else FIRST.password
    assert follows(arguments, "--password-file") == [expected]


@pytest.mark.parametrize("name", ["init_like", "copy"])
def test_a_call_on_two_repositories_names_the_first_as_the_one_it_reads(name):
    arguments = ON_A_REPOSITORY[name]
    assert follows(arguments, "--from-repo") == [FIRST.location]
    assert follows(arguments, "--from-password-file") == [FIRST.password]


@pytest.mark.parametrize(
    "name", ["ls", "restore", "preview", "deliver", "cat_snapshot", "dump", "copy", "forget"]
)
def test_the_id_of_a_snapshot_is_no_option_whatever_it_looks_like(name):
    arguments = ON_A_REPOSITORY[name]
    assert arguments.index("--") < arguments.index(SNAPSHOT)
    assert not any(str(part).startswith("--") for part in arguments[arguments.index("--") + 1 :])


def test_of_two_repositories_the_one_that_is_written_to_says_how():
    first, second = (
        replace(one, access=argv.Access(one.location, options=options))
        for one, options in (
            (FIRST, ("sftp.connections=3", "s3.region=a")),
            (SECOND, ("sftp.connections=5", "rest.connections=5")),
        )
    )
    for arguments in (argv.copy(first, second, [SNAPSHOT]), argv.init_like(second, first)):
        assert follows(arguments, "--option") == ["sftp.connections=5", "rest.connections=5", "s3.region=a"]


def test_a_second_repository_cuts_files_like_the_first():
    assert "--copy-chunker-params" in argv.init_like(SECOND, FIRST)


@pytest.mark.parametrize("name", ["cat_config", "snapshots", "ls", "dump", "listed", "harmed_snapshots"])
def test_what_only_reads_takes_no_lock(name):
    assert "--no-lock" in ON_A_REPOSITORY[name]


WAITING = [
    "backup_paths",
    "backup_output",
    "restore",
    "copy",
    "check_data",
    "check",
    "forget",
    "repair_index",
    "repair_packs",
    "prune",
]


@pytest.mark.parametrize("name", WAITING)
def test_what_needs_a_lock_waits_for_it(name):
    assert follows(ON_A_REPOSITORY[name], "--retry-lock") == [argv.LOCK_PATIENCE]


def test_a_repository_can_be_waited_for_less():
    assert follows(argv.prune(replace(FIRST, patience="1s")), "--retry-lock") == ["1s"]


def test_the_locks_of_the_living_are_never_removed():
    assert argv.unlock(FIRST)[-1] == "unlock"


def test_a_look_at_what_a_repair_would_do_writes_nothing():
    assert "--dry-run" in argv.harmed_snapshots(FIRST)


def test_a_prune_writes_no_pack():
    assert follows(argv.prune(FIRST), "--max-repack-size") == ["0"]
    assert follows(argv.prune(FIRST), "--max-unused") == ["unlimited"]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_backup_reads_every_file_again_only_when_asked(wanted):
    assert ("--force" in argv.backup_paths(FIRST, ["/data"], host="h", tags=[], force=wanted)) is wanted


def test_paths_that_look_like_flags_stay_paths():
    arguments = argv.backup_paths(FIRST, ["-v", "/b"], host="h", tags=[], exclude=["*.tmp"])
    assert arguments[-3:] == ("--", "-v", "/b")


def test_a_backup_carries_its_host_tags_and_exclusions():
    arguments = argv.backup_paths(
        FIRST, ["/data"], host="erp-01", tags=["scope:erp", "run:1"], exclude=["*.tmp", "/x"]
    )
    assert follows(arguments, "--host") == ["erp-01"]
    assert follows(arguments, "--tag") == ["scope:erp", "run:1"]
    assert follows(arguments, "--exclude") == ["*.tmp", "/x"]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_backup_stays_on_one_file_system_only_when_asked(wanted):
    arguments = argv.backup_paths(FIRST, ["/data"], host="h", tags=[], one_file_system=wanted)
    assert ("--one-file-system" in arguments) is wanted


def test_the_arguments_of_a_dump_are_its_own():
    arguments = argv.backup_output(FIRST, ["pg_dump", "--json", "-x"], "erp.dump", host="h", tags=[])
    assert follows(arguments, "--stdin-filename") == ["erp.dump"]
    assert "--stdin-from-command" in arguments
    assert arguments[-4:] == ("--", "pg_dump", "--json", "-x")


def test_snapshots_are_those_with_all_of_the_tags():
    # One flag for each tag would ask for any of them.
    assert follows(argv.snapshots(FIRST, ["scope:erp", "run:1"]), "--tag") == ["scope:erp,run:1"]


def test_snapshots_of_no_tag_are_all():
    assert "--tag" not in argv.snapshots(FIRST, [])


def test_a_restore_includes_each_path_by_itself():
    arguments = argv.restore(FIRST, SNAPSHOT, "/target", ["/a b", "/c[1]"])
    assert follows(arguments, "--include") == ["/a b", "/c\\[1]"]
    assert follows(arguments, "--target") == ["/target"]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/plain/ñandú", "/plain/ñandú"),
        ("/a*b?", "/a\\*b\\?"),
        ("/[x]", "/\\[x]"),
        ("/back\\slash", "/back\\\\slash"),
        ("/**/all", "/\\*\\*/all"),
        ("/two\nlines", "/two\nlines"),
    ],
)
def test_a_literal_pattern_escapes_what_a_pattern_would_read(path, pattern):
    assert argv.literal(path) == pattern


@pytest.mark.parametrize(("percent", "written"), [(5.0, "5%"), (0.5, "0.5%"), (100.0, "100%")])
def test_the_share_of_data_is_written_as_restic_reads_it(percent, written):
    assert f"--read-data-subset={written}" in argv.check_data(FIRST, percent)


@pytest.mark.parametrize("make", [argv.preview, argv.deliver])
def test_a_delivery_hands_patterns_on_as_they_are(make):
    arguments = make(FIRST, SNAPSHOT, "/target", ["/a b", "*.[pc]df", "$HOME"], "if-newer", "/")
    assert follows(arguments, "--include") == ["/a b", "*.[pc]df", "$HOME"]
    assert follows(arguments, "--target") == ["/target"]
    assert follows(arguments, "--overwrite") == ["if-newer"]
    assert SNAPSHOT in arguments


@pytest.mark.parametrize("make", [argv.preview, argv.deliver])
def test_a_delivery_can_begin_in_a_folder(make):
    assert f"{SNAPSHOT}:/srv/data" in make(FIRST, SNAPSHOT, "/srv/data", [], "never", "/srv/data")


def test_a_preview_writes_nothing_and_waits_for_no_lock():
    arguments = argv.preview(FIRST, SNAPSHOT, "/target", [], "always", "/")
    assert {"--dry-run", "--no-lock", "-vv"} <= set(arguments)


def test_a_delivery_is_verified_and_keeps_holes():
    assert {"--verify", "--sparse"} <= set(argv.deliver(FIRST, SNAPSHOT, "/target", [], "always", "/"))


def test_a_search_is_in_the_snapshots_named_and_for_what_may_look_like_an_option():
    arguments = argv.find(FIRST, "--repo", ["a", "b"])
    assert follows(arguments, "--snapshot") == ["a", "b"]
    assert arguments[-2:] == ("--", "--repo")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/plain/ñandú", "/plain/ñandú"),
        ("/folder/", "/folder"),
        ("//a/./b/../c", "/a/c"),
        ("/", "/"),
        ("/a\\*b\\?\\[x]", "/a*b?[x]"),
        ("/back\\\\slash", "/back\\slash"),
        ("/a*", None),
        ("/a/**/b", None),
        ("/a[1]", None),
        ("/a\\\\*", None),
        ("a", None),
        ("", None),
    ],
)
def test_a_pattern_that_names_one_path_is_told_from_others(pattern, path):
    assert argv.plain_path(pattern) == path


@pytest.mark.parametrize("path", ["/a*b?", "/[x]", "/back\\slash", "/two\nlines", "/plain"])
def test_a_literal_pattern_names_its_path(path):
    assert argv.plain_path(argv.literal(path)) == path
