-- The form TIC-FM007: one row a run, and what makes every fact count once.
--
-- A column added later must be null in the rows that exist: history compares rows without their nulls.

CREATE TABLE respaldo.fm007 (
    run_key text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    scope_id text NOT NULL,

    scope_name text,
    department text,
    criticality text,
    mode text CHECK (mode IN ('software', 'manual')),
    kind text NOT NULL DEFAULT 'backup' CHECK (kind IN ('backup', 'restore', 'drill')),
    origin text CHECK (origin IN ('scheduled', 'unscheduled', 'rerun', 'requested')),
    reason text,
    requester text,
    ticket text,
    rerun_of text,
    responsible text,

    state text NOT NULL DEFAULT 'programmed' CHECK (state IN (
        'programmed', 'running', 'succeeded', 'succeeded_with_warnings', 'failed', 'interrupted', 'not_executed'
    )),
    programmed_for timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    progress_percent smallint CHECK (progress_percent BETWEEN 0 AND 100),

    source_kind text,
    source text,
    source_host text,
    size_bytes bigint CHECK (size_bytes >= 0),
    files bigint CHECK (files >= 0),
    added_bytes bigint CHECK (added_bytes >= 0),
    stored_bytes bigint CHECK (stored_bytes >= 0),

    repository text,
    site text,
    medium text,
    copies jsonb CHECK (jsonb_typeof(copies) = 'array'),
    second_repository text,
    second_site text,
    second_medium text,
    second_copies jsonb CHECK (jsonb_typeof(second_copies) = 'array'),
    second_copied_at timestamptz,

    verification_methods text[],
    verification_result text CHECK (verification_result IN ('good', 'bad', 'not_done')),
    verification jsonb CHECK (jsonb_typeof(verification) = 'array'),
    verified_at timestamptz,

    warnings jsonb CHECK (jsonb_typeof(warnings) = 'array'),
    cause text,
    cause_detail text,
    failed_step text,
    corrective text,
    attempts jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attempts) = 'object'),
    step_seconds jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(step_seconds) = 'object'),

    retention text,
    rpo_seconds bigint CHECK (rpo_seconds >= 0),
    rto_seconds bigint CHECK (rto_seconds >= 0),
    observations text,
    console jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(console) = 'object'),
    engine_version text,
    respaldo_version text,
    scope_digest text,
    worker text,
    updated_at timestamptz NOT NULL,

    UNIQUE (dag_id, run_id)
);
CREATE INDEX fm007_scope_ended ON respaldo.fm007 (scope_id, ended_at);
CREATE INDEX fm007_began ON respaldo.fm007 (coalesce(started_at, programmed_for));

COMMENT ON TABLE respaldo.fm007 IS 'Form TIC-FM007: one row a run, from the moment it is programmed.';
COMMENT ON COLUMN respaldo.fm007.run_key IS 'Short name of the run: the first 16 hexadecimal digits of SHA-256(dag_id/run_id). Also a tag of its snapshots.';
COMMENT ON COLUMN respaldo.fm007.number IS 'Number of the form. Never given twice; a run that was rolled back leaves a gap.';
COMMENT ON COLUMN respaldo.fm007.dag_id IS 'Airflow DAG of the run.';
COMMENT ON COLUMN respaldo.fm007.run_id IS 'Airflow run id.';
COMMENT ON COLUMN respaldo.fm007.scope_id IS 'Id of the backup scope: the stem of its YAML file.';
COMMENT ON COLUMN respaldo.fm007.scope_name IS 'Name of the scope.';
COMMENT ON COLUMN respaldo.fm007.department IS 'Department that owns the data.';
COMMENT ON COLUMN respaldo.fm007.criticality IS 'How critical the scope is, as its YAML says.';
COMMENT ON COLUMN respaldo.fm007.mode IS 'software or manual (activity 3 of the procedure).';
COMMENT ON COLUMN respaldo.fm007.kind IS 'What the run did: backup, restore or drill.';
COMMENT ON COLUMN respaldo.fm007.origin IS 'Why it ran: scheduled, unscheduled (activity 21), rerun (15) or requested.';
COMMENT ON COLUMN respaldo.fm007.reason IS 'Reason that the person who asked for it gave.';
COMMENT ON COLUMN respaldo.fm007.requester IS 'Who asked for it.';
COMMENT ON COLUMN respaldo.fm007.ticket IS 'Case number at the help desk.';
COMMENT ON COLUMN respaldo.fm007.rerun_of IS 'run_key of the failed run that this one repeats. No foreign key: the two rows may arrive in any order.';
COMMENT ON COLUMN respaldo.fm007.responsible IS 'Role responsible for the scope.';
COMMENT ON COLUMN respaldo.fm007.state IS 'programmed, running, succeeded, succeeded_with_warnings, failed, interrupted or not_executed.';
COMMENT ON COLUMN respaldo.fm007.programmed_for IS 'When it had to start.';
COMMENT ON COLUMN respaldo.fm007.started_at IS 'When it started.';
COMMENT ON COLUMN respaldo.fm007.ended_at IS 'When it ended, well or not.';
COMMENT ON COLUMN respaldo.fm007.progress_percent IS 'How far the running copy is. Its changes are not history.';
COMMENT ON COLUMN respaldo.fm007.source_kind IS 'Kind of source: files, postgresql...';
COMMENT ON COLUMN respaldo.fm007.source IS 'What is saved: paths, databases.';
COMMENT ON COLUMN respaldo.fm007.source_host IS 'Machine that holds the source.';
COMMENT ON COLUMN respaldo.fm007.size_bytes IS 'Size of what was saved, in bytes, before deduplication and compression.';
COMMENT ON COLUMN respaldo.fm007.files IS 'Number of files saved.';
COMMENT ON COLUMN respaldo.fm007.added_bytes IS 'Bytes that the repository did not hold yet, before compression.';
COMMENT ON COLUMN respaldo.fm007.stored_bytes IS 'Bytes that the repository grew by, after compression.';
COMMENT ON COLUMN respaldo.fm007.repository IS 'Repository of the first copy.';
COMMENT ON COLUMN respaldo.fm007.site IS 'Site of the first copy.';
COMMENT ON COLUMN respaldo.fm007.medium IS 'Medium of the first copy.';
COMMENT ON COLUMN respaldo.fm007.copies IS 'List of copies, one an item of the scope: item, snapshot_id, files, size_bytes, added_bytes, stored_bytes.';
COMMENT ON COLUMN respaldo.fm007.second_repository IS 'Repository of the second copy.';
COMMENT ON COLUMN respaldo.fm007.second_site IS 'Site of the second copy.';
COMMENT ON COLUMN respaldo.fm007.second_medium IS 'Medium of the second copy.';
COMMENT ON COLUMN respaldo.fm007.second_copies IS 'List of copies in the second repository, shaped as copies.';
COMMENT ON COLUMN respaldo.fm007.second_copied_at IS 'When the second repository was seen to hold them.';
COMMENT ON COLUMN respaldo.fm007.verification_methods IS 'Ways in which the copy was verified: structure, sample, dump, shrink, read_data.';
COMMENT ON COLUMN respaldo.fm007.verification_result IS 'good, bad or not_done.';
COMMENT ON COLUMN respaldo.fm007.verification IS 'List of evidence: method, item, facts.';
COMMENT ON COLUMN respaldo.fm007.verified_at IS 'When verification ended.';
COMMENT ON COLUMN respaldo.fm007.warnings IS 'List of warnings, in Spanish.';
COMMENT ON COLUMN respaldo.fm007.cause IS 'Code of the cause of failure.';
COMMENT ON COLUMN respaldo.fm007.cause_detail IS 'The cause, in Spanish.';
COMMENT ON COLUMN respaldo.fm007.failed_step IS 'Step that failed: plan, execute, verify, copy...';
COMMENT ON COLUMN respaldo.fm007.corrective IS 'Corrective applied or advised (activities 14, 15).';
COMMENT ON COLUMN respaldo.fm007.attempts IS 'Attempts by step: {"execute": 2}.';
COMMENT ON COLUMN respaldo.fm007.step_seconds IS 'Duration by step, in seconds: {"execute": 12.4}.';
COMMENT ON COLUMN respaldo.fm007.retention IS 'How long the copy is kept.';
COMMENT ON COLUMN respaldo.fm007.rpo_seconds IS 'Recovery point objective of the scope, in seconds.';
COMMENT ON COLUMN respaldo.fm007.rto_seconds IS 'Recovery time objective of the scope, in seconds.';
COMMENT ON COLUMN respaldo.fm007.observations IS 'Observations.';
COMMENT ON COLUMN respaldo.fm007.console IS 'Console record: the engine''s own JSON summaries, by step.';
COMMENT ON COLUMN respaldo.fm007.engine_version IS 'Version of restic.';
COMMENT ON COLUMN respaldo.fm007.respaldo_version IS 'Version of this program.';
COMMENT ON COLUMN respaldo.fm007.scope_digest IS 'SHA-256 of the scope''s configuration at that moment.';
COMMENT ON COLUMN respaldo.fm007.worker IS 'Machine that ran it.';
COMMENT ON COLUMN respaldo.fm007.updated_at IS 'When the newest fact in this row was stated. An older fact that comes out of a spool only fills what is still unknown. Its changes are not history.';

CREATE TABLE respaldo.applied_event (
    event_id uuid PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE respaldo.applied_event IS 'Facts already written, so that one sent twice counts once. Entries older than any spooled fact may be deleted.';
COMMENT ON COLUMN respaldo.applied_event.event_id IS 'Id that the fact got when it was stated.';
COMMENT ON COLUMN respaldo.applied_event.applied_at IS 'When it was written.';
