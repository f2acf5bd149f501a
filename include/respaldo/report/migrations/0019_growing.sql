-- A thousand scopes and two years: what people and tasks look for is found without reading the whole form.

-- The page of the form, in its order. What it counts and chooses by is in the index: totals of all runs are then
-- added up without the rows themselves. Both times are there once more because the index's own is an expression.
CREATE INDEX fm007_newest ON respaldo.fm007 (greatest(started_at, programmed_for) DESC NULLS LAST, number DESC)
    INCLUDE (run_key, started_at, programmed_for, ended_at, state, scope_id, source_kind, size_bytes);
DROP INDEX respaldo.fm007_period;

-- Each scope's last row: its name for the page's lists.
CREATE INDEX fm007_scope ON respaldo.fm007 (scope_id, number DESC);

-- Few rows of all, and the watch asks for them every few minutes.
CREATE INDEX fm007_unfinished ON respaldo.fm007 (number) WHERE state IN ('programmed', 'running');
CREATE INDEX fm007_failed ON respaldo.fm007 (ended_at)
    WHERE kind = 'backup' AND state IN ('failed', 'interrupted', 'not_executed');
CREATE INDEX incident_ended ON respaldo.incident (resolved_at) WHERE state IN ('resolved', 'closed');

-- The view of 0010, which compared each failure with all others. A failure that was resolved has an incident.
CREATE INDEX incident_scope ON respaldo.incident (scope_id, resolved_at);
CREATE OR REPLACE VIEW reportes.fallas_por_causa AS
SELECT
    f.causa_codigo,
    f.causa,
    count(*) AS fallas,
    count(DISTINCT f.alcance_id) AS alcances,
    count(*) FILTER (WHERE EXISTS (
        SELECT
        FROM respaldo.incident before
        JOIN respaldo.fm007 failed ON failed.run_key = before.incident_key AND failed.kind = 'backup'
        WHERE before.scope_id = f.alcance_id
            AND coalesce(before.confirmed_cause, before.cause, failed.cause, 'unknown') = f.causa_codigo
            AND f.fecha > before.resolved_at
            AND f.fecha <= before.resolved_at + interval '30 days'
    )) AS recurrencias,
    count(*) FILTER (WHERE i.state IN ('open', 'waiting', 'decided')) AS abiertas,
    min(f.fecha) AS primera,
    max(f.fecha) AS ultima,
    avg(f.tiempo_reparacion) AS tiempo_medio_reparacion,
    max(f.tiempo_reparacion) AS tiempo_maximo_reparacion
FROM reportes.fallas f
LEFT JOIN respaldo.incident i ON i.incident_key = f.clave
GROUP BY f.causa_codigo, f.causa;
