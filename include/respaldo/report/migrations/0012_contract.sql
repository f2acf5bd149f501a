-- Contracts (activities 4 and 5): one row a term of a contract, and what analysts read of them.

CREATE TABLE respaldo.contract (
    contract_key text PRIMARY KEY,
    number text NOT NULL CHECK (number <> ''),
    valid_until date NOT NULL,

    scopes text[] NOT NULL DEFAULT '{}',
    on_lapse text CHECK (on_lapse IN ('continue', 'block')),
    warns_from date,
    timezone text,

    valid_from date CHECK (valid_from <= valid_until),
    subject text,
    document text,
    replaces text,
    registered_by text,
    registered_at timestamptz,
    note text,

    declined_by text,
    declined_at timestamptz,
    declined_note text,

    asked_at timestamptz,
    warned_at timestamptz,
    notices jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(notices) = 'object'),
    respaldo_version text,
    updated_at timestamptz NOT NULL,

    UNIQUE (number, valid_until)
);
CREATE INDEX contract_replaces ON respaldo.contract (replaces) WHERE replaces IS NOT NULL;

COMMENT ON TABLE respaldo.contract IS 'Contracts (activities 4, 5): one row a term, as the scopes'' files have them and as the director renewed them. A renewal is a new row; what was registered or declined never changes and no row goes.';
COMMENT ON COLUMN respaldo.contract.contract_key IS 'Key of the term: 16 hexadecimal digits made of its number and its last day.';
COMMENT ON COLUMN respaldo.contract.number IS 'Number of the contract. An extension keeps it and is another row.';
COMMENT ON COLUMN respaldo.contract.valid_until IS 'Its last day, in the organization''s time zone.';
COMMENT ON COLUMN respaldo.contract.scopes IS 'Ids of the scopes whose copies are made under it now. Empty for one that was replaced, or that no file leads to.';
COMMENT ON COLUMN respaldo.contract.on_lapse IS 'What happens when it has lapsed: continue, or block where one of its scopes says so.';
COMMENT ON COLUMN respaldo.contract.warns_from IS 'First day on which it is lapsing: the earliest of its scopes.';
COMMENT ON COLUMN respaldo.contract.timezone IS 'The organization''s time zone, in which its days begin.';
COMMENT ON COLUMN respaldo.contract.valid_from IS 'Its first day. Null for one that is known from a file only.';
COMMENT ON COLUMN respaldo.contract.subject IS 'What is contracted.';
COMMENT ON COLUMN respaldo.contract.document IS 'Reference of its document in the entity''s records.';
COMMENT ON COLUMN respaldo.contract.replaces IS 'Number of the contract before it; its own for an extension. Null for one that is known from a file only.';
COMMENT ON COLUMN respaldo.contract.registered_by IS 'Who registered the renewal.';
COMMENT ON COLUMN respaldo.contract.registered_at IS 'When it was registered.';
COMMENT ON COLUMN respaldo.contract.note IS 'Note of who registered it.';
COMMENT ON COLUMN respaldo.contract.declined_by IS 'Who decided that it will not be renewed.';
COMMENT ON COLUMN respaldo.contract.declined_at IS 'When that was decided.';
COMMENT ON COLUMN respaldo.contract.declined_note IS 'Why it will not be renewed.';
COMMENT ON COLUMN respaldo.contract.asked_at IS 'When the question of its renewal was last put. Null when it never was, and after it became pointless.';
COMMENT ON COLUMN respaldo.contract.warned_at IS 'When the people were warned that it is about to lapse.';
COMMENT ON COLUMN respaldo.contract.notices IS 'What became of each notice, by its kind.';
COMMENT ON COLUMN respaldo.contract.respaldo_version IS 'Version of this program.';
COMMENT ON COLUMN respaldo.contract.updated_at IS 'When the newest fact in this row was stated. An older fact that comes out of a spool only fills what is still unknown.';

CREATE FUNCTION respaldo.keep_contract() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- What people state: once it is there, it stays.
    kept CONSTANT text[] := ARRAY['contract_key', 'number', 'valid_until', 'valid_from', 'subject', 'document',
        'replaces', 'registered_by', 'registered_at', 'note', 'declined_by', 'declined_at', 'declined_note'];
    before CONSTANT jsonb := to_jsonb(OLD);
    after CONSTANT jsonb := to_jsonb(NEW);
    name text;
BEGIN
    FOREACH name IN ARRAY kept LOOP
        IF before -> name <> 'null' AND before -> name <> after -> name THEN
            -- Bad data to its writer, not a database that is away: such a fact must not wait for ever.
            RAISE EXCEPTION 'the % of contract % never changes: a renewal is a new row', name, OLD.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION respaldo.keep_contract() IS 'Refuses to change what was registered or declined of a contract.';
REVOKE ALL ON FUNCTION respaldo.keep_contract() FROM PUBLIC;

CREATE TRIGGER keep_contract BEFORE UPDATE ON respaldo.contract
    FOR EACH ROW EXECUTE FUNCTION respaldo.keep_contract();
CREATE TRIGGER refuse_removal BEFORE DELETE OR TRUNCATE ON respaldo.contract
    FOR EACH STATEMENT EXECUTE FUNCTION respaldo.refuse_change();

INSERT INTO respaldo.term (vocabulary, code, name) VALUES
    ('contract_today', 'not_begun', 'Por comenzar'),
    ('contract_today', 'valid', 'Vigente'),
    ('contract_today', 'lapsing', 'Por vencer'),
    ('contract_today', 'lapsed', 'Vencido'),
    ('on_lapse', 'continue', 'Se sigue copiando, y se dice'),
    ('on_lapse', 'block', 'No se copia hasta que se renueve');

CREATE VIEW reportes.contratos AS
SELECT
    c.number AS numero,
    c.subject AS objeto,
    c.valid_from AS vigente_desde,
    c.valid_until AS vigente_hasta,
    c.document AS documento,
    state.name AS estado,
    c.valid_until - today.day AS dias_restantes,
    c.scopes AS alcances,
    on_lapse.name AS al_vencer,
    c.replaces AS reemplaza,
    (
        SELECT next.number
        FROM respaldo.contract next
        WHERE next.replaces = c.number AND next.valid_until > c.valid_until
        ORDER BY next.valid_until
        LIMIT 1
    ) AS reemplazado_por,
    c.registered_by AS registrado_por,
    c.registered_at AS registrado,
    c.note AS nota,
    c.declined_by AS no_renovado_por,
    c.declined_at AS no_renovado,
    c.declined_note AS motivo_no_renovado,
    c.warned_at AS avisado,
    c.asked_at AS preguntado,
    c.contract_key AS clave
FROM respaldo.contract c
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE coalesce(c.timezone, current_setting('TimeZone')))::date AS day) AS today
LEFT JOIN respaldo.term state ON state.vocabulary = 'contract_today' AND state.code = CASE
    WHEN c.valid_until < today.day THEN 'lapsed'
    WHEN c.valid_from > today.day THEN 'not_begun'
    WHEN c.warns_from <= today.day THEN 'lapsing'
    ELSE 'valid'
END
LEFT JOIN respaldo.term on_lapse ON on_lapse.vocabulary = 'on_lapse' AND on_lapse.code = c.on_lapse;

COMMENT ON VIEW reportes.contratos IS 'Contratos con los que se hacen las copias (actividades 4 y 5): una fila por cada vigencia; una renovación es otra fila.';
COMMENT ON COLUMN reportes.contratos.numero IS 'Número del contrato. Una prórroga conserva el número.';
COMMENT ON COLUMN reportes.contratos.objeto IS 'Qué se contrata.';
COMMENT ON COLUMN reportes.contratos.vigente_desde IS 'Primer día; vacío si solo se conoce por la configuración de un alcance.';
COMMENT ON COLUMN reportes.contratos.vigente_hasta IS 'Último día.';
COMMENT ON COLUMN reportes.contratos.documento IS 'Referencia del documento en los registros de la entidad.';
COMMENT ON COLUMN reportes.contratos.estado IS 'Estado hoy: por comenzar, vigente, por vencer o vencido.';
COMMENT ON COLUMN reportes.contratos.dias_restantes IS 'Días que faltan hasta el último; negativo si ya pasó.';
COMMENT ON COLUMN reportes.contratos.alcances IS 'Alcances cuyas copias se hacen hoy con él; vacío si ya fue reemplazado o ningún alcance lo nombra.';
COMMENT ON COLUMN reportes.contratos.al_vencer IS 'Qué pasa con las copias cuando vence.';
COMMENT ON COLUMN reportes.contratos.reemplaza IS 'Número del contrato anterior; el mismo si es una prórroga.';
COMMENT ON COLUMN reportes.contratos.reemplazado_por IS 'Número del contrato que lo renovó.';
COMMENT ON COLUMN reportes.contratos.registrado_por IS 'Quién registró la renovación.';
COMMENT ON COLUMN reportes.contratos.registrado IS 'Fecha y hora en que la registró.';
COMMENT ON COLUMN reportes.contratos.nota IS 'Nota de quien la registró.';
COMMENT ON COLUMN reportes.contratos.no_renovado_por IS 'Quién decidió que no se renueva.';
COMMENT ON COLUMN reportes.contratos.no_renovado IS 'Fecha y hora de esa decisión.';
COMMENT ON COLUMN reportes.contratos.motivo_no_renovado IS 'Por qué no se renueva.';
COMMENT ON COLUMN reportes.contratos.avisado IS 'Fecha y hora en que se avisó que está por vencer.';
COMMENT ON COLUMN reportes.contratos.preguntado IS 'Fecha y hora en que se preguntó por última vez por su renovación.';
COMMENT ON COLUMN reportes.contratos.clave IS 'Clave de la vigencia.';
