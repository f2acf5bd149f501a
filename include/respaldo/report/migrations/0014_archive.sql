-- The archive of the form (activity 26): which documents were made of which period.

CREATE TABLE respaldo.archive (
    archive_key text PRIMARY KEY,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL CHECK (last_day >= first_day),
    version int NOT NULL CHECK (version >= 1),
    replaces int CHECK (replaces < version),
    reason text CHECK ((replaces IS NULL) = (reason IS NULL)),
    folder text NOT NULL,
    row_count bigint NOT NULL CHECK (row_count >= 0),
    history_count bigint NOT NULL CHECK (history_count >= 0),
    history_head text NOT NULL,
    files jsonb NOT NULL CHECK (jsonb_typeof(files) = 'array'),
    archived_at timestamptz NOT NULL,
    archived_by text,
    respaldo_version text,
    updated_at timestamptz NOT NULL,
    UNIQUE (first_day, last_day, version)
);
COMMENT ON TABLE respaldo.archive IS 'The archived forms: one row a set of documents of one period, in one version.';
COMMENT ON COLUMN respaldo.archive.archive_key IS 'Key of the Airflow run that made it: a task that is tried again archives nothing twice.';
COMMENT ON COLUMN respaldo.archive.dag_id IS 'DAG of that run.';
COMMENT ON COLUMN respaldo.archive.run_id IS 'Id of that run.';
COMMENT ON COLUMN respaldo.archive.first_day IS 'First day of the period, in the organization''s calendar.';
COMMENT ON COLUMN respaldo.archive.last_day IS 'Last day of the period.';
COMMENT ON COLUMN respaldo.archive.version IS 'Version of the period''s form, from 1.';
COMMENT ON COLUMN respaldo.archive.replaces IS 'The version that it corrects. Null for the first.';
COMMENT ON COLUMN respaldo.archive.reason IS 'Why there is another version. Null for the first.';
COMMENT ON COLUMN respaldo.archive.folder IS 'Its folder, below that of the archive.';
COMMENT ON COLUMN respaldo.archive.row_count IS 'Rows of the form in the period.';
COMMENT ON COLUMN respaldo.archive.history_count IS 'Entries of respaldo.fm007_history when it was made; all were verified.';
COMMENT ON COLUMN respaldo.archive.history_head IS 'Hash of the last of them, in hexadecimal: what the documents show.';
COMMENT ON COLUMN respaldo.archive.files IS 'Its files: name, size_bytes, sha256.';
COMMENT ON COLUMN respaldo.archive.archived_at IS 'When the report was read for it.';
COMMENT ON COLUMN respaldo.archive.archived_by IS 'Airflow user who asked for it. Null: the schedule did.';
COMMENT ON COLUMN respaldo.archive.respaldo_version IS 'Version of Respaldo that made it.';
COMMENT ON COLUMN respaldo.archive.updated_at IS 'When it was recorded.';

CREATE VIEW reportes.archivo AS
SELECT
    a.first_day AS desde,
    a.last_day AS hasta,
    a.version,
    a.replaces AS reemplaza,
    a.reason AS motivo,
    NOT EXISTS (
        SELECT
        FROM respaldo.archive later
        WHERE later.first_day = a.first_day AND later.last_day = a.last_day AND later.version > a.version
    ) AS vigente,
    a.row_count AS filas,
    a.history_count AS historial_entradas,
    a.history_head AS historial_huella,
    a.folder AS carpeta,
    ARRAY(
        SELECT item.file ->> 'name'
        FROM jsonb_array_elements(a.files) WITH ORDINALITY AS item (file, position)
        ORDER BY item.position
    ) AS archivos,
    ARRAY(
        SELECT item.file ->> 'sha256'
        FROM jsonb_array_elements(a.files) WITH ORDINALITY AS item (file, position)
        ORDER BY item.position
    ) AS sumas_sha256,
    a.archived_at AS fecha,
    a.archived_by AS solicitado_por,
    a.run_id AS ejecucion,
    a.archive_key AS clave
FROM respaldo.archive a;

COMMENT ON VIEW reportes.archivo IS 'Archivo magnético del formato (actividad 26): una fila por cada versión archivada de un periodo.';
COMMENT ON COLUMN reportes.archivo.desde IS 'Primer día del periodo.';
COMMENT ON COLUMN reportes.archivo.hasta IS 'Último día del periodo.';
COMMENT ON COLUMN reportes.archivo.version IS 'Versión del formato de ese periodo, desde 1.';
COMMENT ON COLUMN reportes.archivo.reemplaza IS 'Versión que corrige; vacía en la primera.';
COMMENT ON COLUMN reportes.archivo.motivo IS 'Por qué hay otra versión; vacío en la primera.';
COMMENT ON COLUMN reportes.archivo.vigente IS 'Si es la última versión de su periodo.';
COMMENT ON COLUMN reportes.archivo.filas IS 'Filas del formato en el periodo.';
COMMENT ON COLUMN reportes.archivo.historial_entradas IS 'Entradas del historial cuando se archivó, todas verificadas.';
COMMENT ON COLUMN reportes.archivo.historial_huella IS 'Huella de la última de ellas: la que muestran los documentos.';
COMMENT ON COLUMN reportes.archivo.carpeta IS 'Carpeta de los documentos, dentro de la del archivo.';
COMMENT ON COLUMN reportes.archivo.archivos IS 'Nombres de los documentos.';
COMMENT ON COLUMN reportes.archivo.sumas_sha256 IS 'SHA-256 de cada uno, en el mismo orden.';
COMMENT ON COLUMN reportes.archivo.fecha IS 'Fecha y hora en que se leyó el reporte para archivarlo.';
COMMENT ON COLUMN reportes.archivo.solicitado_por IS 'Usuario de Airflow que lo pidió; vacío si fue la programación mensual.';
COMMENT ON COLUMN reportes.archivo.ejecucion IS 'Ejecución de fm007_archive que lo hizo.';
COMMENT ON COLUMN reportes.archivo.clave IS 'Clave de esa ejecución.';
