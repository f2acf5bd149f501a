-- What analysts read of restore requests, in Spanish.

CREATE VIEW reportes.restauraciones AS
SELECT
    r.number AS numero,
    form.number AS numero_fm007,
    r.scope_id AS alcance_id,
    coalesce(r.scope_name, r.scope_id) AS alcance,
    r.requester AS solicitante,
    r.email AS correo,
    r.department AS dependencia,
    r.ticket AS caso,
    r.what_happened AS que_paso,
    r.asked_by AS pedido_por,
    r.requested_at AS fecha,
    analysis.name AS analisis,
    r.decisions #>> '{analyse,by}' AS analizo,
    (r.decisions #>> '{analyse,at}')::timestamptz AS analizo_fecha,
    r.decisions #>> '{analyse,note}' AS nota_analisis,
    coalesce(authorization_name.name, decided.authorized ->> 'option') AS autorizacion,
    decided.authorized ->> 'by' AS autorizo,
    (decided.authorized ->> 'at')::timestamptz AS autorizo_fecha,
    decided.authorized ->> 'note' AS nota_autorizacion,
    coalesce(accept_name.name, r.decisions #>> '{accept,option}') AS aceptacion,
    r.decisions #>> '{accept,by}' AS acepto,
    (r.decisions #>> '{accept,at}')::timestamptz AS acepto_fecha,
    r.decisions #>> '{accept,note}' AS nota_aceptacion,
    coalesce(second_accept_name.name, r.decisions #>> '{second_accept,option}') AS segunda_aceptacion,
    r.decisions #>> '{second_accept,by}' AS segunda_acepto,
    (r.decisions #>> '{second_accept,at}')::timestamptz AS segunda_acepto_fecha,
    r.decisions #>> '{second_accept,note}' AS nota_segunda_aceptacion,
    CASE WHEN r.wanted IS NOT NULL THEN (
        SELECT coalesce(string_agg(kind.name || ': ' || named.list, '; ' ORDER BY kind.position), 'Todo')
        FROM (VALUES
            (1, 'paths', 'Archivos'),
            (2, 'databases', 'Bases de datos'),
            (3, 'schemas', 'Esquemas'),
            (4, 'tables', 'Tablas')
        ) AS kind (position, code, name)
        CROSS JOIN LATERAL (
            SELECT string_agg(item.name, ', ' ORDER BY item.position) AS list
            FROM jsonb_array_elements_text(r.wanted -> kind.code) WITH ORDINALITY AS item (name, position)
        ) AS named
        WHERE named.list IS NOT NULL
    ) END AS que_se_pidio,
    r.as_of AS momento,
    r.snapshot AS copia_pedida,
    nullif(concat_ws(': ', destination.name, r.destination), '') AS destino,
    overwrite.name AS lo_existente,
    state.name AS estado,
    outcome.name AS resultado,
    which.name AS copia_usada,
    copy.identified ->> 'repository' AS repositorio,
    ARRAY(
        SELECT snapshot.id
        FROM jsonb_array_elements_text(copy.identified -> 'snapshots') WITH ORDINALITY AS snapshot (id, position)
        ORDER BY snapshot.position
    ) AS copia,
    (copy.identified ->> 'taken_at')::timestamptz AS copia_fecha,
    (copy.identified ->> 'number')::bigint AS copia_fm007,
    first_state.name AS primera_copia_estado,
    second_state.name AS segunda_copia_estado,
    (delivery.restored ->> 'files')::bigint AS archivos,
    (delivery.restored ->> 'size_bytes')::bigint AS tamano_bytes,
    ARRAY(
        SELECT place.name
        FROM jsonb_array_elements_text(delivery.restored -> 'where') WITH ORDINALITY AS place (name, position)
        ORDER BY place.position
    ) AS entregado_en,
    ARRAY(
        SELECT coalesce(term.name, shown.method)
        FROM (
            SELECT evidence.fact ->> 'method' AS method, min(evidence.position) AS position
            FROM jsonb_array_elements(delivery.restored -> 'evidence') WITH ORDINALITY AS evidence (fact, position)
            GROUP BY evidence.fact ->> 'method'
        ) AS shown
        LEFT JOIN respaldo.term ON term.vocabulary = 'method' AND term.code = shown.method
        ORDER BY shown.position
    ) AS verificacion,
    r.started_at AS inicio,
    r.delivered_at AS entregado,
    r.ended_at AS cierre,
    r.delivered_at - r.requested_at AS tiempo_de_respuesta,
    (
        SELECT make_interval(secs => sum(taken.seconds::double precision))
        FROM jsonb_each_text(r.step_seconds) AS taken (step, seconds)
        WHERE taken.step IN ('identify', 'restore', 'second_identify', 'second_restore')
    ) AS tiempo_de_restauracion,
    make_interval(secs => r.rto_seconds) AS rto,
    r.delivered_at - r.requested_at <= make_interval(secs => r.rto_seconds) AS cumple_rto,
    safety.number AS copia_de_resguardo,
    unscheduled.number AS copia_no_programada,
    rerun.number AS nueva_copia,
    r.cause AS causa_codigo,
    coalesce(r.cause_detail, r.cause) AS causa,
    coalesce(failed_step.name, r.failed_step) AS paso_fallido,
    r.corrective AS correctivo,
    r.informed_at AS informado,
    informed_by.name AS informado_por,
    r.informed_detail AS informado_detalle,
    r.message AS mensaje,
    r.dag_id AS dag,
    r.run_id AS ejecucion,
    r.request_key AS clave
FROM respaldo.restore_request r
CROSS JOIN LATERAL (
    -- One authorization is enough for both copies: it is the same data that would be overwritten.
    SELECT coalesce(r.decisions -> 'authorize', r.decisions -> 'second_authorize') AS authorized
) AS decided
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.restored ? 'second' THEN 'second' WHEN r.restored ? 'first' THEN 'first' END AS which
) AS used
CROSS JOIN LATERAL (SELECT r.restored -> used.which AS restored) AS delivery
CROSS JOIN LATERAL (
    -- Nothing restored yet, or never: the copy that was identified last.
    SELECT coalesce(
        r.identified -> used.which, r.identified -> 'second', r.identified -> 'first'
    ) AS identified
) AS copy
LEFT JOIN respaldo.fm007 form ON form.run_key = r.request_key
LEFT JOIN respaldo.fm007 safety ON safety.run_key = r.safety_backup
LEFT JOIN respaldo.fm007 unscheduled ON unscheduled.run_key = r.unscheduled_backup
LEFT JOIN respaldo.fm007 rerun ON rerun.run_key = r.rerun
LEFT JOIN respaldo.term analysis ON analysis.vocabulary = 'analysis' AND analysis.code = r.analysis
LEFT JOIN respaldo.term authorization_name
    ON authorization_name.vocabulary = 'decision' AND authorization_name.code = decided.authorized ->> 'option'
LEFT JOIN respaldo.term accept_name
    ON accept_name.vocabulary = 'decision' AND accept_name.code = r.decisions #>> '{accept,option}'
LEFT JOIN respaldo.term second_accept_name
    ON second_accept_name.vocabulary = 'decision'
    AND second_accept_name.code = r.decisions #>> '{second_accept,option}'
LEFT JOIN respaldo.term destination
    ON destination.vocabulary = 'destination' AND destination.code = r.destination_kind
LEFT JOIN respaldo.term overwrite ON overwrite.vocabulary = 'overwrite' AND overwrite.code = r.overwrite
LEFT JOIN respaldo.term state ON state.vocabulary = 'request_state' AND state.code = r.state
LEFT JOIN respaldo.term outcome ON outcome.vocabulary = 'outcome' AND outcome.code = r.outcome
LEFT JOIN respaldo.term which ON which.vocabulary = 'which' AND which.code = used.which
LEFT JOIN respaldo.term first_state
    ON first_state.vocabulary = 'copy_state' AND first_state.code = r.findings #>> '{first,state}'
LEFT JOIN respaldo.term second_state
    ON second_state.vocabulary = 'copy_state' AND second_state.code = r.findings #>> '{second,state}'
LEFT JOIN respaldo.term failed_step ON failed_step.vocabulary = 'step' AND failed_step.code = r.failed_step
LEFT JOIN respaldo.term informed_by
    ON informed_by.vocabulary = 'informed_by' AND informed_by.code = r.informed_by;

COMMENT ON VIEW reportes.restauraciones IS 'Requerimientos de restauración (actividades 17 a 26): una fila por cada requerimiento.';
COMMENT ON COLUMN reportes.restauraciones.numero IS 'Número del requerimiento.';
COMMENT ON COLUMN reportes.restauraciones.numero_fm007 IS 'Número del formato TIC-FM007 del requerimiento.';
COMMENT ON COLUMN reportes.restauraciones.alcance_id IS 'Identificador del alcance en la configuración.';
COMMENT ON COLUMN reportes.restauraciones.alcance IS 'De qué alcance se pide restaurar: su nombre.';
COMMENT ON COLUMN reportes.restauraciones.solicitante IS 'Quién lo solicita.';
COMMENT ON COLUMN reportes.restauraciones.correo IS 'Correo del solicitante.';
COMMENT ON COLUMN reportes.restauraciones.dependencia IS 'Dependencia del solicitante.';
COMMENT ON COLUMN reportes.restauraciones.caso IS 'Número del caso en la mesa de ayuda.';
COMMENT ON COLUMN reportes.restauraciones.que_paso IS 'Qué pasó, en palabras del solicitante.';
COMMENT ON COLUMN reportes.restauraciones.pedido_por IS 'Usuario de Airflow que envió el formulario.';
COMMENT ON COLUMN reportes.restauraciones.fecha IS 'Fecha y hora del requerimiento.';
COMMENT ON COLUMN reportes.restauraciones.analisis IS 'A qué corresponde el requerimiento (actividad 18).';
COMMENT ON COLUMN reportes.restauraciones.analizo IS 'Quién lo analizó (actividad 17).';
COMMENT ON COLUMN reportes.restauraciones.analizo_fecha IS 'Fecha y hora del análisis.';
COMMENT ON COLUMN reportes.restauraciones.nota_analisis IS 'Nota de quien lo analizó.';
COMMENT ON COLUMN reportes.restauraciones.autorizacion IS 'Si se autorizó sobrescribir datos en uso; vacía si no hacía falta.';
COMMENT ON COLUMN reportes.restauraciones.autorizo IS 'Quién decidió sobre la autorización.';
COMMENT ON COLUMN reportes.restauraciones.autorizo_fecha IS 'Fecha y hora de esa decisión.';
COMMENT ON COLUMN reportes.restauraciones.nota_autorizacion IS 'Nota de quien decidió.';
COMMENT ON COLUMN reportes.restauraciones.aceptacion IS 'Si lo restaurado de la primera copia cumple con lo pedido (actividad 23).';
COMMENT ON COLUMN reportes.restauraciones.acepto IS 'Quién registró la respuesta del solicitante.';
COMMENT ON COLUMN reportes.restauraciones.acepto_fecha IS 'Fecha y hora de la respuesta.';
COMMENT ON COLUMN reportes.restauraciones.nota_aceptacion IS 'Por qué satisface o no.';
COMMENT ON COLUMN reportes.restauraciones.segunda_aceptacion IS 'Si lo restaurado de la segunda copia cumple con lo pedido (actividades 23 y 24).';
COMMENT ON COLUMN reportes.restauraciones.segunda_acepto IS 'Quién registró la respuesta sobre la segunda copia.';
COMMENT ON COLUMN reportes.restauraciones.segunda_acepto_fecha IS 'Fecha y hora de esa respuesta.';
COMMENT ON COLUMN reportes.restauraciones.nota_segunda_aceptacion IS 'Por qué satisface o no la segunda copia.';
COMMENT ON COLUMN reportes.restauraciones.que_se_pidio IS 'Qué se pidió restaurar: archivos, bases de datos, esquemas, tablas o todo.';
COMMENT ON COLUMN reportes.restauraciones.momento IS 'Momento al que se pidió volver: la copia más reciente que no sea posterior.';
COMMENT ON COLUMN reportes.restauraciones.copia_pedida IS 'Identificador de la copia que se pidió, si se pidió una.';
COMMENT ON COLUMN reportes.restauraciones.destino IS 'Dónde se pidió dejarlo.';
COMMENT ON COLUMN reportes.restauraciones.lo_existente IS 'Qué se pidió hacer con los archivos que ya existen en el destino.';
COMMENT ON COLUMN reportes.restauraciones.estado IS 'En qué va el requerimiento.';
COMMENT ON COLUMN reportes.restauraciones.resultado IS 'Cómo terminó; vacío mientras está abierto.';
COMMENT ON COLUMN reportes.restauraciones.copia_usada IS 'Copia de la que se restauró por última vez: primera o segunda; vacía si no se restauró.';
COMMENT ON COLUMN reportes.restauraciones.repositorio IS 'Repositorio de la copia usada o, si no se restauró, de la última identificada.';
COMMENT ON COLUMN reportes.restauraciones.copia IS 'Identificadores de esa copia en el repositorio.';
COMMENT ON COLUMN reportes.restauraciones.copia_fecha IS 'Fecha y hora de esa copia.';
COMMENT ON COLUMN reportes.restauraciones.copia_fm007 IS 'Número del formato TIC-FM007 de esa copia.';
COMMENT ON COLUMN reportes.restauraciones.primera_copia_estado IS 'Estado de la primera copia (actividad 20).';
COMMENT ON COLUMN reportes.restauraciones.segunda_copia_estado IS 'Estado de la segunda copia (actividades 20 y 24).';
COMMENT ON COLUMN reportes.restauraciones.archivos IS 'Cantidad de archivos restaurados.';
COMMENT ON COLUMN reportes.restauraciones.tamano_bytes IS 'Tamaño de lo restaurado, en bytes.';
COMMENT ON COLUMN reportes.restauraciones.entregado_en IS 'Carpetas o bases de datos en las que quedó.';
COMMENT ON COLUMN reportes.restauraciones.verificacion IS 'Cómo se verificó lo restaurado (actividad 22).';
COMMENT ON COLUMN reportes.restauraciones.inicio IS 'Fecha y hora en que empezó el trabajo de restauración.';
COMMENT ON COLUMN reportes.restauraciones.entregado IS 'Fecha y hora en que quedó restaurado y verificado.';
COMMENT ON COLUMN reportes.restauraciones.cierre IS 'Fecha y hora de cierre del requerimiento.';
COMMENT ON COLUMN reportes.restauraciones.tiempo_de_respuesta IS 'Tiempo entre el requerimiento y la entrega, con las esperas por personas.';
COMMENT ON COLUMN reportes.restauraciones.tiempo_de_restauracion IS 'Tiempo de máquina para identificar, comprobar y restaurar, sin esperas por personas.';
COMMENT ON COLUMN reportes.restauraciones.rto IS 'Objetivo de tiempo de recuperación del alcance: plazo máximo para restaurar.';
COMMENT ON COLUMN reportes.restauraciones.cumple_rto IS 'Si el tiempo de respuesta no pasó del RTO; vacío si no se entregó nada.';
COMMENT ON COLUMN reportes.restauraciones.copia_de_resguardo IS 'Número del formato TIC-FM007 de la copia hecha antes de sobrescribir datos en uso.';
COMMENT ON COLUMN reportes.restauraciones.copia_no_programada IS 'Número del formato TIC-FM007 de la copia no programada (actividad 21).';
COMMENT ON COLUMN reportes.restauraciones.nueva_copia IS 'Número del formato TIC-FM007 de la copia que reemplaza a la que estaba mala (actividad 15).';
COMMENT ON COLUMN reportes.restauraciones.causa_codigo IS 'Código de la causa de la falla, para agrupar.';
COMMENT ON COLUMN reportes.restauraciones.causa IS 'Causa de la falla.';
COMMENT ON COLUMN reportes.restauraciones.paso_fallido IS 'Paso en el que falló.';
COMMENT ON COLUMN reportes.restauraciones.correctivo IS 'Correctivo aplicado o aconsejado.';
COMMENT ON COLUMN reportes.restauraciones.informado IS 'Fecha y hora en que se informó al solicitante, o se intentó (actividad 25).';
COMMENT ON COLUMN reportes.restauraciones.informado_por IS 'Cómo se le informó, o por qué no.';
COMMENT ON COLUMN reportes.restauraciones.informado_detalle IS 'Dirección usada, o lo que dijo el servidor de correo.';
COMMENT ON COLUMN reportes.restauraciones.mensaje IS 'Texto para el solicitante.';
COMMENT ON COLUMN reportes.restauraciones.dag IS 'DAG de Airflow.';
COMMENT ON COLUMN reportes.restauraciones.ejecucion IS 'Identificador de la ejecución en Airflow.';
COMMENT ON COLUMN reportes.restauraciones.clave IS 'Clave de la ejecución: también es la de su fila en el TIC-FM007.';
