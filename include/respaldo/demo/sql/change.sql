-- A day at the counter: rows and a large object that come, change, go, and get another name.

INSERT INTO rentas.pagos (codigo, vigencia, valor, pagado_en, concepto)
SELECT
    codigo,
    2026,
    60000 + n,
    timestamptz '2026-01-02 08:00-05' + n * interval '5 minutes',
    'Pago nuevo, referencia ' || md5(:'seed' || 'nuevo' || n)
FROM (
    SELECT codigo, row_number() OVER (ORDER BY md5(:'seed' || codigo)) AS n
    FROM rentas.predios
) AS sorteados
WHERE n <= 1000;

UPDATE rentas.predios SET avaluo = avaluo * 1.045 WHERE md5(:'seed' || 'avaluo' || codigo) < '08';
DELETE FROM rentas.pagos WHERE md5(:'seed' || 'anulado' || recibo) < '01';
UPDATE rentas.predios SET codigo = '0205' || right(codigo, 7)
WHERE codigo LIKE '0104-%' AND md5(:'seed' || 'sector' || codigo) < '01';

SELECT lo_put(900002, 0, decode(repeat(md5(:'seed'), 4096), 'hex'));
SELECT lo_from_bytea(0, decode(repeat(md5(:'seed' || 'plano nuevo'), 8192), 'hex'));
