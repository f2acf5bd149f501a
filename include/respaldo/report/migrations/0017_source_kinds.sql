-- Names of the kinds of sources that came after the first ones.

INSERT INTO respaldo.term (vocabulary, code, name) VALUES
    ('source_kind', 'mariadb', 'MariaDB'),
    ('source_kind', 'sqlite', 'SQLite'),
    ('source_kind', 'command', 'Salida de una orden');
