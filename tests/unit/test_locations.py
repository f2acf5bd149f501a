"""What a repository's location says."""

from __future__ import annotations

import pytest

from respaldo.restic.locations import Server, has_secret, kind_of, server_of, sftp_of, with_login

SERVERS = {
    "/srv/copias": ("local", None),
    "relative/a:b": ("local", None),
    "local:/srv": ("local", None),
    "rest:http://h/": ("rest", Server("h", 80)),
    "rest:https://h:8000/x": ("rest", Server("h", 8000)),
    "rest:https://[::1]:8000/x": ("rest", Server("::1", 8000)),
    "rest:http+unix:///run/r.sock:/x": ("rest", None),
    "sftp:u@h:/srv": ("sftp", Server("h", 22, "u")),
    "sftp:h:srv": ("sftp", Server("h", 22)),
    "sftp://u@h:2222//srv": ("sftp", Server("h", 2222, "u")),
    "s3:https://h:9000/b/x": ("s3", Server("h", 9000)),
    "s3:http://h/b": ("s3", Server("h", 80)),
    "s3:s3.amazonaws.com/b": ("s3", Server("s3.amazonaws.com", 443)),
    "s3://h/b": ("s3", Server("h", 443)),
    "b2:bucket:path": ("other", None),
}


@pytest.mark.parametrize("location", SERVERS)
def test_a_location_tells_its_kind_and_who_must_answer(location):
    assert (kind_of(location), server_of(location)) == SERVERS[location]


@pytest.mark.parametrize(
    "location",
    [
        "sftp:/srv",
        "sftp:u@:/srv",
        "sftp:h:",
        "rest:https:///x",
        "s3:https:///b",
        "s3:https://h/",
        "s3:h",
        "rest:http://h:x/",
    ],
)
def test_a_location_without_a_server_or_a_folder_cannot_be_read(location):
    with pytest.raises(ValueError, match=r"."):
        server_of(location)


def test_a_path_over_sftp_is_absolute_or_below_the_users_folder_as_restic_has_it():
    assert sftp_of("sftp://h//srv/a").path == "/srv/a"
    assert sftp_of("sftp://h/srv/a").path == "srv/a"
    assert sftp_of("sftp:h:/srv/a").path == "/srv/a"


def test_a_login_is_written_so_that_no_character_of_it_means_anything():
    assert with_login("rest:https://x@h:8000/a/", "u@d", "p:/@%?#") == (
        "rest:https://u%40d:p%3A%2F%40%25%3F%23@h:8000/a/"
    )


def test_a_password_in_a_location_is_seen():
    assert has_secret("rest:https://u:p@h/")
    assert not has_secret("rest:https://u@h/")
    assert not has_secret("/srv/u:p@h")
