"""A worker on Kubernetes is not killed, and its copies with it, because the broker is away."""

import contextlib
import socket
import threading
import time

import pytest

from respaldo.production import healthy


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(healthy, "secret", lambda _: "x")
    monkeypatch.setattr(healthy, "_PATIENCE_SECONDS", 0.3)


@contextlib.contextmanager
def listening(reply):
    """Stand in the broker's place: say the same to all that is asked, or None: nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    taken, _ = listener.accept()
                    with taken:
                        while reply is not None and taken.recv(4096):
                            taken.sendall(reply)
                        time.sleep(0 if reply else 1)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()


def see_the_worker_left_alone(monkeypatch, place):
    monkeypatch.setattr(healthy, "BROKER", place)
    monkeypatch.setattr(healthy, "_answers", lambda: pytest.fail("asked over a broker that is away"))
    begun = time.monotonic()
    assert healthy.is_healthy(healthy.WORKER_ALONE)
    assert time.monotonic() - begun < 5


def test_nobody_there(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = listener.getsockname()
    see_the_worker_left_alone(monkeypatch, place)


def test_its_name_is_not_known(monkeypatch):
    see_the_worker_left_alone(monkeypatch, ("redis.invalid", 6379))


def test_it_hangs(monkeypatch):
    with listening(None) as place:
        see_the_worker_left_alone(monkeypatch, place)


def test_it_reads_its_own_file_still(monkeypatch):
    with listening(b"-LOADING Redis is loading the dataset in memory\r\n") as place:
        see_the_worker_left_alone(monkeypatch, place)


@pytest.mark.parametrize("answers", [True, False])
def test_while_the_broker_is_there_a_worker_must_answer(monkeypatch, answers):
    monkeypatch.setattr(healthy, "_broker_is_there", lambda: True)
    monkeypatch.setattr(healthy, "_answers", lambda: answers)
    assert healthy.is_healthy(healthy.WORKER_ALONE) is answers
    assert healthy.is_healthy(healthy.WORKER) is answers
