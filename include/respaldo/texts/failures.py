"""What people read of a failure: its analysis, the decision on it, the watch over all runs."""

from __future__ import annotations

TAG = "fallas"
ANALYSIS_TITLE = "Análisis de una falla"
ANALYSIS_DESCRIPTION = "Analiza una copia que falló y la vuelve a ejecutar: actividades 14 y 15."
WATCH_TITLE = "Vigilancia de las ejecuciones"
WATCH_DESCRIPTION = (
    "Cierra lo que murió sin decir nada, abre los análisis que falten y da por resueltas las fallas."
)

TASK_TITLES = {
    "classify": "14 · Clasificar la falla",
    "decide": "14 · 15 Decidir el correctivo",
    "rerun": "15 · Volver a ejecutar la copia",
    "record": "Registrar el análisis",
    "look": "Revisar las ejecuciones",
    "analyse": "Abrir o terminar análisis",
}

PARAMS = {
    "dag": ("DAG", "El de la copia que falló."),
    "run": ("Ejecución", "La que falló."),
    "scope": ("Alcance", "El de la copia que falló."),
}

CHOICES = {"rerun": "Corregida: volver a ejecutar", "close": "Cerrar sin volver a ejecutar"}
ANSWERS = {
    "corrective": (
        "Correctivo",
        "Qué se hizo, o por qué no hace falta. Es obligatorio y queda en el registro.",
    ),
    "cause": ("Causa", "Solo si es otra que la encontrada."),
    "repair": (
        "Reparar los repositorios",
        "Antes de copiar se leen enteros y se reparan, y se vuelve a leer toda la fuente. Tarda más.",
    ),
    "accept_shrink": (
        "Aceptar que sea mucho menor que la anterior",
        "Solo si se sabe por qué hay menos datos.",
    ),
}

AS_FOUND = "La encontrada"
SUBJECT = "Falló la copia «{name}»: {cause}"
BODY = """\
| | |
|---|---|
| Alcance | {name} ({department}) |
| Ejecución | N.º {number}, del {when} |
| Paso | {step} |
| **Causa** | **{told}** |
| Correctivo usual | {advised} |
| Cuántas veces | {recurrence} |

**Lo que se ve ahora**

{probes}

**Lo que dijo la tarea**

{excerpt}

[Ver la ejecución]({link})

Confirme la causa, o elija otra; corrija lo que haga falta, escriba el correctivo, y decida si se vuelve a ejecutar.
La copia programada de mañana no espera esta decisión: si sale bien, la falla se da por resuelta sola.
"""
EVIDENCE_HEAD = "| Qué | Estado |\n|---|---|"
EVIDENCE_ROW = "| {of} | {told} |"
PROBES = {
    "worker": "Trabajador {name}",
    "space": "Espacio en {name}",
    "source": "Fuente",
    "repository": "Repositorio «{name}»",
}
GOOD = "bien"
WORKER = "carga {load} con {cores} procesadores; memoria libre {free_memory}"
SPACE = "libres {free} de {total}"
PREPARED = "no se miró: la prepara cada copia con sus órdenes previas (pre)"
ELSEWHERE = "no se miró desde aquí: solo lo alcanza el trabajador del alcance (queue)"
NOT_LOOKED = "No se pudo mirar: {told}"
NO_ANSWER = "Algo no respondió en {seconds:.0f} segundos: lo que falta no se miró"
RECURRENCE = "{times} en los últimos 90 días en este alcance ({all} en todos); la última, {last}"
FIRST_TIME = "es la primera en los últimos 90 días en este alcance ({all} en todos)"
EXCERPT_LINE = "- `{line}`"
NO_EXCERPT = "(el registro de la tarea no está en este trabajador: véalo en la ejecución)"
NOTHING = "–"
UNKNOWN_STEP = "–"

AUTOMATIC = "Respaldo"
AUTOMATIC_CORRECTIVES = {
    "repair": "Respaldo repara el repositorio y vuelve a copiar lo que la fuente todavía tiene.",
    "rerun": "Respaldo vuelve a ejecutar la copia una vez.",
}
RERUN_REASON = "Repite la copia N.º {number}, que falló: {cause}. Correctivo: {corrective}"

CLASSIFIED = "Causa: %s"
SUPERSEDED = "Ya hay una copia buena posterior: la falla está resuelta y no hay nada que decidir."
DECIDED = "Decisión: %s, de %s. Correctivo: %s"
RERUN = "Nueva ejecución de %s: %s"
UNFINISHED = "El análisis no terminó: falló {steps}. La falla sigue abierta hasta la siguiente copia buena."
LOST = "La ejecución %s de %s murió sin cerrar su fila (Airflow: %s): se cerró como interrumpida."
RESOLVED = "Fallas resueltas de «%s»: %s, por la ejecución %s"
OPENED = "Se abre el análisis de la ejecución %s de %s"
WATCHED = "Ejecuciones perdidas: %d. Fallas resueltas: %d. Análisis por abrir: %d"
NO_DAG_RUN = "ya no existe"

DECIDES = "decidir sobre la falla"

ANALYSIS_DOC = """
### Análisis de una falla (actividades 14 y 15)

Se abre solo, una vez por cada copia que falló. Muestra la causa, lo que se ve ahora en el trabajador, la fuente y los
repositorios, y cuántas veces ha pasado. Luego espera, sin ocupar un trabajador, la decisión de **{analyst}** en
**Acciones requeridas**: la causa confirmada o corregida, el correctivo que se aplicó, y si se vuelve a ejecutar.

Si Respaldo puede corregirla (un repositorio dañado, una ejecución interrumpida), no pregunta: lo hace una vez y lo anota.

La siguiente copia buena del alcance cierra la falla aunque nadie haya respondido. Plazo: {answer_within}. Vistas para
consultas: `reportes.fallas` y `reportes.fallas_por_causa`. Todas las causas: docs/failures.md.
"""
WATCH_DOC = """
### Vigilancia de las ejecuciones

Cada diez minutos, y después de cada copia buena de un alcance que había fallado: cierra como interrumpidas las
ejecuciones que murieron sin cerrar su fila, abre los análisis que falten, y da por resueltas las fallas que ya tienen
una copia buena posterior.
"""
