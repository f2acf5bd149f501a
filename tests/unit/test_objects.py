"""Requests to a store of objects are signed as AWS's own example says, and find the bucket."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from respaldo.hosts.objects import Keys, StorePlace, signed
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place, are_apart, together
from respaldo.restic.stores import key_file, store_place

KEYS = Keys(key_id="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def test_a_request_is_signed_as_the_example_of_the_documentation():
    place = StorePlace(url="https://examplebucket.s3.amazonaws.com/", keys=KEYS)
    target, headers = signed(
        place, "GET", place.path(""), {"lifecycle": ""}, now=datetime(2013, 5, 24, tzinfo=UTC)
    )
    assert target == "/?lifecycle="
    assert headers["authorization"].endswith(
        "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )


def test_a_name_is_written_so_that_no_character_of_it_means_anything():
    place = StorePlace(url="https://h/b", folder="a ñ", keys=KEYS)
    assert place.path("x+y") == "/b/a%20%C3%B1/x%2By"


def test_who_has_no_keys_signs_nothing():
    assert "authorization" not in signed(StorePlace(url="https://h/b"), "GET", "/b")[1]


PLACES = {
    "s3:http://h:9000/b/x/erp": ((), "http://h:9000/b", "x/erp", "us-east-1"),
    "s3:h/b": ((), "https://h/b", "", "us-east-1"),
    "s3://h/b/x": (("s3.region=garage",), "https://h/b", "x", "garage"),
    "s3:https://h/b/x": (("s3.bucket-lookup=dns",), "https://b.h/", "x", "us-east-1"),
    "s3:s3.amazonaws.com/b/x": ((), "https://b.s3.amazonaws.com/", "x", "us-east-1"),
    "s3:s3.sa-east-1.amazonaws.com/b/x": (
        ("s3.bucket-lookup=path",),
        "https://s3.sa-east-1.amazonaws.com/b",
        "x",
        "sa-east-1",
    ),
}


@pytest.mark.parametrize("location", PLACES)
def test_a_location_leads_to_a_bucket_and_a_folder_in_it(location):
    options, url, folder, region = PLACES[location]
    place = store_place(location, None, None, options)
    assert (place.url, place.folder, place.region) == (url, folder, region)


def test_a_location_without_a_bucket_leads_nowhere():
    with pytest.raises(ValueError, match="bucket"):
        store_place("s3:https://h/", None, None)


def _place(location: str, login: Login, **options: str) -> Place:
    access = Access.to(location, login, name="x", options=options)
    return Place(location, SecretStr("clave"), None, access=access)


ONE, TWO = (Login(user=user, secret=SecretStr("secreta")) for user in ("uno", "dos"))


def test_two_stores_are_apart_when_keys_or_options_are():
    assert are_apart(_place("s3:h/a", ONE), _place("s3:h/b", TWO))
    assert are_apart(_place("s3:h/a", ONE), _place("s3:h/b", ONE, **{"s3.region": "x"}))
    assert not are_apart(_place("s3:h/a", ONE), _place("s3:i/b", ONE))
    assert not are_apart(_place("s3:h/a", ONE), _place("rest:https://h/", TWO))
    assert not are_apart(_place("/a", Login()), _place("s3:h/b", TWO))


def test_a_call_on_a_folder_and_a_store_enters_the_store_whichever_is_first():
    store, folder = _place("s3:h/a", ONE), Place("/a", SecretStr("clave"), None)
    for pair in (together(store, folder), together(folder, store)):
        for place in pair:
            assert place.entered.environment == store.entered.environment


def test_keys_reach_restic_as_a_path_alone():
    access = _place("s3:h/a", ONE).entered
    path = access.environment["AWS_SHARED_CREDENTIALS_FILE"]
    assert "aws_secret_access_key = `secreta`" in Path(path).read_text()
    assert "secreta" not in repr(access) + repr(access.environment)


@pytest.mark.parametrize("login", [(None, None), ("uno", None), (None, SecretStr("x"))])
def test_half_a_pair_of_keys_is_none(login):
    keys = key_file(*login)
    assert Path(keys.path).read_text() == ""
