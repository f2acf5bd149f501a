-- Rows that are a function of :seed alone, about 30 MB.

INSERT INTO rentas.contribuyentes (documento, nombre, correo, datos)
SELECT
    (10000000 + n * 7)::text,
    (ARRAY['María Peña', 'José Núñez', 'Ángela Ibáñez', 'Óscar Güiza', 'Inés Muñoz'])[1 + n % 5] || ' ' || n,
    CASE WHEN n % 3 = 0 THEN 'persona' || n || '@ejemplo.gov.co' END,
    jsonb_build_object('estrato', 1 + n % 6, 'nota', md5(:'seed' || 'nota' || n))
FROM generate_series(1, 4000) AS n;

INSERT INTO rentas.predios (codigo, contribuyente_id, direccion, barrio, destino, avaluo, foto)
SELECT
    '0104-' || lpad(n::text, 6, '0'),
    1 + n % 4000,
    'Carrera ' || n % 90 || ' N.º ' || n % 120 || '-' || n % 99,
    (ARRAY['Centro', 'La Peña', 'San José', 'El Albán', E'Villa «Nueva»\nEtapa II'])[1 + n % 5],
    (enum_range(NULL::rentas.destino))[1 + n % 4],
    1000000 + n * 1234.56,
    CASE WHEN n % 20 = 0 THEN decode(repeat(md5(:'seed' || 'foto' || n), 400), 'hex') END
FROM generate_series(1, 6000) AS n;

INSERT INTO rentas.pagos (codigo, vigencia, valor, pagado_en, concepto)
SELECT
    '0104-' || lpad((1 + n % 6000)::text, 6, '0'),
    2010 + n % 16,
    50000 + n % 900000,
    timestamptz '2010-01-02 08:00-05' + n * interval '73 minutes',
    'Impuesto predial, referencia ' || md5(:'seed' || 'pago' || n)
FROM generate_series(1, 120000) AS n;

-- Large objects whose content does not repeat, as scanned drawings are: 8 of 1 MiB.
SELECT count(lo_from_bytea(900000 + plano, contenido))
FROM (
    SELECT plano, string_agg(decode(md5(:'seed' || plano || '/' || n), 'hex'), '' ORDER BY n) AS contenido
    FROM generate_series(1, 8) AS plano, generate_series(1, 65536) AS n
    GROUP BY plano
) AS planos;
UPDATE rentas.predios SET plano = 900000 + right(codigo, 6)::integer WHERE right(codigo, 6)::integer <= 8;
GRANT SELECT ON LARGE OBJECT 900001 TO erp_consulta;

ANALYZE;
