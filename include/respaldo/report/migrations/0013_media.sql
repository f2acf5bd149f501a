-- Media with their labels (activity 16): what each holds, and where it was.

CREATE TABLE respaldo.media_series (
    series text PRIMARY KEY,
    last bigint NOT NULL CHECK (last > 0)
);
COMMENT ON TABLE respaldo.media_series IS 'The last number given in each series of labels. Its row is locked until the transaction ends: no number is given twice.';
COMMENT ON COLUMN respaldo.media_series.series IS 'The labels without their number: PRI-2026-######.';
COMMENT ON COLUMN respaldo.media_series.last IS 'Last number given.';

CREATE TABLE respaldo.media (
    label text PRIMARY KEY,
    kind text,
    description text,
    site text,
    custody text,
    repository text,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'out', 'destroyed')),
    registered_at timestamptz NOT NULL,
    registered_by text,
    printed_at timestamptz
);
CREATE INDEX media_registered ON respaldo.media (registered_at);
COMMENT ON TABLE respaldo.media IS 'Media that hold copies, each with its label (activity 16): one that people registered, or a copy in a repository.';
COMMENT ON COLUMN respaldo.media.label IS 'Its label: unique, never given again.';
COMMENT ON COLUMN respaldo.media.kind IS 'What it is: disco, objeto, cinta...';
COMMENT ON COLUMN respaldo.media.description IS 'What else tells it from others: make, serial number.';
COMMENT ON COLUMN respaldo.media.site IS 'Where it is.';
COMMENT ON COLUMN respaldo.media.custody IS 'Who keeps it.';
COMMENT ON COLUMN respaldo.media.repository IS 'Repository that holds the copy. Null for a medium that people copy to.';
COMMENT ON COLUMN respaldo.media.state IS 'active (in its place), out or destroyed.';
COMMENT ON COLUMN respaldo.media.registered_at IS 'When it was registered, or its copy was recorded.';
COMMENT ON COLUMN respaldo.media.registered_by IS 'Who registered it. Null: Respaldo did, when it recorded the copy.';
COMMENT ON COLUMN respaldo.media.printed_at IS 'When `respaldo labels` last printed its label.';

CREATE TABLE respaldo.media_holding (
    run_key text NOT NULL,
    copy text NOT NULL CHECK (copy IN ('first', 'second')),
    label text NOT NULL REFERENCES respaldo.media,
    keep_until timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (run_key, copy)
);
CREATE INDEX media_holding_label ON respaldo.media_holding (label, keep_until);
COMMENT ON TABLE respaldo.media_holding IS 'Which medium holds the copies of a run.';
COMMENT ON COLUMN respaldo.media_holding.run_key IS 'Run in respaldo.fm007. No foreign key: what is stated of a run may arrive in any order.';
COMMENT ON COLUMN respaldo.media_holding.copy IS 'first or second copy.';
COMMENT ON COLUMN respaldo.media_holding.label IS 'Label of the medium.';
COMMENT ON COLUMN respaldo.media_holding.keep_until IS 'The latest moment until which the retention of the scope may keep the copy.';
COMMENT ON COLUMN respaldo.media_holding.recorded_at IS 'When the run was recorded.';

CREATE TABLE respaldo.media_movement (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    label text NOT NULL REFERENCES respaldo.media,
    move text NOT NULL CHECK (move IN ('registered', 'out', 'in', 'destroyed')),
    moved_at timestamptz NOT NULL,
    moved_by text NOT NULL,
    site text,
    custody text,
    reason text,
    document text,
    recorded_by text NOT NULL UNIQUE
);
CREATE INDEX media_movement_label ON respaldo.media_movement (label, number);
COMMENT ON TABLE respaldo.media_movement IS 'What people did with media, never changed: registered, taken out, brought back, destroyed.';
COMMENT ON COLUMN respaldo.media_movement.number IS 'Order in which it was recorded.';
COMMENT ON COLUMN respaldo.media_movement.label IS 'Label of the medium.';
COMMENT ON COLUMN respaldo.media_movement.move IS 'registered, out, in or destroyed.';
COMMENT ON COLUMN respaldo.media_movement.moved_at IS 'When.';
COMMENT ON COLUMN respaldo.media_movement.moved_by IS 'Airflow user who recorded it.';
COMMENT ON COLUMN respaldo.media_movement.site IS 'Where to.';
COMMENT ON COLUMN respaldo.media_movement.custody IS 'Who keeps it from then on.';
COMMENT ON COLUMN respaldo.media_movement.reason IS 'Why.';
COMMENT ON COLUMN respaldo.media_movement.document IS 'The record or act that backs it.';
COMMENT ON COLUMN respaldo.media_movement.recorded_by IS 'Key of the Airflow run that recorded it: a task that is tried again records nothing twice.';

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON respaldo.media_movement
    FOR EACH STATEMENT EXECUTE FUNCTION respaldo.refuse_change();

INSERT INTO respaldo.term (vocabulary, code, name) VALUES
    ('medium_state', 'active', 'En su lugar'),
    ('medium_state', 'out', 'Retirado'),
    ('medium_state', 'destroyed', 'Destruido'),
    ('move', 'registered', 'Registro'),
    ('move', 'out', 'Salida'),
    ('move', 'in', 'Regreso'),
    ('move', 'destroyed', 'Destrucción');

CREATE VIEW reportes.copias_medios AS
SELECT
    h.label AS etiqueta,
    f.number AS numero,
    f.scope_id AS alcance_id,
    coalesce(f.scope_name, f.scope_id) AS alcance,
    f.department AS dependencia,
    which.name AS copia,
    coalesce(f.ended_at, h.recorded_at) AS fecha,
    f.size_bytes AS tamano_bytes,
    state.name AS estado,
    h.keep_until AS conservar_hasta,
    h.run_key AS clave
FROM respaldo.media_holding h
LEFT JOIN respaldo.fm007 f ON f.run_key = h.run_key
LEFT JOIN respaldo.term which ON which.vocabulary = 'which' AND which.code = h.copy
LEFT JOIN respaldo.term state ON state.vocabulary = 'state' AND state.code = f.state;

COMMENT ON VIEW reportes.copias_medios IS 'Qué copias guarda cada medio (actividad 16): una fila por cada copia.';
COMMENT ON COLUMN reportes.copias_medios.etiqueta IS 'Etiqueta del medio.';
COMMENT ON COLUMN reportes.copias_medios.numero IS 'Número del formato TIC-FM007 de la ejecución que hizo la copia.';
COMMENT ON COLUMN reportes.copias_medios.alcance_id IS 'Identificador del alcance en la configuración.';
COMMENT ON COLUMN reportes.copias_medios.alcance IS 'Nombre del alcance.';
COMMENT ON COLUMN reportes.copias_medios.dependencia IS 'Dependencia dueña de la información.';
COMMENT ON COLUMN reportes.copias_medios.copia IS 'Si es la primera o la segunda copia.';
COMMENT ON COLUMN reportes.copias_medios.fecha IS 'Fecha y hora de la copia.';
COMMENT ON COLUMN reportes.copias_medios.tamano_bytes IS 'Tamaño de lo guardado, en bytes, sin comprimir.';
COMMENT ON COLUMN reportes.copias_medios.estado IS 'Estado de la ejecución.';
COMMENT ON COLUMN reportes.copias_medios.conservar_hasta IS 'Hasta cuándo puede haber que conservarla, según la retención del alcance.';
COMMENT ON COLUMN reportes.copias_medios.clave IS 'Clave de la ejecución que hizo la copia.';

CREATE VIEW reportes.medios AS
SELECT
    m.label AS etiqueta,
    m.kind AS clase,
    m.description AS descripcion,
    m.site AS lugar,
    m.custody AS custodia,
    m.repository AS repositorio,
    state.name AS estado,
    m.registered_at AS registrado,
    m.registered_by AS registrado_por,
    m.printed_at AS impresa,
    held.copies AS copias,
    held.scopes AS alcances,
    held.last_at AS ultima_copia,
    held.keep_until AS conservar_hasta,
    moved.name AS ultimo_movimiento,
    moved.moved_at AS ultimo_movimiento_fecha
FROM respaldo.media m
LEFT JOIN respaldo.term state ON state.vocabulary = 'medium_state' AND state.code = m.state
CROSS JOIN LATERAL (
    SELECT
        count(*) AS copies,
        coalesce(array_agg(DISTINCT c.alcance) FILTER (WHERE c.alcance IS NOT NULL), '{}') AS scopes,
        max(c.fecha) AS last_at,
        max(c.conservar_hasta) AS keep_until
    FROM reportes.copias_medios c
    WHERE c.etiqueta = m.label
) AS held
LEFT JOIN LATERAL (
    SELECT term.name, v.moved_at
    FROM respaldo.media_movement v
    LEFT JOIN respaldo.term ON term.vocabulary = 'move' AND term.code = v.move
    WHERE v.label = m.label
    ORDER BY v.number DESC
    LIMIT 1
) AS moved ON true;

COMMENT ON VIEW reportes.medios IS 'Medios que guardan copias, con su etiqueta (actividad 16): una fila por cada medio.';
COMMENT ON COLUMN reportes.medios.etiqueta IS 'Etiqueta del medio: única, no se vuelve a usar.';
COMMENT ON COLUMN reportes.medios.clase IS 'Qué es: disco, objeto, cinta...';
COMMENT ON COLUMN reportes.medios.descripcion IS 'Qué más lo distingue: marca, número de serie.';
COMMENT ON COLUMN reportes.medios.lugar IS 'Dónde está.';
COMMENT ON COLUMN reportes.medios.custodia IS 'Quién lo guarda.';
COMMENT ON COLUMN reportes.medios.repositorio IS 'Repositorio que guarda la copia; vacío si es un medio en el que copian las personas.';
COMMENT ON COLUMN reportes.medios.estado IS 'En su lugar, retirado o destruido.';
COMMENT ON COLUMN reportes.medios.registrado IS 'Fecha y hora en que se registró, o en que se registró su copia.';
COMMENT ON COLUMN reportes.medios.registrado_por IS 'Quién lo registró; vacío si fue Respaldo, al registrar la copia.';
COMMENT ON COLUMN reportes.medios.impresa IS 'Fecha y hora en que la orden respaldo labels imprimió su etiqueta por última vez.';
COMMENT ON COLUMN reportes.medios.copias IS 'Cuántas copias guarda.';
COMMENT ON COLUMN reportes.medios.alcances IS 'De qué alcances son.';
COMMENT ON COLUMN reportes.medios.ultima_copia IS 'Fecha y hora de la más reciente.';
COMMENT ON COLUMN reportes.medios.conservar_hasta IS 'Cuándo termina el plazo de la última que hay que conservar.';
COMMENT ON COLUMN reportes.medios.ultimo_movimiento IS 'Último movimiento que anotó una persona.';
COMMENT ON COLUMN reportes.medios.ultimo_movimiento_fecha IS 'Fecha y hora de ese movimiento.';

CREATE VIEW reportes.movimientos_medios AS
SELECT
    v.number AS numero,
    v.label AS etiqueta,
    m.kind AS clase,
    move.name AS movimiento,
    v.moved_at AS fecha,
    v.moved_by AS quien,
    v.site AS lugar,
    v.custody AS custodia,
    v.reason AS motivo,
    v.document AS documento
FROM respaldo.media_movement v
JOIN respaldo.media m ON m.label = v.label
LEFT JOIN respaldo.term move ON move.vocabulary = 'move' AND move.code = v.move;

COMMENT ON VIEW reportes.movimientos_medios IS 'Movimientos de los medios (actividad 16): registro, salida, regreso y destrucción.';
COMMENT ON COLUMN reportes.movimientos_medios.numero IS 'Orden en que se anotó.';
COMMENT ON COLUMN reportes.movimientos_medios.etiqueta IS 'Etiqueta del medio.';
COMMENT ON COLUMN reportes.movimientos_medios.clase IS 'Qué es el medio.';
COMMENT ON COLUMN reportes.movimientos_medios.movimiento IS 'Registro, salida, regreso o destrucción.';
COMMENT ON COLUMN reportes.movimientos_medios.fecha IS 'Fecha y hora.';
COMMENT ON COLUMN reportes.movimientos_medios.quien IS 'Usuario de Airflow que lo anotó.';
COMMENT ON COLUMN reportes.movimientos_medios.lugar IS 'A dónde fue.';
COMMENT ON COLUMN reportes.movimientos_medios.custodia IS 'Quién lo guarda desde entonces.';
COMMENT ON COLUMN reportes.movimientos_medios.motivo IS 'Por qué.';
COMMENT ON COLUMN reportes.movimientos_medios.documento IS 'Acta o documento que lo soporta.';
