"""Locks that a container left when it was killed, seen from another one that shares its home."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from container_kit import container
from job_kit import job_of, nobody_looks
from lock_kit import EXCLUSIVE, SHARED
from respaldo.actions import verify as verifying
from respaldo.actions.execute import execute
from respaldo.actions.verify import verify
from respaldo.domain.errors import RepositoryLockedError
from respaldo.domain.values import Planned
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.repository import Repository
from respaldo.restic.users import Users
from rest_kit import PASSWORD, USER

pytestmark = pytest.mark.one_restic

HOLD = """
import json, pathlib, subprocess, sys, time
from lock_kit import written
from respaldo.restic.users import Users
given = json.loads(sys.argv[1])
users = Users.of(pathlib.Path(given["users"])) if given["users"] else None
held = users.join() if users else ()
locks = pathlib.Path(given["locks"])
before = written(locks)
nowhere = subprocess.DEVNULL
restic = subprocess.Popen(
    given["command"], pass_fds=held, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere,
    env=given["environment"],
)
while not written(locks) - before:
    assert restic.poll() is None, restic.returncode
    time.sleep(0.005)
print(restic.pid, flush=True)
time.sleep(600)
"""

UNLOCK = """
import json, pathlib, subprocess, sys, time
from pydantic import SecretStr
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.engine import find_engine
from respaldo.restic.repository import Repository
from respaldo.restic.users import Users
given = json.loads(sys.argv[1])
access = Access.to(given["location"], Login(user=given["user"], secret=SecretStr(given["secret"])),
                   name="principal", authority=given["ca"])
place = Place(given["location"], SecretStr(given["password"]), None, access=access)
repository = Repository("principal", "erp", place, find_engine(), append_only=True,
                        users=Users.of(pathlib.Path(given["users"])))
other = None
if given["number"]:
    pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text(str(given["number"] - 1))
    other = subprocess.Popen(["sleep", "600"])
    assert other.pid == given["number"], other.pid
removed = repository.unlock()
print(json.dumps({"removed": removed, "left": len(repository.listed("locks")),
                  "other": other.poll() if other else None}), flush=True)
"""


class Server:
    """A repository that only takes in, in a server, and a home that containers share."""

    def __init__(self, server, engine, folder: Path) -> None:
        self.engine, self.name = engine, folder.name
        self.users = folder / "erp.users"
        self.location = f"{server.location}/{self.name}"
        self.ca, self.data = str(server.ca), server.data / self.name
        access = Access.to(
            self.location,
            Login(user=USER, secret=SecretStr(PASSWORD)),
            name="principal",
            authority=self.ca,
        )
        place = Place(self.location, SecretStr("clave"), None, access=access)
        self.repository = Repository("principal", "erp", place, engine, append_only=True)
        self.repository.create()
        self.password = folder / "password"
        self.password.write_text("clave")

    def holding(self, name: str, *command: str, joined: bool = True):
        """Let a container hold a lock of its own."""
        given = {
            "users": str(self.users) if joined else None,
            "locks": str(self.data / "locks"),
            "command": [self.engine.binary, "--no-cache", "--cacert", self.ca, *command],
            "environment": {
                "RESTIC_REPOSITORY": self.location,
                "RESTIC_PASSWORD_FILE": str(self.password),
                "RESTIC_REST_USERNAME": USER,
                "RESTIC_REST_PASSWORD": PASSWORD,
            },
        }
        return container(name, HOLD, json.dumps(given))

    def left_by(self, name: str, *command: str, joined: bool = True) -> int:
        """Leave the lock of a container that was killed, and give the number of the process that held it."""
        with self.holding(name, *command, joined=joined) as holder:
            return int(holder.said())

    def unlocked_by(self, name: str, number: int | None = None) -> dict:
        """Let a container remove what is left of the dead."""
        given = {
            "location": self.location, "ca": self.ca, "user": USER, "secret": PASSWORD,
            "password": "clave", "users": str(self.users), "number": number,
        }  # fmt: skip
        with container(name, UNLOCK, json.dumps(given)) as other:
            return json.loads(other.said())


@pytest.fixture
def server(append_only, engine, tmp_path):
    return Server(append_only, engine, tmp_path)


@pytest.mark.parametrize("command", [EXCLUSIVE, SHARED], ids=["exclusive", "shared"])
def test_a_killed_containers_lock_is_removed_by_another_one_at_once(server, command):
    server.left_by("trabajador-a", *command)
    assert len(server.repository.listed("locks")) == 1
    with pytest.raises(RepositoryLockedError):
        server.repository.waiting("0s").read_data(100)
    assert server.unlocked_by("trabajador-b") == {"removed": 1, "left": 0, "other": None}
    server.repository.waiting("0s").read_data(100)


def test_a_living_containers_lock_stays(server):
    with server.holding("trabajador-a", *SHARED) as holder:
        assert holder.said()
        assert server.unlocked_by("trabajador-b") == {"removed": 0, "left": 1, "other": None}


def test_while_any_container_works_a_dead_ones_lock_stays(server):
    """Removing all would take the living one's along, and restic removes no single lock."""
    server.left_by("trabajador-a", *SHARED)
    with server.holding("trabajador-c", *SHARED) as holder:
        assert holder.said()
        assert server.unlocked_by("trabajador-b")["left"] == 2
    assert server.unlocked_by("trabajador-b") == {"removed": 2, "left": 0, "other": None}


def test_the_lock_of_a_machine_that_has_another_home_stays(server):
    server.left_by("otra-sede", *SHARED, joined=False)
    assert server.unlocked_by("trabajador-b") == {"removed": 0, "left": 1, "other": None}


def test_a_container_that_is_restarted_keeps_its_name_and_a_process_with_the_same_number_lives_on(server):
    """restic would take it for the lock's owner; asked to unlock it would send it a signal that ends it."""
    number = server.left_by("trabajador-a", *EXCLUSIVE)
    time.sleep(3)
    assert server.unlocked_by("trabajador-a", number) == {"removed": 1, "left": 0, "other": None}


def test_a_verification_goes_on_where_a_killed_container_checked(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(verifying, "FIRST_LOCK_PATIENCE", "0s")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_text("uno")
    job = job_of({"kind": "files", "paths": [str(tmp_path / "data")]}, tmp_path)
    planned = Planned(new_repositories=("principal",))
    made = execute(job, planned, nobody_looks)
    password = tmp_path / "password"
    password.write_text(job.first.place.password.get_secret_value())
    given = {
        "users": str(job.home.locks / "borde.users"),
        "locks": str(tmp_path / "principal" / "borde" / "locks"),
        "command": [engine.binary, "--no-cache", *EXCLUSIVE],
        "environment": {
            "RESTIC_REPOSITORY": job.first.place.location,
            "RESTIC_PASSWORD_FILE": str(password),
        },
    }
    with container("trabajador-a", HOLD, json.dumps(given)) as holder:
        assert holder.said()
    done = verify(job, planned, made, accept_shrink=False, read_all_data=True)
    assert "read_data" in [one.method for one in done.evidence]
    assert not job.first.listed("locks")


def test_a_home_that_cannot_be_written_keeps_nobody_from_reading(tmp_path):
    users = Users.of(tmp_path / "no such folder" / "erp.users")
    assert users.join() == ()
    with users.alone() as machines:
        assert machines == frozenset()


def test_two_parts_of_one_process_do_not_keep_each_other_from_being_alone(tmp_path):
    first, second = Users.of(tmp_path / "erp.users"), Users.of(tmp_path / "erp.users")
    assert first.join() == second.join()
    with second.alone() as machines:
        assert len(machines) == 1
    with contextlib.suppress(KeyError), first.alone():
        raise KeyError
    with second.alone() as machines:
        assert len(machines) == 1
