-- Restore requests: one row a request with every decision, and which runs of the form it caused.

CREATE TABLE respaldo.restore_request (
    request_key text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    scope_id text NOT NULL,

    scope_name text,
    requested_at timestamptz,
    requester text,
    email text,
    department text,
    ticket text,
    what_happened text,
    asked_by text,

    wanted jsonb CHECK (jsonb_typeof(wanted) = 'object'),
    as_of timestamptz,
    snapshot text,
    destination_kind text CHECK (destination_kind IN ('staging', 'original', 'path', 'database')),
    destination text,
    overwrite text CHECK (overwrite IN ('never', 'if_newer', 'always')),

    state text NOT NULL DEFAULT 'registered' CHECK (state IN (
        'registered', 'analysing', 'restoring', 'accepting', 'backing_up', 'closed'
    )),
    outcome text CHECK (outcome IN (
        'satisfied', 'not_satisfied', 'not_in_copy', 'backup_done', 'backup_failed', 'not_applicable',
        'not_authorized', 'unanswered', 'failed'
    )),
    analysis text CHECK (analysis IN ('restoration', 'unscheduled_backup', 'not_applicable')),
    decisions jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(decisions) = 'object'),
    findings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(findings) = 'object'),
    identified jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(identified) = 'object'),
    restored jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(restored) = 'object'),

    safety_backup text,
    unscheduled_backup text,
    rerun text,

    started_at timestamptz,
    delivered_at timestamptz,
    ended_at timestamptz,
    rto_seconds bigint CHECK (rto_seconds >= 0),
    attempts jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attempts) = 'object'),
    step_seconds jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(step_seconds) = 'object'),

    cause text,
    cause_detail text,
    failed_step text,
    corrective text,

    informed_at timestamptz,
    informed_by text CHECK (informed_by IN ('mail', 'not_configured', 'failed', 'no_address')),
    informed_detail text,
    message text,

    respaldo_version text,
    worker text,
    updated_at timestamptz NOT NULL,

    UNIQUE (dag_id, run_id)
);
CREATE INDEX restore_request_scope ON respaldo.restore_request (scope_id, requested_at);

COMMENT ON TABLE respaldo.restore_request IS 'Restore requests (activities 17 to 26): one row a request, from the moment it is registered.';
COMMENT ON COLUMN respaldo.restore_request.request_key IS 'Short name of the request''s run: the first 16 hexadecimal digits of SHA-256(dag_id/run_id). The run_key of its row in respaldo.fm007.';
COMMENT ON COLUMN respaldo.restore_request.number IS 'Number of the request. Never given twice; a run that was rolled back leaves a gap.';
COMMENT ON COLUMN respaldo.restore_request.dag_id IS 'Airflow DAG of the run.';
COMMENT ON COLUMN respaldo.restore_request.run_id IS 'Airflow run id.';
COMMENT ON COLUMN respaldo.restore_request.scope_id IS 'Id of the backup scope: the stem of its YAML file.';
COMMENT ON COLUMN respaldo.restore_request.scope_name IS 'Name of the scope.';
COMMENT ON COLUMN respaldo.restore_request.requested_at IS 'When it was asked for.';
COMMENT ON COLUMN respaldo.restore_request.requester IS 'Who asks for it.';
COMMENT ON COLUMN respaldo.restore_request.email IS 'Address at which the requester is informed (activity 25).';
COMMENT ON COLUMN respaldo.restore_request.department IS 'Department of the requester.';
COMMENT ON COLUMN respaldo.restore_request.ticket IS 'Case number at the help desk.';
COMMENT ON COLUMN respaldo.restore_request.what_happened IS 'What happened, in the requester''s words.';
COMMENT ON COLUMN respaldo.restore_request.asked_by IS 'Airflow user who sent the form.';
COMMENT ON COLUMN respaldo.restore_request.wanted IS 'What is to be given back: paths, databases, schemas, tables. All of them empty: everything.';
COMMENT ON COLUMN respaldo.restore_request.as_of IS 'The newest copy not after this moment is asked for.';
COMMENT ON COLUMN respaldo.restore_request.snapshot IS 'The copy that is asked for: the id of a snapshot, or its beginning.';
COMMENT ON COLUMN respaldo.restore_request.destination_kind IS 'Where it is to go: staging, original, path or database.';
COMMENT ON COLUMN respaldo.restore_request.destination IS 'The folder or the database, when the kind of destination has one.';
COMMENT ON COLUMN respaldo.restore_request.overwrite IS 'What becomes of a file that is there already: never, if_newer or always is it replaced.';
COMMENT ON COLUMN respaldo.restore_request.state IS 'What the request is waiting for: registered, analysing, restoring, accepting, backing_up or closed.';
COMMENT ON COLUMN respaldo.restore_request.outcome IS 'How it ended: satisfied, not_satisfied, not_in_copy, backup_done, backup_failed, not_applicable, not_authorized, unanswered or failed. Null while it is open.';
COMMENT ON COLUMN respaldo.restore_request.analysis IS 'What it was found to be (activity 18): restoration, unscheduled_backup or not_applicable.';
COMMENT ON COLUMN respaldo.restore_request.decisions IS 'What people decided, by step (analyse, authorize, second_authorize, accept, second_accept): option, by, at, note, extra.';
COMMENT ON COLUMN respaldo.restore_request.findings IS 'What was found of each copy (activity 20), by first and second: which, state, repository, cause, told, corrective.';
COMMENT ON COLUMN respaldo.restore_request.identified IS 'The copies that were identified (activity 19), by first and second: repository, run_key and number of their row in respaldo.fm007, taken_at, files, size_bytes, snapshots.';
COMMENT ON COLUMN respaldo.restore_request.restored IS 'What was restored (activity 22), by first and second: where, files, size_bytes, evidence, kept, started_at, ended_at.';
COMMENT ON COLUMN respaldo.restore_request.safety_backup IS 'run_key of the scope''s backup that was made before live data were overwritten. No foreign key: the two rows may arrive in any order.';
COMMENT ON COLUMN respaldo.restore_request.unscheduled_backup IS 'run_key of the backup that the request turned out to need (activity 21).';
COMMENT ON COLUMN respaldo.restore_request.rerun IS 'run_key of the backup that replaces a copy found bad (activity 15).';
COMMENT ON COLUMN respaldo.restore_request.started_at IS 'When the work on a restoration began.';
COMMENT ON COLUMN respaldo.restore_request.delivered_at IS 'When what was asked for was restored and verified.';
COMMENT ON COLUMN respaldo.restore_request.ended_at IS 'When the request was closed.';
COMMENT ON COLUMN respaldo.restore_request.rto_seconds IS 'Recovery time objective of the scope, in seconds.';
COMMENT ON COLUMN respaldo.restore_request.attempts IS 'Attempts by step: {"restore": 2}.';
COMMENT ON COLUMN respaldo.restore_request.step_seconds IS 'Duration by step, in seconds, without waiting for people: {"restore": 12.4}.';
COMMENT ON COLUMN respaldo.restore_request.cause IS 'Code of the cause of failure.';
COMMENT ON COLUMN respaldo.restore_request.cause_detail IS 'The cause, in Spanish.';
COMMENT ON COLUMN respaldo.restore_request.failed_step IS 'Step that failed: identify, restore...';
COMMENT ON COLUMN respaldo.restore_request.corrective IS 'Corrective applied or advised.';
COMMENT ON COLUMN respaldo.restore_request.informed_at IS 'When the requester was informed, or the attempt was made.';
COMMENT ON COLUMN respaldo.restore_request.informed_by IS 'How: mail; or why not: not_configured, failed, no_address.';
COMMENT ON COLUMN respaldo.restore_request.informed_detail IS 'What the mail server said, or the address that was used.';
COMMENT ON COLUMN respaldo.restore_request.message IS 'The text for the requester, in Spanish.';
COMMENT ON COLUMN respaldo.restore_request.respaldo_version IS 'Version of this program.';
COMMENT ON COLUMN respaldo.restore_request.worker IS 'Machine that restored.';
COMMENT ON COLUMN respaldo.restore_request.updated_at IS 'When the newest fact in this row was stated. An older fact that comes out of a spool only fills what is still unknown.';

ALTER TABLE respaldo.fm007 ADD COLUMN request_key text;
CREATE INDEX fm007_request ON respaldo.fm007 (request_key) WHERE request_key IS NOT NULL;
COMMENT ON COLUMN respaldo.fm007.request_key IS 'Restore request that caused the run: request_key in respaldo.restore_request. The request''s own row has it too.';
COMMENT ON COLUMN respaldo.fm007.verification_methods IS 'Ways in which the copy was verified (structure, sample, dump, shrink, read_data), or what was restored from it (restored, compared).';
COMMENT ON COLUMN respaldo.fm007.verification IS 'List of evidence: method, item, facts, rows (rows of each table of a database).';
