"""From a clone to a stack that does its work, as the first page of the manual says it."""

import pytest

from e2e.engine_kit import facts_of
from e2e.runs_kit import begun_by_itself, dag_of, finish, see_one_good_copy, wait_for_dag
from e2e.scopes_kit import DEMONSTRATION, ITSELF
from e2e.stack_kit import ALIVE_SECONDS
from respaldo.texts.report import TERMS

# The first test waits for the image and for the stack.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def test_a_clone_is_healthy_in_five_minutes_when_the_images_are_made(stack):
    spent = {name: seconds for name, seconds in stack.seconds.items() if name != "build"}
    print(f"\nseconds: {stack.seconds}")  # noqa: T201
    assert sum(spent.values()) < ALIVE_SECONDS, stack.seconds


def test_no_container_was_ever_begun_again(stack):
    found = stack.all()
    again = {
        one.service: facts["RestartCount"]
        for one, facts in zip(found, facts_of(found), strict=True)
        if facts["RestartCount"]
    }
    assert again == {}
    assert len(stack.each("worker")) == 2


def test_nothing_but_the_ui_is_published(stack):
    published = {
        (one.service, inside, each["HostPort"])
        for one in stack.all()
        for inside, places in (one.facts["NetworkSettings"]["Ports"] or {}).items()
        for each in places or ()
    }
    assert published == {("api-server", "8080/tcp", str(stack.port))}


def test_every_program_is_another_user_than_root(stack):
    ours = [one for one in stack.all() if one.service not in ("postgres", "redis", "init")]
    users = {one.service: one.said("id", "-u").strip() for one in ours}
    assert set(users.values()) == {"50000"}, users


def test_what_keeps_running_is_limited_and_its_logs_end(stack):
    for one in stack.all():
        facts = one.facts["HostConfig"]
        assert facts["LogConfig"]["Config"].get("max-size"), one.service
        assert facts["Memory"] > 0 or one.service == "init", one.service


def test_the_configuration_outside_of_the_image_is_read_and_good(stack):
    assert "Configuración correcta" in stack.respaldo("lint")
    for scope in (*DEMONSTRATION, *ITSELF):
        assert wait_for_dag(stack, scope)["dag_id"] == dag_of(scope)


def test_respaldo_saves_itself_from_the_first_hour_without_being_asked(stack):
    for scope in ITSELF:
        run = begun_by_itself(stack, scope)
        outcome = finish(stack, run)
        see_one_good_copy(stack, run, outcome)
        assert outcome.rows[0]["origen"] == TERMS["origin"]["scheduled"]


def test_the_init_can_be_done_again_while_all_runs(stack):
    told = stack.compose("run", "--rm", "--no-deps", "-T", "init")
    assert "Todo está preparado" in told
    assert stack.is_well()


def test_a_worker_answers_for_itself_as_kubernetes_asks_it_and_what_is_none_does_not(stack):
    ask = "python -m respaldo.production.healthy worker-alone"
    for one in stack.each("worker"):
        one.said("sh", "-c", ask)
    stack.one("scheduler").said("sh", "-c", f"! {ask}")
