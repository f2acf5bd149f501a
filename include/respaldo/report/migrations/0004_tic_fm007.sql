-- What analysts read: the form TIC-FM007 in Spanish.

CREATE TABLE respaldo.term (
    vocabulary text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (vocabulary, code)
);
COMMENT ON TABLE respaldo.term IS 'Spanish names of the codes in the base tables. The same as in respaldo.texts.report.';
COMMENT ON COLUMN respaldo.term.vocabulary IS 'What the code says: state, origin, step...';
COMMENT ON COLUMN respaldo.term.code IS 'The code.';
COMMENT ON COLUMN respaldo.term.name IS 'Its Spanish name.';

INSERT INTO respaldo.term (vocabulary, code, name) VALUES
    ('mode', 'software', 'Herramienta software'),
    ('mode', 'manual', 'Manual'),
    ('kind', 'backup', 'Copia de seguridad'),
    ('kind', 'restore', 'Restauración'),
    ('kind', 'drill', 'Prueba de restauración'),
    ('origin', 'scheduled', 'Programada'),
    ('origin', 'unscheduled', 'No programada'),
    ('origin', 'rerun', 'Nueva ejecución'),
    ('origin', 'requested', 'Por requerimiento'),
    ('state', 'programmed', 'Programada'),
    ('state', 'running', 'En curso'),
    ('state', 'succeeded', 'Exitosa'),
    ('state', 'succeeded_with_warnings', 'Exitosa con advertencias'),
    ('state', 'failed', 'Fallida'),
    ('state', 'interrupted', 'Interrumpida'),
    ('state', 'not_executed', 'No ejecutada'),
    ('verification_result', 'good', 'Satisfactoria'),
    ('verification_result', 'bad', 'No satisfactoria'),
    ('verification_result', 'not_done', 'No realizada'),
    ('method', 'structure', 'Estructura de la copia'),
    ('method', 'sample', 'Muestra restaurada y comparada'),
    ('method', 'dump', 'Lectura del volcado'),
    ('method', 'shrink', 'Tamaño frente a la copia anterior'),
    ('method', 'read_data', 'Lectura de los datos guardados'),
    ('step', 'plan', 'Programar'),
    ('step', 'execute', 'Ejecutar'),
    ('step', 'perform', 'Realizar manualmente'),
    ('step', 'verify', 'Verificar'),
    ('step', 'copy', 'Segunda copia'),
    ('step', 'record', 'Registrar'),
    ('source_kind', 'files', 'Archivos'),
    ('source_kind', 'postgresql', 'PostgreSQL');

CREATE VIEW reportes.tic_fm007 AS
SELECT
    f.number AS numero,
    f.scope_id AS alcance_id,
    coalesce(f.scope_name, f.scope_id) AS alcance,
    f.department AS dependencia,
    f.criticality AS criticidad,
    kind.name AS clase,
    mode.name AS modalidad,
    origin.name AS origen,
    f.reason AS motivo,
    f.requester AS solicitante,
    f.ticket AS caso,
    f.responsible AS responsable,
    state.name AS estado,
    f.progress_percent AS avance_porcentaje,
    f.programmed_for AS programada,
    f.started_at AS inicio,
    f.ended_at AS fin,
    f.ended_at - f.started_at AS duracion,
    coalesce(source_kind.name, f.source_kind) AS tipo_fuente,
    f.source AS fuente,
    f.source_host AS equipo,
    f.size_bytes AS tamano_bytes,
    f.files AS archivos,
    f.added_bytes AS nuevo_bytes,
    f.stored_bytes AS almacenado_bytes,
    f.repository AS repositorio,
    f.site AS sede,
    f.medium AS medio,
    ARRAY(
        SELECT item.copy ->> 'item'
        FROM jsonb_array_elements(f.copies) WITH ORDINALITY AS item (copy, position)
        ORDER BY item.position
    ) AS contenido,
    ARRAY(
        SELECT item.copy ->> 'snapshot_id'
        FROM jsonb_array_elements(f.copies) WITH ORDINALITY AS item (copy, position)
        ORDER BY item.position
    ) AS copia,
    f.second_repository AS segundo_repositorio,
    f.second_site AS segunda_sede,
    f.second_medium AS segundo_medio,
    ARRAY(
        SELECT item.copy ->> 'snapshot_id'
        FROM jsonb_array_elements(f.second_copies) WITH ORDINALITY AS item (copy, position)
        ORDER BY item.position
    ) AS segunda_copia,
    f.second_copied_at AS segunda_copia_fecha,
    ARRAY(
        SELECT coalesce(term.name, method.code)
        FROM unnest(f.verification_methods) WITH ORDINALITY AS method (code, position)
        LEFT JOIN respaldo.term ON term.vocabulary = 'method' AND term.code = method.code
        ORDER BY method.position
    ) AS verificacion_metodo,
    verification_result.name AS verificacion_resultado,
    f.verified_at AS verificacion_fecha,
    ARRAY(SELECT jsonb_array_elements_text(f.warnings)) AS advertencias,
    f.cause AS causa_codigo,
    coalesce(f.cause_detail, f.cause) AS causa,
    coalesce(failed_step.name, f.failed_step) AS paso_fallido,
    f.corrective AS correctivo,
    original.number AS reintento_de,
    (SELECT max(attempt.count::int) FROM jsonb_each_text(f.attempts) AS attempt (step, count)) AS intentos,
    (
        SELECT jsonb_object_agg(coalesce(term.name, attempt.step), attempt.count)
        FROM jsonb_each(f.attempts) AS attempt (step, count)
        LEFT JOIN respaldo.term ON term.vocabulary = 'step' AND term.code = attempt.step
    ) AS intentos_por_paso,
    (
        SELECT jsonb_object_agg(coalesce(term.name, taken.step), taken.seconds)
        FROM jsonb_each(f.step_seconds) AS taken (step, seconds)
        LEFT JOIN respaldo.term ON term.vocabulary = 'step' AND term.code = taken.step
    ) AS segundos_por_paso,
    f.retention AS retencion,
    make_interval(secs => f.rpo_seconds) AS rpo,
    make_interval(secs => f.rto_seconds) AS rto,
    f.observations AS observaciones,
    f.engine_version AS version_motor,
    f.respaldo_version AS version_respaldo,
    f.scope_digest AS huella_alcance,
    f.worker AS trabajador,
    f.dag_id AS dag,
    f.run_id AS ejecucion,
    f.run_key AS clave
FROM respaldo.fm007 f
LEFT JOIN respaldo.fm007 original ON original.run_key = f.rerun_of
LEFT JOIN respaldo.term kind ON kind.vocabulary = 'kind' AND kind.code = f.kind
LEFT JOIN respaldo.term mode ON mode.vocabulary = 'mode' AND mode.code = f.mode
LEFT JOIN respaldo.term origin ON origin.vocabulary = 'origin' AND origin.code = f.origin
LEFT JOIN respaldo.term state ON state.vocabulary = 'state' AND state.code = f.state
LEFT JOIN respaldo.term source_kind ON source_kind.vocabulary = 'source_kind' AND source_kind.code = f.source_kind
LEFT JOIN respaldo.term failed_step ON failed_step.vocabulary = 'step' AND failed_step.code = f.failed_step
LEFT JOIN respaldo.term verification_result
    ON verification_result.vocabulary = 'verification_result' AND verification_result.code = f.verification_result;

COMMENT ON VIEW reportes.tic_fm007 IS 'TIC-FM007, Formato de Reporte de BackUp: una fila por cada ejecución.';
COMMENT ON COLUMN reportes.tic_fm007.numero IS 'Número del formato.';
COMMENT ON COLUMN reportes.tic_fm007.alcance_id IS 'Identificador del alcance en la configuración.';
COMMENT ON COLUMN reportes.tic_fm007.alcance IS 'Qué se respalda: nombre del alcance.';
COMMENT ON COLUMN reportes.tic_fm007.dependencia IS 'Dependencia dueña de la información.';
COMMENT ON COLUMN reportes.tic_fm007.criticidad IS 'Criticidad del alcance.';
COMMENT ON COLUMN reportes.tic_fm007.clase IS 'Copia de seguridad, restauración o prueba de restauración.';
COMMENT ON COLUMN reportes.tic_fm007.modalidad IS 'Con herramienta software o manual (actividad 3).';
COMMENT ON COLUMN reportes.tic_fm007.origen IS 'Programada, no programada, nueva ejecución de una fallida, o por requerimiento.';
COMMENT ON COLUMN reportes.tic_fm007.motivo IS 'Motivo que dio quien la pidió.';
COMMENT ON COLUMN reportes.tic_fm007.solicitante IS 'Quién la pidió.';
COMMENT ON COLUMN reportes.tic_fm007.caso IS 'Número del caso en la mesa de ayuda.';
COMMENT ON COLUMN reportes.tic_fm007.responsable IS 'Rol responsable del alcance.';
COMMENT ON COLUMN reportes.tic_fm007.estado IS 'Estado de la ejecución.';
COMMENT ON COLUMN reportes.tic_fm007.avance_porcentaje IS 'Avance de la copia en curso, de 0 a 100.';
COMMENT ON COLUMN reportes.tic_fm007.programada IS 'Fecha y hora para la que se programó.';
COMMENT ON COLUMN reportes.tic_fm007.inicio IS 'Fecha y hora de inicio.';
COMMENT ON COLUMN reportes.tic_fm007.fin IS 'Fecha y hora de terminación.';
COMMENT ON COLUMN reportes.tic_fm007.duracion IS 'Tiempo entre el inicio y el fin.';
COMMENT ON COLUMN reportes.tic_fm007.tipo_fuente IS 'Tipo de fuente: archivos, base de datos...';
COMMENT ON COLUMN reportes.tic_fm007.fuente IS 'Qué se guarda: rutas o bases de datos.';
COMMENT ON COLUMN reportes.tic_fm007.equipo IS 'Equipo donde está la fuente.';
COMMENT ON COLUMN reportes.tic_fm007.tamano_bytes IS 'Tamaño de lo guardado, en bytes, sin comprimir.';
COMMENT ON COLUMN reportes.tic_fm007.archivos IS 'Cantidad de archivos guardados.';
COMMENT ON COLUMN reportes.tic_fm007.nuevo_bytes IS 'Bytes que el repositorio aún no tenía, sin comprimir.';
COMMENT ON COLUMN reportes.tic_fm007.almacenado_bytes IS 'Bytes que creció el repositorio, ya comprimidos.';
COMMENT ON COLUMN reportes.tic_fm007.repositorio IS 'Repositorio de la primera copia.';
COMMENT ON COLUMN reportes.tic_fm007.sede IS 'Sede de la primera copia.';
COMMENT ON COLUMN reportes.tic_fm007.medio IS 'Medio de la primera copia.';
COMMENT ON COLUMN reportes.tic_fm007.contenido IS 'Qué guarda cada copia, en el mismo orden de la columna copia.';
COMMENT ON COLUMN reportes.tic_fm007.copia IS 'Identificadores de las copias en el primer repositorio.';
COMMENT ON COLUMN reportes.tic_fm007.segundo_repositorio IS 'Repositorio de la segunda copia.';
COMMENT ON COLUMN reportes.tic_fm007.segunda_sede IS 'Sede de la segunda copia.';
COMMENT ON COLUMN reportes.tic_fm007.segundo_medio IS 'Medio de la segunda copia.';
COMMENT ON COLUMN reportes.tic_fm007.segunda_copia IS 'Identificadores de las copias en el segundo repositorio.';
COMMENT ON COLUMN reportes.tic_fm007.segunda_copia_fecha IS 'Fecha y hora en que se comprobó la segunda copia.';
COMMENT ON COLUMN reportes.tic_fm007.verificacion_metodo IS 'Cómo se verificó la copia (actividad 12).';
COMMENT ON COLUMN reportes.tic_fm007.verificacion_resultado IS 'Resultado de la verificación.';
COMMENT ON COLUMN reportes.tic_fm007.verificacion_fecha IS 'Fecha y hora de la verificación.';
COMMENT ON COLUMN reportes.tic_fm007.advertencias IS 'Advertencias de la ejecución.';
COMMENT ON COLUMN reportes.tic_fm007.causa_codigo IS 'Código de la causa de la falla, para agrupar.';
COMMENT ON COLUMN reportes.tic_fm007.causa IS 'Causa de la falla (actividad 14).';
COMMENT ON COLUMN reportes.tic_fm007.paso_fallido IS 'Paso en el que falló.';
COMMENT ON COLUMN reportes.tic_fm007.correctivo IS 'Correctivo aplicado o aconsejado (actividad 15).';
COMMENT ON COLUMN reportes.tic_fm007.reintento_de IS 'Número del formato de la ejecución fallida que esta repite.';
COMMENT ON COLUMN reportes.tic_fm007.intentos IS 'Mayor número de intentos entre los pasos.';
COMMENT ON COLUMN reportes.tic_fm007.intentos_por_paso IS 'Intentos de cada paso.';
COMMENT ON COLUMN reportes.tic_fm007.segundos_por_paso IS 'Duración de cada paso, en segundos.';
COMMENT ON COLUMN reportes.tic_fm007.retencion IS 'Cuánto tiempo se conserva la copia.';
COMMENT ON COLUMN reportes.tic_fm007.rpo IS 'Objetivo de punto de recuperación: máxima antigüedad admitida de la última copia.';
COMMENT ON COLUMN reportes.tic_fm007.rto IS 'Objetivo de tiempo de recuperación: plazo máximo para restaurar.';
COMMENT ON COLUMN reportes.tic_fm007.observaciones IS 'Observaciones.';
COMMENT ON COLUMN reportes.tic_fm007.version_motor IS 'Versión de restic.';
COMMENT ON COLUMN reportes.tic_fm007.version_respaldo IS 'Versión de este programa.';
COMMENT ON COLUMN reportes.tic_fm007.huella_alcance IS 'SHA-256 de la configuración del alcance en ese momento.';
COMMENT ON COLUMN reportes.tic_fm007.trabajador IS 'Máquina que hizo la copia.';
COMMENT ON COLUMN reportes.tic_fm007.dag IS 'DAG de Airflow.';
COMMENT ON COLUMN reportes.tic_fm007.ejecucion IS 'Identificador de la ejecución en Airflow.';
COMMENT ON COLUMN reportes.tic_fm007.clave IS 'Clave de la ejecución: también etiqueta sus copias en el repositorio.';
