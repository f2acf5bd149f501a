"""What verification showed, in words: the figures of each way in which a copy or a restoration was looked at."""

from __future__ import annotations

FIGURES = {
    "files": "{} archivos",
    "size_bytes": "{}",
    "skipped": "{} que ya estaban",
    "objects": "{} objetos",
    "tables": "{} tablas",
    "rows": "{} filas",
    "checksums": "{} sumas de control iguales",
    "users": "{} usuarios",
    "large_objects": "{} objetos grandes",
    "left_out": "{} objetos que dependen de lo que no se pidió quedaron fuera",
    "restored": "{} restaurados",
    "equal": "{} iguales a la fuente",
    "changed_since": "{} cambiaron desde entonces",
    "percent": "{} % de los datos",
    "base_backups": "{} copias base",
    "base_backup": "copia base {}",
    "wal_files": "{} segmentos de WAL",
    "last_wal": "el último, {}",
    "moments": "momentos: {}",
}
"""By the names of an evidence's facts; sizes are written as sizes. Other facts are for programs."""

REMARKS = {
    ("owners", "not_restored"): "sin los dueños originales, porque el trabajador no es root",
    ("stated", "equal"): "igual a lo declarado",
}
"""What a fact of a certain value says."""
