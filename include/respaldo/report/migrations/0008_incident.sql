-- Failures: what Respaldo mended itself, the causes in words, and one row a failed run with its analysis.

ALTER TABLE respaldo.fm007 ADD COLUMN applied jsonb CHECK (jsonb_typeof(applied) = 'array');
CREATE INDEX fm007_rerun ON respaldo.fm007 (rerun_of) WHERE rerun_of IS NOT NULL;
CREATE INDEX fm007_cause ON respaldo.fm007 (cause, ended_at) WHERE cause IS NOT NULL;
COMMENT ON COLUMN respaldo.fm007.applied IS 'Correctives that Respaldo applied itself during the run (activity 15), the first first: remedy, cause, step, at, facts. Null in rows of before it could.';
COMMENT ON COLUMN respaldo.fm007.corrective IS 'Corrective advised (activities 14, 15). What was done is in applied and in respaldo.incident.';

CREATE TABLE respaldo.cause (
    code text PRIMARY KEY,
    title text NOT NULL,
    meaning text NOT NULL,
    corrective text NOT NULL,
    passes_by_itself boolean NOT NULL,
    remedy text
);
COMMENT ON TABLE respaldo.cause IS 'The causes of failure. Every `respaldo db migrate` writes them from respaldo.domain.errors and respaldo.texts.causes; a code that a later version no longer knows stays, for the rows that have it.';
COMMENT ON COLUMN respaldo.cause.code IS 'Code of the cause: cause in respaldo.fm007.';
COMMENT ON COLUMN respaldo.cause.title IS 'Its Spanish name.';
COMMENT ON COLUMN respaldo.cause.meaning IS 'What it means, in one Spanish sentence.';
COMMENT ON COLUMN respaldo.cause.corrective IS 'What usually mends it, in Spanish.';
COMMENT ON COLUMN respaldo.cause.passes_by_itself IS 'It can pass by itself: the step is tried again.';
COMMENT ON COLUMN respaldo.cause.remedy IS 'Corrective that Respaldo applies itself: unlock, new_cache, prune, repair or rerun. Null when a person must.';

CREATE TABLE respaldo.incident (
    incident_key text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    scope_id text NOT NULL,

    scope_name text,
    department text,
    opened_at timestamptz,
    failed_at timestamptz,
    failed_step text,
    cause text,
    cause_detail text,
    advised text,
    recurrence bigint CHECK (recurrence >= 0),
    evidence jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(evidence) = 'object'),

    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'waiting', 'decided', 'resolved', 'closed')),
    decision text CHECK (decision IN ('rerun', 'close')),
    confirmed_cause text,
    corrective text,
    decided_by text,
    decided_at timestamptz,
    is_automatic boolean,
    rerun_key text,

    resolution text CHECK (resolution IN ('rerun', 'next_good', 'closed')),
    resolved_by text,
    resolved_at timestamptz,

    analysis_run_id text,
    notices jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(notices) = 'object'),
    respaldo_version text,
    updated_at timestamptz NOT NULL,

    UNIQUE (dag_id, run_id)
);
CREATE INDEX incident_unresolved ON respaldo.incident (scope_id) WHERE state IN ('open', 'waiting', 'decided');

COMMENT ON TABLE respaldo.incident IS 'Failures (activities 13 to 15): one row a failed run, from its analysis to the good copy that ends it.';
COMMENT ON COLUMN respaldo.incident.incident_key IS 'run_key of the failed run in respaldo.fm007. No foreign key: the two rows may arrive in any order.';
COMMENT ON COLUMN respaldo.incident.number IS 'Number of the failure. Never given twice; a run that was rolled back leaves a gap.';
COMMENT ON COLUMN respaldo.incident.dag_id IS 'Airflow DAG of the failed run.';
COMMENT ON COLUMN respaldo.incident.run_id IS 'Airflow run id of the failed run.';
COMMENT ON COLUMN respaldo.incident.scope_id IS 'Id of the backup scope: the stem of its YAML file.';
COMMENT ON COLUMN respaldo.incident.scope_name IS 'Name of the scope.';
COMMENT ON COLUMN respaldo.incident.department IS 'Department that owns the data.';
COMMENT ON COLUMN respaldo.incident.opened_at IS 'When its analysis began.';
COMMENT ON COLUMN respaldo.incident.failed_at IS 'When the run ended.';
COMMENT ON COLUMN respaldo.incident.failed_step IS 'Step that failed: plan, execute, verify, copy...';
COMMENT ON COLUMN respaldo.incident.cause IS 'Code of the cause that was found.';
COMMENT ON COLUMN respaldo.incident.cause_detail IS 'The cause, in Spanish, with the facts of this case.';
COMMENT ON COLUMN respaldo.incident.advised IS 'What usually mends it, in Spanish.';
COMMENT ON COLUMN respaldo.incident.recurrence IS 'How often this scope failed for this cause in the 90 days before.';
COMMENT ON COLUMN respaldo.incident.evidence IS 'What the analysis saw, by kind: what host, source and repositories answered, the last words of the log.';
COMMENT ON COLUMN respaldo.incident.state IS 'open, waiting (for a person), decided, resolved (by a good copy) or closed (by a person, without one).';
COMMENT ON COLUMN respaldo.incident.decision IS 'How to go on: rerun or close.';
COMMENT ON COLUMN respaldo.incident.confirmed_cause IS 'Code of the cause as whoever decided confirmed or corrected it.';
COMMENT ON COLUMN respaldo.incident.corrective IS 'Corrective as whoever decided wrote it.';
COMMENT ON COLUMN respaldo.incident.decided_by IS 'Who decided.';
COMMENT ON COLUMN respaldo.incident.decided_at IS 'When it was decided.';
COMMENT ON COLUMN respaldo.incident.is_automatic IS 'Nobody was asked: Respaldo applies the corrective itself. Null while nothing is decided.';
COMMENT ON COLUMN respaldo.incident.rerun_key IS 'run_key of the re-run that was decided.';
COMMENT ON COLUMN respaldo.incident.resolution IS 'How it came to its end: rerun (its own re-run was good), next_good (another run was) or closed. Null while it has not.';
COMMENT ON COLUMN respaldo.incident.resolved_by IS 'run_key of the good run that ended it.';
COMMENT ON COLUMN respaldo.incident.resolved_at IS 'When it came to its end: when the good run ended, or when it was closed.';
COMMENT ON COLUMN respaldo.incident.analysis_run_id IS 'Run id of its analysis.';
COMMENT ON COLUMN respaldo.incident.notices IS 'What became of each notice, by its kind.';
COMMENT ON COLUMN respaldo.incident.respaldo_version IS 'Version of this program.';
COMMENT ON COLUMN respaldo.incident.updated_at IS 'When the newest fact in this row was stated. An older fact that comes out of a spool only fills what is still unknown.';
