-- The two schemas of the report, the role that reads it, and the list of applied migrations.
--
-- respaldo: base tables, English names, written by the program.
-- reportes: views, Spanish names, read by analysts and auditors.

CREATE SCHEMA respaldo;
COMMENT ON SCHEMA respaldo IS 'Base tables of the backup report (TIC-FM007), written by the program.';

CREATE SCHEMA reportes;
COMMENT ON SCHEMA reportes IS 'Vistas del reporte de copias de seguridad (TIC-FM007), para analistas y auditores.';

DO $$
BEGIN
    IF to_regrole('analista') IS NULL THEN
        CREATE ROLE analista NOLOGIN;
    END IF;
END
$$;

REVOKE ALL ON SCHEMA respaldo, reportes FROM PUBLIC;
GRANT USAGE ON SCHEMA reportes TO analista;
-- Views that later migrations add are readable without another word.
ALTER DEFAULT PRIVILEGES IN SCHEMA reportes GRANT SELECT ON TABLES TO analista;

CREATE TABLE respaldo.schema_migration (
    name text PRIMARY KEY,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE respaldo.schema_migration IS 'The migrations applied to this database, in the order of their names.';
COMMENT ON COLUMN respaldo.schema_migration.name IS 'File name of the migration.';
COMMENT ON COLUMN respaldo.schema_migration.sha256 IS 'SHA-256 of the file as it was applied.';
COMMENT ON COLUMN respaldo.schema_migration.applied_at IS 'When it was applied.';
