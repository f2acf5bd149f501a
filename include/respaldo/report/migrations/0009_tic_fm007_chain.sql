-- The names of the codes of failures, and the form TIC-FM007 with what Respaldo mended and whom a run repeats.

INSERT INTO respaldo.term (vocabulary, code, name) VALUES
    ('remedy', 'unlock', 'Bloqueo muerto retirado'),
    ('remedy', 'new_cache', 'Caché rehecha'),
    ('remedy', 'prune', 'Restos de un intento retirados'),
    ('remedy', 'repair', 'Repositorio reparado y copiado de nuevo'),
    ('remedy', 'rerun', 'Nueva ejecución'),
    ('incident_state', 'open', 'Abierta'),
    ('incident_state', 'waiting', 'En espera de decisión'),
    ('incident_state', 'decided', 'Decidida'),
    ('incident_state', 'resolved', 'Resuelta'),
    ('incident_state', 'closed', 'Cerrada'),
    ('choice', 'rerun', 'Ejecutar de nuevo'),
    ('choice', 'close', 'Cerrar sin ejecutar de nuevo'),
    ('resolution', 'rerun', 'Por su nueva ejecución'),
    ('resolution', 'next_good', 'Por otra ejecución posterior'),
    ('resolution', 'closed', 'Cerrada sin copia buena');

-- The view of 0006 with two more columns: a view that is replaced can only grow at its end.
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
    request.number AS requerimiento,
    ARRAY(
        SELECT coalesce(term.name, item.applied ->> 'remedy')
        FROM jsonb_array_elements(f.applied) WITH ORDINALITY AS item (applied, position)
        LEFT JOIN respaldo.term ON term.vocabulary = 'remedy' AND term.code = item.applied ->> 'remedy'
        ORDER BY item.position
    ) AS correctivos_aplicados,
    CASE WHEN f.rerun_of IS NULL THEN f.number ELSE (
        -- UNION, not UNION ALL: runs that name each other in a circle end it. Such a chain has no first run,
        -- and the one with the lowest number stands for it. LIMIT and OFFSET 0 keep each step a look into an
        -- index: joined freely, the planner reads the whole table again for each run of each chain.
        WITH RECURSIVE chain AS (
            SELECT f.run_key, f.rerun_of, f.number
            UNION
            SELECT earlier.run_key, earlier.rerun_of, earlier.number
            FROM chain CROSS JOIN LATERAL (
                SELECT f.run_key, f.rerun_of, f.number FROM respaldo.fm007 f WHERE f.run_key = chain.rerun_of LIMIT 1
            ) AS earlier
        )
        SELECT chain.number
        FROM chain LEFT JOIN LATERAL (
            SELECT true AS is_known FROM respaldo.fm007 f WHERE f.run_key = chain.rerun_of LIMIT 1
        ) AS earlier ON true
        ORDER BY earlier.is_known DESC NULLS FIRST, chain.number
        LIMIT 1
    ) END AS cadena
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

COMMENT ON COLUMN reportes.tic_fm007.correctivo IS 'Correctivo aconsejado (actividad 15).';
COMMENT ON COLUMN reportes.tic_fm007.correctivos_aplicados IS 'Correctivos que Respaldo aplicó por sí mismo durante la ejecución (actividad 15).';
COMMENT ON COLUMN reportes.tic_fm007.cadena IS 'Número del formato de la primera ejecución de la cadena de reintentos; el propio si no repite ninguna.';
