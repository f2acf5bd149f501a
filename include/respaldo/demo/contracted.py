"""A product that is not Respaldo makes the copies, under a contract that has lapsed (activities 4 to 8)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from respaldo.actions.agreements import standing
from respaldo.config.configuration import load
from respaldo.config.contract import Contract
from respaldo.demo.answering import Answer
from respaldo.demo.runs import Triggered
from respaldo.demo.stage import Stage, Story
from respaldo.domain.contracts import Term
from respaldo.domain.values import Run
from respaldo.embedded.installation import Installation
from respaldo.flows.contracts.names import CONTRACTING, WATCH, question_on
from respaldo.flows.names import dag_id_of
from respaldo.texts import demo as texts
from respaldo.texts.contracts import ANSWERS, CHOICES
from respaldo.texts.report import TERMS

SCOPE = "demo_externo"
_SUPPORTS = "soporte"
_DECIDES = "director"
_SIZE_BYTES = 48_317_440
_A_YEAR = timedelta(days=365)


def story(stage: Stage) -> Story:
    """Verify what the product's console says; have the contract renewed; verify once more."""
    configuration = load(stage.installation.layout.config)
    contract = configuration.external[SCOPE].settings.contract
    today = datetime.now(ZoneInfo(configuration.organization.timezone)).date()
    write_record(stage.installation)
    for dag_id in (dag_id_of(SCOPE), CONTRACTING, WATCH):
        yield from stage.known(dag_id)
    if contract is None or standing(contract, stage.report.contracts(), today).state != "lapsed":
        # An earlier demonstration of this installation renewed it.
        stage.say(texts.CONTRACT_VALID)
        return (yield from _verified(stage, state="succeeded", contract_state="valid"))
    problems = yield from _verified(stage, state="succeeded_with_warnings", contract_state="lapsed")
    if problems:
        return problems
    problems = yield from _renewed(stage, contract, today)
    again = yield from _verified(stage, state="succeeded", contract_state="valid")
    return problems + again


def write_record(installation: Installation) -> None:
    """Write what the product's console writes after a copy that has just ended."""
    ended = datetime.now(UTC)
    jobs = [
        {
            "name": name,
            "status": "Success",
            "started": (ended - timedelta(seconds=2)).isoformat(),
            "finished": ended.isoformat(),
            "bytes": size,
        }
        for name, size in (("catastro", _SIZE_BYTES), ("correo", 7_000_000))
    ]
    file = installation.layout.home / "demo" / "consola" / "trabajos.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"jobs": jobs}))


def _verified(stage: Stage, **expected: object) -> Story:
    """Run the scope, and look at its row."""
    run = stage.begin_scope(_SUPPORTS, SCOPE)
    yield from stage.over(run)
    row = stage.report.row(run.run.key) or {}
    terms = {name: TERMS[name].get(row.get(name) or "") for name in ("state", "contract_state")}
    stage.say(texts.VERIFIED_EXTERNAL.format(contract=row.get("contract"), **terms))
    good = {"verification_result": "good", "size_bytes": _SIZE_BYTES, "source_kind": "external"}
    return stage.wrong(run, **good, **expected)


def _renewed(stage: Stage, contract: Contract, today: date) -> Story:
    """Have the watch open the question, and the director answer it."""
    watch = stage.begin(_DECIDES, WATCH, {})
    yield from stage.over(watch)
    if problems := stage.wrong(watch):
        return problems
    trigger = question_on(Term(number=contract.number, valid_until=contract.valid_until))
    question = Triggered(Run(dag_id=trigger.dag_id, run_id=trigger.run_id, scope_id=""))
    stage.say(texts.CONTRACT_ASKED.format(number=contract.number, until=contract.valid_until))
    renewal = dict.fromkeys(ANSWERS) | texts.RENEWAL
    renewal |= {"valid_from": today.isoformat(), "valid_until": (today + _A_YEAR).isoformat()}
    yield from stage.over(question, {"contract": (_DECIDES, Answer(CHOICES["renewed"], renewal))})
    stage.say(texts.CONTRACT_RENEWED.format(number=renewal["number"], until=renewal["valid_until"]))
    return stage.wrong(question)
