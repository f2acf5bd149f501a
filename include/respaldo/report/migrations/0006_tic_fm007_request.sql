-- The names of the codes of restore requests, and the form TIC-FM007 with the request that caused a run.

INSERT INTO respaldo.term (vocabulary, code, name) VALUES
    ('method', 'restored', 'Restaurada y comprobada'),
    ('method', 'compared', 'Comparada con lo registrado'),
    ('step', 'register', 'Registrar el requerimiento'),
    ('step', 'analyse', 'Analizar'),
    ('step', 'identify', 'Identificar la copia'),
    ('step', 'authorize', 'Autorizar'),
    ('step', 'safety_backup', 'Copia de resguardo'),
    ('step', 'restore', 'Restaurar'),
    ('step', 'accept', 'Aceptación'),
    ('step', 'second_identify', 'Identificar la segunda copia'),
    ('step', 'second_authorize', 'Autorizar con la segunda copia'),
    ('step', 'second_safety_backup', 'Copia de resguardo antes de la segunda copia'),
    ('step', 'second_restore', 'Restaurar la segunda copia'),
    ('step', 'second_accept', 'Aceptación de la segunda copia'),
    ('step', 'unscheduled_backup', 'Copia no programada'),
    ('step', 'rerun', 'Nueva copia del alcance'),
    ('step', 'second_rerun', 'Nueva copia del alcance por la segunda copia'),
    ('step', 'inform', 'Informar al solicitante'),
    ('request_state', 'registered', 'Registrado'),
    ('request_state', 'analysing', 'En análisis'),
    ('request_state', 'restoring', 'En restauración'),
    ('request_state', 'accepting', 'En aceptación'),
    ('request_state', 'backing_up', 'En copia no programada'),
    ('request_state', 'closed', 'Cerrado'),
    ('outcome', 'satisfied', 'Satisfecho'),
    ('outcome', 'not_satisfied', 'No satisfecho'),
    ('outcome', 'not_in_copy', 'No está en la copia'),
    ('outcome', 'backup_done', 'Copia no programada hecha'),
    ('outcome', 'backup_failed', 'Copia no programada fallida'),
    ('outcome', 'not_applicable', 'No procede'),
    ('outcome', 'not_authorized', 'No autorizado'),
    ('outcome', 'unanswered', 'Sin respuesta'),
    ('outcome', 'failed', 'Fallido'),
    ('analysis', 'restoration', 'Restauración'),
    ('analysis', 'unscheduled_backup', 'Copia no programada'),
    ('analysis', 'not_applicable', 'No procede'),
    ('decision', 'authorized', 'Autorizado'),
    ('decision', 'refused', 'No autorizado'),
    ('decision', 'satisfies', 'Satisface'),
    ('decision', 'does_not', 'No satisface'),
    ('destination', 'staging', 'Lugar aparte'),
    ('destination', 'original', 'Lugar original'),
    ('destination', 'path', 'Otra carpeta'),
    ('destination', 'database', 'Otra base de datos'),
    ('overwrite', 'never', 'Se deja como está'),
    ('overwrite', 'if_newer', 'Queda el más reciente'),
    ('overwrite', 'always', 'Se reemplaza'),
    ('which', 'first', 'Primera'),
    ('which', 'second', 'Segunda'),
    ('copy_state', 'good', 'En buen estado'),
    ('copy_state', 'bad', 'En mal estado'),
    ('copy_state', 'absent', 'No contiene lo pedido'),
    ('informed_by', 'mail', 'Por correo'),
    ('informed_by', 'not_configured', 'Sin servidor de correo'),
    ('informed_by', 'failed', 'El correo no se pudo enviar'),
    ('informed_by', 'no_address', 'Solicitante sin correo');

-- The view of 0004 with one more column: a view that is replaced can only grow at its end.
CREATE OR REPLACE VIEW reportes.tic_fm007 AS
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
    f.run_key AS clave,
    request.number AS requerimiento
FROM respaldo.fm007 f
LEFT JOIN respaldo.fm007 original ON original.run_key = f.rerun_of
LEFT JOIN respaldo.restore_request request ON request.request_key = f.request_key
LEFT JOIN respaldo.term kind ON kind.vocabulary = 'kind' AND kind.code = f.kind
LEFT JOIN respaldo.term mode ON mode.vocabulary = 'mode' AND mode.code = f.mode
LEFT JOIN respaldo.term origin ON origin.vocabulary = 'origin' AND origin.code = f.origin
LEFT JOIN respaldo.term state ON state.vocabulary = 'state' AND state.code = f.state
LEFT JOIN respaldo.term source_kind ON source_kind.vocabulary = 'source_kind' AND source_kind.code = f.source_kind
LEFT JOIN respaldo.term failed_step ON failed_step.vocabulary = 'step' AND failed_step.code = f.failed_step
LEFT JOIN respaldo.term verification_result
    ON verification_result.vocabulary = 'verification_result' AND verification_result.code = f.verification_result;

COMMENT ON COLUMN reportes.tic_fm007.requerimiento IS 'Número del requerimiento de restauración que la causó, o al que responde.';
