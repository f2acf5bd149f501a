-- Every change of a row of the form, insert-only and hash-chained.
--
-- hash = sha256 of the text of the entry's jsonb object (seq, changed_at in UTC, changed_by, operation,
-- run_key, row, previous_hash in hexadecimal). `respaldo verify-log` computes it again, outside the database.

CREATE TABLE respaldo.fm007_history (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    operation text NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
    run_key text NOT NULL,
    "row" jsonb NOT NULL,
    previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX fm007_history_run ON respaldo.fm007_history (run_key, seq);

COMMENT ON TABLE respaldo.fm007_history IS 'Every change of respaldo.fm007, written by trigger, never changed, each entry chained to the one before.';
COMMENT ON COLUMN respaldo.fm007_history.seq IS 'Position in the chain: 1, 2, 3... without gaps.';
COMMENT ON COLUMN respaldo.fm007_history.changed_at IS 'When the change was made.';
COMMENT ON COLUMN respaldo.fm007_history.changed_by IS 'Database user who connected and made it.';
COMMENT ON COLUMN respaldo.fm007_history.operation IS 'insert, update or delete.';
COMMENT ON COLUMN respaldo.fm007_history.run_key IS 'Row that changed.';
COMMENT ON COLUMN respaldo.fm007_history."row" IS 'The row after the change (before it, when deleted), times in UTC, without progress_percent and updated_at.';
COMMENT ON COLUMN respaldo.fm007_history.previous_hash IS 'Hash of the entry before; 32 zero bytes in the first.';
COMMENT ON COLUMN respaldo.fm007_history.hash IS 'SHA-256 of this entry, previous_hash included.';

-- SECURITY DEFINER: whoever may write the form needs no right on its history.
CREATE FUNCTION respaldo.record_fm007_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
AS $$
DECLARE
    not_history CONSTANT text[] := ARRAY['progress_percent', 'updated_at'];
    entry respaldo.fm007_history;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.run_key <> OLD.run_key THEN
            RAISE EXCEPTION 'the run_key of a row never changes' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF to_jsonb(NEW) - not_history = to_jsonb(OLD) - not_history THEN
            RETURN NULL;
        END IF;
    END IF;

    IF TG_OP = 'DELETE' THEN
        entry.run_key := OLD.run_key;
        entry."row" := to_jsonb(OLD) - not_history;
    ELSE
        entry.run_key := NEW.run_key;
        entry."row" := to_jsonb(NEW) - not_history;
    END IF;
    entry.operation := lower(TG_OP);
    entry.changed_by := session_user;

    -- One writer at a time, until its transaction ends: the chain has no forks. The numbers are not a
    -- sequence's: those keep a gap for every transaction that is rolled back.
    PERFORM pg_advisory_xact_lock(hashtext('respaldo.fm007_history'));
    SELECT h.seq, h.hash INTO entry.seq, entry.previous_hash
        FROM respaldo.fm007_history h ORDER BY h.seq DESC LIMIT 1;
    entry.seq := coalesce(entry.seq, 0) + 1;
    entry.previous_hash := coalesce(entry.previous_hash, decode(repeat('00', 32), 'hex'));
    entry.changed_at := clock_timestamp();
    entry.hash := sha256(convert_to(jsonb_build_object(
        'seq', entry.seq,
        'changed_at', entry.changed_at,
        'changed_by', entry.changed_by,
        'operation', entry.operation,
        'run_key', entry.run_key,
        'row', entry."row",
        'previous_hash', encode(entry.previous_hash, 'hex')
    )::text, 'UTF8'));

    INSERT INTO respaldo.fm007_history VALUES (entry.*);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION respaldo.record_fm007_change() IS 'Appends a change of respaldo.fm007 to its history.';

CREATE FUNCTION respaldo.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% is not allowed on %.%', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION respaldo.refuse_change() IS 'Refuses the statement: what is written stays.';

REVOKE ALL ON FUNCTION respaldo.record_fm007_change(), respaldo.refuse_change() FROM PUBLIC;

CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON respaldo.fm007
    FOR EACH ROW EXECUTE FUNCTION respaldo.record_fm007_change();
-- Row triggers do not see a TRUNCATE.
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON respaldo.fm007
    FOR EACH STATEMENT EXECUTE FUNCTION respaldo.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON respaldo.fm007_history
    FOR EACH STATEMENT EXECUTE FUNCTION respaldo.refuse_change();
