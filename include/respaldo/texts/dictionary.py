"""The words of the data dictionary around what the database says itself."""

from __future__ import annotations

TITLE = "# Diccionario de datos del reporte"
INTRODUCTION = (
    "Lo que hay en la base de datos del reporte, con las explicaciones que ella misma guarda. Analistas y auditores leen "
    "`reportes`; las tablas de `respaldo` las escribe el programa. Este archivo lo hace `scripts/data-dictionary` a partir "
    "de las migraciones: no se edita."
)
RELATION = "## {schema}.{name}"
HEADINGS = "| Columna | Tipo | Qué es |\n|---|---|---|"
COLUMN = "| `{name}` | {type} | {comment} |"
