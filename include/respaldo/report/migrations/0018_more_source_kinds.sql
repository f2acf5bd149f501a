-- Names of the kinds of sources that came with machines over SSH and whole servers, and of how they are verified.

INSERT INTO respaldo.term (vocabulary, code, name) VALUES
    ('source_kind', 'barman', 'PostgreSQL con Barman'),
    ('source_kind', 'tar', 'Archivos con tar'),
    ('method', 'archive', 'Copia base y WAL');
