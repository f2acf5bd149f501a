"""What operators read of a backup's DAG in the Airflow UI and in its logs."""

from __future__ import annotations

DAG_TITLE = "Copia · {name}"
TASK_TITLES = {
    "plan": "1 · Programar y comprobar",
    "perform": "11 · Realizar la copia",
    "execute": "11 · Ejecutar la copia",
    "inspect": "8 · Leer el registro de la consola",
    "verify": "12 · Verificar la copia",
    "copy": "Segunda copia en la sede alterna",
    "record": "8 · Registrar en TIC-FM007",
    "watcher": "Resultado",
}
INVALID_TITLE = "Alcance inválido · {scope}"
INVALID_TASK = "Corregir la configuración"

TAG = "respaldo"
INVALID_TAG = "alcance-invalido"

PARAMS = {
    "reason": ("Motivo", "Por qué se hace esta copia fuera de lo programado (actividad 21)."),
    "requester": ("Solicitante", "Quién la pide."),
    "ticket": ("Caso", "Número del caso o del oficio."),
    "accept_shrink": (
        "Aceptar que sea mucho menor que la anterior",
        "Solo si se sabe por qué hay menos datos: la copia no se rechazará por su tamaño.",
    ),
    "read_all_data": (
        "Leer todos los datos guardados",
        "La verificación lee todo el repositorio, no una parte: tarda más, y no deja duda de su estado.",
    ),
    "repair": (
        "Reparar los repositorios",
        "Antes de copiar se leen enteros y se reparan, y se vuelve a leer toda la fuente (actividad 15). Tarda más.",
    ),
}
DOC = """
### {name}

**Dependencia:** {department} · **Criticidad:** {criticality} · **Responsable:** {responsible}

| | |
|---|---|
| Qué se copia | `{source}` |
| Primera copia | {first} |
| Segunda copia | {second} |
| Retención | {retention} |
| RPO / RTO | {rpo} / {rto} |

**Qué hace.** Comprueba la fuente (1, 4, 6), hace la copia (7, 11), la lee de vuelta y la compara con la fuente
(12, 13), la lleva a la sede alterna y la registra en el formato TIC-FM007 (8). El registro se escribe siempre;
si algo falla, la ejecución queda en rojo.

**Copia no programada (21).** Botón ▶: escriba motivo, solicitante y caso.

**Si está en rojo.** Abra la tarea roja y lea en su registro las líneas ERROR: dicen la causa y el correctivo usual.
Lo mismo está en la fila de TIC-FM007. La falla abre su **Análisis de una falla**: allí se decide el correctivo (14) y
se vuelve a ejecutar (15). Las copias anteriores no se tocan.
"""
NONE = "sin segunda copia"
PLACE = "{repository} ({site}, {medium})"

CORRECTIVE = "Correctivo usual: %s"
PROGRESS = "%.0f %% · %s de %s · %d de %d archivos%s"
REMAINING = " · faltan %s"
WARNINGS = "No se pudo leer: %s"
MORE_WARNINGS = "… y {count} más; están en el registro de la tarea"
HARMED = (
    "Copias anteriores que quedaron incompletas, porque la fuente ya no tiene lo que perdieron: {snapshots}. Se retiran, "
    "cuando ya no hagan falta, con `restic repair snapshots --forget`"
)
APPLIED = "Correctivo aplicado por Respaldo: %s (%s)"
HOOKS = {"pre": "Orden previa", "post": "Orden posterior"}
HOOK_GOOD = "%s «%s»: bien, en %s s"
HOOK_FAILED = "%s «%s»: FALLÓ, código %d, a los %s s"
POST_FAILED = (
    "REVISE EL SERVICIO: la orden posterior «{name}» falló (código {exit_code}, a los {seconds} s). Lo que debía volver a "
    "encender o retirar puede haber quedado como estaba durante la copia"
)
POST_OWED = (
    "REVISE EL SERVICIO: la orden posterior «{name}» no se pudo ejecutar, porque no se llega al equipo «{host}». Queda "
    "pendiente: se ejecuta en cuanto el equipo responda"
)
POST_PAID_SUBJECT = "Ya se ejecutó lo que estaba pendiente de la copia «{name}»"
POST_PAID_TEXT = """\
El equipo respondió, y se ejecutaron las órdenes posteriores de la copia de seguridad «{name}» ({department}) que estaban pendientes:

{failed}
"""
POST_FAILED_SUBJECT = "Revise el servicio: falló una orden posterior a la copia «{name}»"
POST_FAILED_TEXT = """\
Después de la copia de seguridad «{name}» ({department}), una orden que debía dejar todo como estaba no terminó bien:

{failed}

La copia es otra cosa: si quedó bien, lo dice su ejecución.
"""
HOOKS_LATE = (
    "Se ejecutan ahora las órdenes posteriores que un proceso terminado de golpe no alcanzó a ejecutar"
)
HOOKS_OWED = "Las órdenes posteriores de esta ejecución siguen pendientes: %s"
EXECUTED = "Copia hecha: %d archivos, %s; nuevo en el repositorio: %s. Identificador: %s"
VERIFIED = "Verificado: %s %s: %s"
COPIED = "Segunda copia en «%s»: %s"
RECORDED = "Registrado en TIC-FM007 con estado: %s"
NO_CODE = "–"
NOT_BEGUN = "No se pudo comenzar %s, que vigila o analiza después: %s"
WATCHED = "La copia no terminó bien. Fallaron: {steps}"
