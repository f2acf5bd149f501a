"""What people read of a restore request: its form, its decisions, its tasks."""

from __future__ import annotations

DAG_TITLE = "Requerimiento de restauración"
DESCRIPTION = "Atiende un requerimiento de la mesa de ayuda: actividades 17 a 26 del procedimiento TIC-PR009."
TAG = "respaldo"
REQUEST_TAG = "requerimientos"

TASK_TITLES = {
    "register": "Registrar el requerimiento",
    "analyse": "17 · 18 Analizar el requerimiento",
    "identify": "19 · 20 Identificar la copia y su estado",
    "authorize": "Autorizar que se sobrescriba",
    "safety_backup": "Copia de resguardo",
    "safety_backup_result": "Copia de resguardo: resultado",
    "restore": "22 · Restaurar y verificar",
    "accept": "23 · ¿Cumple lo restaurado?",
    "rerun": "15 · Nueva copia del alcance",
    "second_identify": "24 · 19 · 20 Identificar la segunda copia",
    "second_authorize": "24 · Autorizar que se sobrescriba",
    "second_safety_backup": "24 · Copia de resguardo",
    "second_safety_backup_result": "24 · Copia de resguardo: resultado",
    "second_restore": "24 · 22 Restaurar la segunda copia",
    "second_accept": "24 · 23 ¿Cumple lo restaurado?",
    "second_rerun": "24 · 15 Nueva copia del alcance",
    "unscheduled_backup": "21 · Copia no programada",
    "unscheduled_backup_result": "21 · Resultado de la copia",
    "inform": "25 · Informar al solicitante",
    "record": "26 · Registrar en TIC-FM007",
    "watcher": "Resultado",
}
GROUPS = {
    "first_copy": "Primera copia",
    "second_copy": "24 · Segunda copia",
    "backup": "21 · Copia no programada",
}

SECTION_WHAT = "Qué restaurar"
SECTION_WHERE = "A dónde"
PARAMS = {
    "requester": ("Solicitante", "Nombre de quien lo pide."),
    "email": ("Correo del solicitante", "A donde se le informa el resultado (actividad 25)."),
    "department": ("Dependencia", "Oficina del solicitante."),
    "ticket": ("Caso", "Número del caso o del oficio."),
    "what_happened": ("Qué pasó", "Con las palabras del solicitante: qué se perdió, cuándo, qué necesita."),
    "scope": ("Alcance", "De qué copia de seguridad se trata."),
    "paths": (
        "Rutas o patrones",
        "Archivos: una ruta absoluta por línea, o un patrón como *.docx. Vacío: todo.",
    ),
    "databases": ("Bases de datos", "Una por línea. Vacío: todas las del alcance."),
    "schemas": ("Esquemas", "De una base de datos, uno por línea."),
    "tables": ("Tablas", "De una base de datos, una por línea, como esquema.tabla."),
    "moment": (
        "Momento exacto",
        "Solo de un servidor PostgreSQL que guarda Barman: queda como estaba en ese instante. Vacío: como quedó al "
        "final de la copia.",
    ),
    "as_of": (
        "Momento",
        "Se usa la copia más reciente que no sea posterior; la hora es la de la zona que muestra el selector. "
        "Vacío: la última.",
    ),
    "snapshot": ("Copia", "Identificador de una copia (columna «copia» de TIC-FM007), en vez de un momento."),
    "destination": ("Destino", "Una carpeta o base de datos aparte no toca nada de lo que está en uso."),
    "target": ("Carpeta o base de datos", "Ruta absoluta o nombre, si el destino es otro."),
    "overwrite": (
        "Si ya existe",
        "Lo que está en uso solo se toca con autorización de otra persona, después de una copia de resguardo.",
    ),
}
DESTINATIONS = {
    "staging": "Aparte: una carpeta o base de datos nueva",
    "original": "El lugar original",
    "path": "Otra carpeta",
    "database": "Otra base de datos",
}
OVERWRITES = {
    "never": "No reemplazar",
    "if_newer": "Reemplazar si la copia es más nueva (archivos)",
    "always": "Reemplazar",
}

PROBLEMS = {
    "files_only": "el alcance «{scope}» guarda archivos: pida rutas, no bases de datos, esquemas ni tablas",
    "whole_databases": "de MariaDB se piden bases de datos enteras, no tablas",
    "databases_only": "el alcance «{scope}» guarda bases de datos: pida bases de datos o tablas, no rutas",
    "files_to_database": "los archivos se entregan en una carpeta, no en una base de datos",
    "files_to_windows": "a un equipo Windows no se devuelve nada: pida los archivos en la carpeta de entrega",
    "database_to_path": "las bases de datos se entregan en una base de datos, no en una carpeta",
    "pattern_in_place": "en el lugar original, un patrón debe nombrar algo de dentro de lo que se guarda",
    "pattern_invalid": "una de las rutas o patrones está vacía o no se puede escribir así",
    "too_many_paths": "son demasiadas rutas para un solo requerimiento: pida la carpeta, o use un patrón",
    "server_whole": "el alcance «{scope}» guarda un servidor entero: no se piden de él rutas, bases de datos ni tablas",
    "server_to_folder": "un servidor entero se entrega aparte, o en una carpeta vacía; nunca sobre el que está en uso",
    "moment_of_a_server": "un momento exacto solo se pide de un servidor que guarda Barman: de «{scope}», pida la "
    "copia de un momento",
    "overwrite_whole": "lo que se guarda como un solo archivo se reemplaza o no: «si es más nueva» no se le aplica",
    "tar_original": "lo que se copió con tar se entrega en el trabajador, no en su lugar de origen: pida una carpeta",
    "command_original": "la salida de una orden no tiene lugar de origen: pida una carpeta",
    "overwrite_databases": "una base de datos se reemplaza o no: «si es más nueva» es para archivos",
    "one_database": "esquemas, tablas y otra base de datos se piden de una sola base de datos a la vez",
    "moment_and_snapshot": "escriba un momento o una copia, no ambos",
    "target_missing": "este destino necesita la carpeta o la base de datos",
    "target_unused": "este destino no lleva carpeta ni base de datos: déjelo vacío",
    "target_invalid": "el destino tiene un carácter que ningún nombre puede tener",
    "target_too_long": "el nombre de la base de datos es demasiado largo: 63 letras sin tildes, o menos",
    "target_relative": "la carpeta debe ser una ruta absoluta",
    "snapshot_invalid": "la copia se nombra con 8 o más cifras hexadecimales",
    "string_pattern_mismatch": "{field}: no tiene la forma esperada",
    "string_too_short": "{field}: no puede estar vacío",
    "missing": "{field}: falta",
    "extra_forbidden": "{field}: no hay un campo con ese nombre",
    "queue": "este paso no llegó al trabajador del alcance «{scope}» (queue): límpielo (Clear) y Airflow lo envía al que "
    "hoy le corresponde; si vuelve aquí, reinstale Respaldo en los programas de Airflow y reinícielos",
    "scope": "no hay un alcance «{scope}»",
}
"""By the codes of `respaldo.domain.requests`, of the kinds of sources, and of pydantic."""
OTHER_PROBLEM = "{field}: valor inválido"

ANALYSES = {
    "restoration": "Es una restauración",
    "unscheduled_backup": "Es una copia no programada",
    "not_applicable": "No corresponde",
}
AUTHORIZATIONS = {"authorized": "Autorizar", "refused": "No autorizar"}
ACCEPTANCES = {"satisfies": "Sí cumple", "does_not": "No cumple"}

ANSWER_PARAMS = {
    "note": ("Nota", "Por qué. Queda en el registro y se le informa al solicitante."),
    "snapshot": ("Otra copia", "Identificador de otra de las copias de la tabla, si conviene más."),
}
ANALYSE_SUBJECT = "Analizar el requerimiento de {requester}"
AUTHORIZE_SUBJECT = "Autorizar que se sobrescriban datos vivos"
ACCEPT_SUBJECT = "¿Lo restaurado cumple lo que pidió {requester}?"

REQUEST_BODY = """\
| | |
|---|---|
| Solicitante | {requester} ({department}) |
| Caso | {ticket} |
| Qué pasó | {what_happened} |
| Alcance | {scope} |
| Qué restaurar | {wanted} |
| Momento | {moment} |
| Destino | {destination} |
| Si ya existe | {overwrite} |
"""
ANALYSE_BODY = """\
{request}
**Copias verificadas más cercanas a ese momento** (la primera es la que se usaría):

| N.º | Fecha | Estado | Tamaño | Archivos | Copia | Segunda copia |
|---|---|---|---|---|---|---|
{copies}

Decida si corresponde a una restauración (actividad 18). Si no corresponde, la nota es obligatoria: dice al
solicitante por qué. Sin ella, esta pregunta vuelve a aparecer.
"""
COPY_ROW = "| {number} | {taken_at} | {state} | {size} | {files} | `{first}` | {second} |"
NO_COPIES = "| – | No hay copias verificadas de ese momento | | | | | |"
COPIES_UNKNOWN = "| – | El reporte no está disponible: no se sabe qué copias hay | | | | | |"
NO_SECOND = "no hay"

AUTHORIZE_BODY = """\
{request}
La restauración **reemplazaría datos en uso**: {touches}

La copia N.º {number}, del {taken_at}, se leyó completa y está en buen estado. Si se autoriza, primero se hace y se
verifica una copia de resguardo de lo que hay ahora. Lo pidió {asked_by}; debe autorizarlo otra persona.
"""
ACCEPT_BODY = """\
{request}
**Restaurado** de la {which} copia (N.º {number}, del {taken_at}): {files} archivos, {size}.

**Dónde:** {where}

**Cómo se verificó:** {evidence}
{kept}
Pregunte al solicitante si cumple lo que pidió y escriba su respuesta. Si no cumple, se restaura la segunda copia.
"""
KEPT = "\n**Lo que había antes** se conserva como: {names}\n"
WHICH = {"first": "primera", "second": "segunda"}
EVERYTHING = "todo"
AS_OF_A_MOMENT = "el servidor entero, como estaba el {moment}"
NEWEST = "la copia más reciente"
NOTHING = "–"
AUTOMATIC = "Respaldo (análisis automático)"
NOBODY = "–"
DECIDES = {
    "analyse": "analizar el requerimiento",
    "authorize": "autorizar que se sobrescriba",
    "accept": "aceptar lo restaurado",
}

BACKUP_REASONS = {
    "safety_backup": "Copia de resguardo antes de restaurar sobre datos vivos",
    "unscheduled_backup": "Copia no programada por requerimiento",
    "rerun": "La copia N.º {number} no está en buen estado",
}

REGISTERED = "Requerimiento registrado. Espera el análisis de: %s"
IDENTIFIED = "La %s copia, N.º %d del %s en «%s»: contiene lo pedido (%d archivos, %s)"
NOT_GOOD = "La %s copia no sirve: %s"
RESTORED = "Restaurado en %s: %d archivos, %s"
EVIDENCE = "Verificado: %s"
DECIDED = "Decisión: %s, de %s. Nota: %s"
BACKUP_BEGUN = "Ejecución de %s: %s"
BACKUP_DONE = "La ejecución %s de %s terminó en estado «%s»"
CLOSED = "Requerimiento cerrado: %s"
NOT_SENT = "No se envió el correo (%s). El texto queda en el requerimiento y aquí:\n%s"
NOT_SENT_WHY = {
    "not_configured": "no hay servidor de correo: falta la conexión smtp_default",
    "no_address": "el requerimiento no trae correo",
    "failed": "{detail}",
}
SENT = "Se informó a %s"

WATCHED = "El requerimiento no terminó bien: {outcome}. Fallaron: {steps}"

DOC = """
### Requerimiento de restauración

Atiende lo que llega de la mesa de ayuda (actividades 17 a 26). Botón ▶: llene el formulario. Luego espera, sin ocupar
un trabajador, a que respondan las personas en **Acciones requeridas**:

| Decisión | Quién | Qué responde |
|---|---|---|
| Analizar (17, 18) | {analyst} | restauración, copia no programada, o no corresponde |
| Autorizar, solo si se sobrescribe algo en uso | {authorizers}; nunca quien lo pidió | autorizar o no |
| Aceptar (23) | {acceptance} | si cumple lo pedido, según el solicitante |

Cada respuesta tiene plazo ({answer_within}). Si nadie responde, no se restaura nada.

**Si la copia no está en buen estado** (20), se ejecuta de nuevo el alcance (15) y se usa la segunda copia (24). Lo mismo
si lo restaurado no cumple. Al final se informa siempre al solicitante (25) y se cierran el requerimiento y su fila
TIC-FM007 (26). Vista para consultas: `reportes.restauraciones`.

**Si está en rojo**, el solicitante no quedó satisfecho o algo falló: la tarea roja dice la causa y el correctivo.
"""
