"""What must be there before the stack's programs start: ``python -m respaldo.production init``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from respaldo.config.configuration import Configuration, folder, load, problems_of
from respaldo.config.home import Home
from respaldo.config.pools import pools_of
from respaldo.domain.archive_errors import ArchiveError
from respaldo.domain.problems import Problem
from respaldo.preparing.airflow_database import Request, Written, prepare
from respaldo.preparing.secret_files import read, write_private
from respaldo.production import connections, databases, recovery_marks, report_rights
from respaldo.production.mounted import secret
from respaldo.production.recovering_errors import RecoveryUnfinishedError
from respaldo.report.archive_folder import ArchiveFolder
from respaldo.report.migrate import migrate, unapplied
from respaldo.texts import stack as texts
from respaldo.texts.telling import in_words

ADMINISTRATOR = "admin"

Say = Callable[[str], None]


def initialize(say: Say) -> tuple[Problem, ...]:
    """Prepare both databases for this version and this configuration, or say why the stack must not start.

    All of it can be done again at any time, and with the stack running: what people changed stays.

    :return: what is wrong with the configuration; then nothing was done.
    :raises RecoveryUnfinishedError: the databases are a recovery's still; nothing was done.
    :raises psycopg.Error, airflow.exceptions.AirflowException: a database could not be prepared.
    """
    problems = tuple(problems_of(folder()))
    if problems:
        return problems
    if unfinished := recovery_marks.marked():
        # What lived in them meanwhile, the recovery would restore over.
        raise RecoveryUnfinishedError(databases=", ".join(unfinished))
    configuration = load(folder())
    say(texts.DATABASES)
    databases.ensure()
    say(texts.AIRFLOW)
    _prepare_airflow(configuration)
    for migration in migrate(databases.report()):
        say(texts.MIGRATED.format(name=migration))
    databases.let_analysts_read()
    report_rights.put()
    _prepare_archive(configuration, say)
    _sync_people(configuration)
    say(texts.READY)
    return ()


def foresee() -> tuple[tuple[Problem, ...], list[str]]:
    """Say what is wrong with the configuration for this version, and which migrations the report wants.

    :raises ReportSchemaError: the report is a newer version's.
    :raises ReportUnavailableError: the report cannot be reached.
    """
    return tuple(problems_of(folder())), unapplied(databases.report())


def _prepare_airflow(configuration: Configuration) -> None:
    remembered = _memory()
    before = read(remembered)
    request = Request(
        connections=connections.wanted(dict(configuration.repositories)),
        pools=pools_of(configuration),
        written=Written.model_validate_json(before) if before else Written(),
        administrator=(ADMINISTRATOR, secret("admin_password")),
    )
    write_private(remembered, prepare(request).model_dump_json())


def _memory() -> Path:
    """What this wrote last, by which a user's own change is recognised."""
    return Home.find().root / "prepared.json"


def _prepare_archive(configuration: Configuration, say: Say) -> None:
    try:
        ArchiveFolder(configuration.organization.archive.root).prepare()
    except ArchiveError as error:
        # The archive's own DAG fails for it; copies go on.
        say(in_words(error))


def _sync_people(configuration: Configuration) -> None:
    from respaldo.flows.roles.syncing import sync_roles
    from respaldo.flows.user_ids import put_user_ids

    sync_roles(configuration, create=True)
    put_user_ids()
