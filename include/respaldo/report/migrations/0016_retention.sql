-- How long a copy is kept, in words: «monthly 12m» is «mensual 12 meses».

INSERT INTO respaldo.term (vocabulary, code, name) VALUES
    ('retention', 'last', 'todas'),
    ('retention', 'daily', 'diaria'),
    ('retention', 'weekly', 'semanal'),
    ('retention', 'monthly', 'mensual'),
    ('retention', 'yearly', 'anual'),
    ('retention', 'y', 'años'),
    ('retention', 'm', 'meses'),
    ('retention', 'w', 'semanas'),
    ('retention', 'd', 'días'),
    ('retention', 'h', 'horas'),
    ('retention', '1y', 'año'),
    ('retention', '1m', 'mes'),
    ('retention', '1w', 'semana'),
    ('retention', '1d', 'día'),
    ('retention', '1h', 'hora');

-- The view of 0011 with the retention in words.
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
    (
        SELECT string_agg(
            concat_ws(' ', nullif(part.token[1], ''), coalesce(term.name, part.token[2])) || part.token[3],
            ' ' ORDER BY part.position
        )
        FROM regexp_matches(f.retention, '(\d*)([a-z]+)(,?)', 'g') WITH ORDINALITY AS part (token, position)
        LEFT JOIN respaldo.term ON term.vocabulary = 'retention'
            AND term.code = CASE part.token[1] WHEN '1' THEN '1' ELSE '' END || part.token[2]
    ) AS retencion,
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
    ) END AS cadena,
    f.performed_by AS realizada_por,
    f.verified_by AS verificada_por,
    f.checksum AS suma_sha256,
    f.contract AS contrato,
    contract_state.name AS estado_contrato,
    f.labels AS etiquetas
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
    ON verification_result.vocabulary = 'verification_result' AND verification_result.code = f.verification_result
LEFT JOIN respaldo.term contract_state
    ON contract_state.vocabulary = 'contract_state' AND contract_state.code = f.contract_state;
