"""The words of the page of causes (docs/failures.md) around what the tree of errors says itself."""

from __future__ import annotations

TITLE = "# Las fallas y lo que las corrige"
INTRODUCTION = (
    "Todo lo que puede salir mal con una copia o con un requerimiento, una fila por causa. La primera frase de la columna "
    "«Causa» del TIC-FM007 es uno de estos nombres. Lo que se reintenta se intenta de nuevo sin que nadie haga nada, cada vez "
    "con el doble de espera. Lo que Respaldo aplica queda escrito en la fila de la ejecución. Cada causa tiene un caso que la "
    "produce de verdad: los de `tests/faults` son la campaña de fallas, que corre con `make faults`. Este archivo lo hace "
    "`scripts/failures-page`: no se edita."
)
HEADINGS = (
    "| Causa | Qué significa | ¿Se reintenta? | Correctivo usual | ¿Lo aplica Respaldo? | Caso que lo demuestra |\n"
    "|---|---|---|---|---|---|"
)
ROW = "| {title} | {meaning} | {retried} | {corrective} | {applied} | [{case}](../{file}) |"
YES = "sí"
NO = "no"
APPLIED = {
    "unlock": "sí: retira el bloqueo de un proceso muerto y sigue",
    "new_cache": "sí: empieza una caché nueva y sigue",
    "prune": "en parte: retira lo que dejó la copia que no cupo; el espacio lo da una persona",
    "repair": "sí: repara el repositorio y vuelve a copiar lo que la fuente todavía tenga",
    "rerun": "sí: ejecuta el alcance de nuevo, una vez",
}
