-- What analysts read of failures, in Spanish: the causes, each failure, and how often each cause comes back.

CREATE VIEW reportes.causas AS
SELECT
    c.code AS codigo,
    c.title AS causa,
    c.meaning AS significado,
    c.corrective AS correctivo,
    c.passes_by_itself AS pasa_por_si_sola,
    coalesce(remedy.name, c.remedy) AS correctivo_automatico
FROM respaldo.cause c
LEFT JOIN respaldo.term remedy ON remedy.vocabulary = 'remedy' AND remedy.code = c.remedy;

COMMENT ON VIEW reportes.causas IS 'Causas de falla que Respaldo conoce: una fila por cada causa.';
COMMENT ON COLUMN reportes.causas.codigo IS 'Código de la causa.';
COMMENT ON COLUMN reportes.causas.causa IS 'Nombre de la causa.';
COMMENT ON COLUMN reportes.causas.significado IS 'Qué significa.';
COMMENT ON COLUMN reportes.causas.correctivo IS 'Qué la corrige normalmente.';
COMMENT ON COLUMN reportes.causas.pasa_por_si_sola IS 'Si puede pasar sola: entonces el paso se reintenta.';
COMMENT ON COLUMN reportes.causas.correctivo_automatico IS 'Correctivo que Respaldo aplica por sí mismo; vacío si lo aplica una persona.';

CREATE VIEW reportes.fallas AS
SELECT
    form.numero,
    form.alcance_id,
    form.alcance,
    form.dependencia,
    failure.failed_at AS fecha,
    coalesce(failed_step.name, failure.step) AS paso,
    coalesce(cause.title, failure.cause) AS causa,
    failure.cause AS causa_codigo,
    coalesce(i.cause_detail, f.cause_detail) AS detalle,
    form.correctivos_aplicados,
    coalesce(i.corrective, i.advised, f.corrective) AS correctivo,
    i.decided_by AS decidido_por,
    choice.name AS decision,
    (SELECT min(again.number) FROM respaldo.fm007 again WHERE again.rerun_of = f.run_key) AS reintento,
    form.cadena,
    (
        -- UNION, not UNION ALL: runs that name each other in a circle end it.
        WITH RECURSIVE chain AS (
            SELECT first.run_key FROM respaldo.fm007 first WHERE first.number = form.cadena
            UNION
            SELECT again.run_key
            FROM chain CROSS JOIN LATERAL (
                SELECT f.run_key FROM respaldo.fm007 f WHERE f.rerun_of = chain.run_key OFFSET 0
            ) AS again
        )
        SELECT count(*) - 1 FROM chain
    ) AS reintentos,
    state.name AS estado,
    resolution.name AS resolucion,
    good.number AS resuelta_por,
    i.resolved_at AS resuelta,
    CASE WHEN i.state = 'resolved' THEN i.resolved_at - failure.failed_at END AS tiempo_reparacion,
    f.run_key AS clave
FROM respaldo.fm007 f
JOIN reportes.tic_fm007 form ON form.clave = f.run_key
LEFT JOIN respaldo.incident i ON i.incident_key = f.run_key
CROSS JOIN LATERAL (
    -- A failed run that was continued by hand is good afterwards: its failure is told by its incident.
    SELECT
        coalesce(i.confirmed_cause, i.cause, f.cause, 'unknown') AS cause,
        coalesce(i.failed_step, f.failed_step) AS step,
        coalesce(i.failed_at, f.ended_at, f.started_at, f.programmed_for) AS failed_at
) AS failure
LEFT JOIN respaldo.fm007 good ON good.run_key = i.resolved_by
LEFT JOIN respaldo.cause cause ON cause.code = failure.cause
LEFT JOIN respaldo.term failed_step ON failed_step.vocabulary = 'step' AND failed_step.code = failure.step
LEFT JOIN respaldo.term choice ON choice.vocabulary = 'choice' AND choice.code = i.decision
LEFT JOIN respaldo.term state ON state.vocabulary = 'incident_state' AND state.code = i.state
LEFT JOIN respaldo.term resolution ON resolution.vocabulary = 'resolution' AND resolution.code = i.resolution
WHERE f.kind = 'backup'
    AND (f.state IN ('failed', 'interrupted', 'not_executed') OR i.incident_key IS NOT NULL);

COMMENT ON VIEW reportes.fallas IS 'Fallas de las copias (actividades 13 a 15): una fila por cada ejecución que falló.';
COMMENT ON COLUMN reportes.fallas.numero IS 'Número del formato TIC-FM007 de la ejecución que falló.';
COMMENT ON COLUMN reportes.fallas.alcance_id IS 'Identificador del alcance en la configuración.';
COMMENT ON COLUMN reportes.fallas.alcance IS 'Nombre del alcance.';
COMMENT ON COLUMN reportes.fallas.dependencia IS 'Dependencia dueña de la información.';
COMMENT ON COLUMN reportes.fallas.fecha IS 'Fecha y hora en que terminó la ejecución.';
COMMENT ON COLUMN reportes.fallas.paso IS 'Paso en el que falló.';
COMMENT ON COLUMN reportes.fallas.causa IS 'Causa de la falla: la confirmada o, mientras no lo esté, la encontrada.';
COMMENT ON COLUMN reportes.fallas.causa_codigo IS 'Código de esa causa, para agrupar.';
COMMENT ON COLUMN reportes.fallas.detalle IS 'Qué pasó en este caso.';
COMMENT ON COLUMN reportes.fallas.correctivos_aplicados IS 'Correctivos que Respaldo aplicó por sí mismo durante la ejecución.';
COMMENT ON COLUMN reportes.fallas.correctivo IS 'Correctivo que escribió quien decidió o, si nadie escribió uno, el aconsejado.';
COMMENT ON COLUMN reportes.fallas.decidido_por IS 'Quién decidió; Respaldo, si nadie tuvo que decidir.';
COMMENT ON COLUMN reportes.fallas.decision IS 'Si se decidió ejecutar de nuevo o cerrar.';
COMMENT ON COLUMN reportes.fallas.reintento IS 'Número del formato de la primera ejecución que la repitió.';
COMMENT ON COLUMN reportes.fallas.cadena IS 'Número del formato de la primera ejecución de la cadena de reintentos; el propio si no repite ninguna.';
COMMENT ON COLUMN reportes.fallas.reintentos IS 'Cuántas ejecuciones de la cadena repiten a la primera, en total.';
COMMENT ON COLUMN reportes.fallas.estado IS 'En qué va la falla; vacío si no se ha analizado.';
COMMENT ON COLUMN reportes.fallas.resolucion IS 'Cómo terminó; vacía mientras no termine.';
COMMENT ON COLUMN reportes.fallas.resuelta_por IS 'Número del formato de la ejecución buena que la resolvió.';
COMMENT ON COLUMN reportes.fallas.resuelta IS 'Fecha y hora en que se resolvió o se cerró.';
COMMENT ON COLUMN reportes.fallas.tiempo_reparacion IS 'Tiempo desde que falló hasta que hubo una copia buena; vacío si no la ha habido o se cerró sin ella.';
COMMENT ON COLUMN reportes.fallas.clave IS 'Clave de la ejecución que falló.';

CREATE VIEW reportes.fallas_por_causa AS
SELECT
    f.causa_codigo,
    f.causa,
    count(*) AS fallas,
    count(DISTINCT f.alcance_id) AS alcances,
    count(*) FILTER (WHERE EXISTS (
        SELECT
        FROM reportes.fallas before
        WHERE before.alcance_id = f.alcance_id
            AND before.causa_codigo = f.causa_codigo
            AND f.fecha > before.resuelta
            AND f.fecha <= before.resuelta + interval '30 days'
    )) AS recurrencias,
    count(*) FILTER (WHERE i.state IN ('open', 'waiting', 'decided')) AS abiertas,
    min(f.fecha) AS primera,
    max(f.fecha) AS ultima,
    avg(f.tiempo_reparacion) AS tiempo_medio_reparacion,
    max(f.tiempo_reparacion) AS tiempo_maximo_reparacion
FROM reportes.fallas f
LEFT JOIN respaldo.incident i ON i.incident_key = f.clave
GROUP BY f.causa_codigo, f.causa;

COMMENT ON VIEW reportes.fallas_por_causa IS 'Qué tan seguido falla cada causa, si vuelve, y cuánto tarda en repararse: una fila por cada causa que ha fallado.';
COMMENT ON COLUMN reportes.fallas_por_causa.causa_codigo IS 'Código de la causa: la confirmada o, mientras no lo esté, la encontrada.';
COMMENT ON COLUMN reportes.fallas_por_causa.causa IS 'Nombre de la causa.';
COMMENT ON COLUMN reportes.fallas_por_causa.fallas IS 'Cuántas ejecuciones han fallado por ella.';
COMMENT ON COLUMN reportes.fallas_por_causa.alcances IS 'En cuántos alcances.';
COMMENT ON COLUMN reportes.fallas_por_causa.recurrencias IS 'Cuántas de ellas volvieron en el mismo alcance dentro de los 30 días siguientes a terminar una anterior.';
COMMENT ON COLUMN reportes.fallas_por_causa.abiertas IS 'Cuántas siguen sin resolver.';
COMMENT ON COLUMN reportes.fallas_por_causa.primera IS 'Fecha y hora de la primera.';
COMMENT ON COLUMN reportes.fallas_por_causa.ultima IS 'Fecha y hora de la más reciente.';
COMMENT ON COLUMN reportes.fallas_por_causa.tiempo_medio_reparacion IS 'Tiempo medio desde la falla hasta una copia buena, de las resueltas.';
COMMENT ON COLUMN reportes.fallas_por_causa.tiempo_maximo_reparacion IS 'El mayor de esos tiempos.';
