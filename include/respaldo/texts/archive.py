"""What people read of the archive of the form (activity 26)."""

from __future__ import annotations

from respaldo.texts.cause import Cause

TAG = "archivo"
DAG_TITLE = "Archivo del formato TIC-FM007"
DAG_DESCRIPTION = "Archiva el TIC-FM007 de cada mes como hoja de cálculo y PDF/A: actividad 26."
DAG_DOC = """\
## Archivo magnético del formato (actividad 26)

El día 1 de cada mes a las 3:00 archiva el TIC-FM007 del mes anterior. Para otro periodo, lo ejecuta **{keepers}** con
el botón *Trigger* y su formulario: las dos fechas; sin ellas, el mes anterior.

Antes de archivar se verifica todo el historial del formato. Los documentos quedan en la carpeta `{folder}`, en una por
año y dentro una por cada versión: hoja de cálculo (XLSX), PDF/A-2b, su registro (JSON) y sus sumas (`SHA256SUMS`). El
alcance `archivo_fm007` copia esa carpeta.

**Un periodo archivado no se reescribe.** Si hay que corregirlo, ejecute de nuevo el mismo periodo y escriba por qué:
queda una versión nueva que nombra a la anterior, y la anterior se conserva.

**Si la ejecución queda en rojo** no se archivó nada; el registro de la tarea dice por qué. Corrija y ejecútela de nuevo.

Lo archivado está en la vista `reportes.archivo`. Se avisa a {informed}.
"""
TASK_TITLES = {
    "collect": "26 · Verificar el historial y escribir los documentos",
    "record": "26 · Registrar y avisar",
}
PARAMS = {
    "since": ("Desde", "Primer día del periodo. Sin fechas: el mes anterior completo."),
    "until": ("Hasta", "Último día del periodo, incluido."),
    "reason": (
        "Motivo de la nueva versión",
        "Solo si el periodo ya está archivado: qué se corrige y por qué. La versión anterior se conserva.",
    ),
}
"""Title and description of each field of the form."""

READ_ME_NAME = "LEAME.txt"
READ_ME = """\
Archivo magnético del formato TIC-FM007 (procedimiento TIC-PR009, actividad 26).

Lo escribe la ejecución «fm007_archive» de Respaldo: una carpeta por año y, dentro, una por cada versión de un periodo.
No modifique ni borre nada: una corrección es una versión nueva.

Para comprobar que los documentos son los que se archivaron, en la carpeta de una versión:

    sha256sum --check SHA256SUMS
"""

ARCHIVED = "Archivado en %s: %d filas, huella del historial %s"
REASON_NOT_NEEDED = "El periodo no estaba archivado: es su primera versión y el motivo no se guarda."
SKIPPED = "No se archiva de nuevo: {told}"
WAS_EARLY = "La versión {version} se archivó antes de que terminara el periodo."
NOTHING_YET = "No se archiva {period}: el formato empezó después."
RECORDED = "Registrada la versión %d de %s"
NOBODY = "nadie"

ARCHIVED_SUBJECT = "Archivado el TIC-FM007: {period}, versión {version}"
ARCHIVED_TEXT = """\
Quedó archivado el formato TIC-FM007, {period}.

Versión: {version}
Ejecuciones: {rows}
Carpeta: {folder}
Huella del historial: {head}
{to_do}"""
STILL_GOING = (
    "Ejecuciones del periodo que aún no terminan: {count}. En el documento están «En curso» o «Programada»; cuando "
    "terminen, archive el periodo otra vez, con ese motivo."
)
MISSING = "Meses sin archivar: {months}. Archívelos con las fechas de cada uno."
NOT_ARCHIVED_SUBJECT = "No se pudo archivar el TIC-FM007: {period}"
NOT_ARCHIVED_TEXT = """\
No se archivó el formato TIC-FM007, {period}: no se escribió nada.

{told}

Cuando esté corregido, ejecute «Archivo del formato TIC-FM007» con las fechas del periodo.
"""

PERIOD_PROBLEMS = {
    "reversed": "el último día ({last}) es anterior al primero ({first})",
    "future": "comienza el {first}, que aún no llega",
    "half": "escriba las dos fechas, o ninguna",
    "endless": "el último día ({last}) no puede ser: revise el año",
}

CAUSES: dict[str, Cause] = {
    "archive": Cause(
        "No se pudo archivar",
        "El formato de un periodo no se pudo archivar.",
        "",
        "Revise el registro de la tarea.",
    ),
    "invalid_period": Cause(
        "Periodo inválido",
        "Las fechas no forman un periodo del que haya formato.",
        "El periodo no puede ser: {problem}.",
        "Corrija las fechas y ejecute de nuevo.",
    ),
    "already_archived": Cause(
        "El periodo ya está archivado",
        "Un periodo archivado no se reescribe.",
        "{period} ya está archivado: versión {version}, del {at}, en «{folder}».",
        "Si hay que corregirlo, ejecute de nuevo con el motivo de la nueva versión.",
    ),
    "archive_not_allowed": Cause(
        "Sin permiso para archivar",
        "Quien lo pidió no tiene un rol que archive el formato.",
        "«{user}» no tiene un rol que archive el formato.",
        "Lo ejecuta {keepers}.",
    ),
    "archive_busy": Cause(
        "Otro archivo está en curso",
        "Otra ejecución está archivando en este momento.",
        "Otra ejecución está archivando en «{folder}».",
        "Se intenta de nuevo.",
    ),
    "archive_full": Cause(
        "Sin espacio para archivar",
        "En la carpeta del archivo no hay espacio para los documentos.",
        "No hay espacio en «{folder}». No se escribió nada.",
        "Libere espacio, o amplíe el disco o la cuota, y ejecute de nuevo.",
    ),
    "archive_folder": Cause(
        "No se puede usar la carpeta del archivo",
        "La carpeta del archivo no existe y no se puede crear, o no se puede escribir en ella.",
        "No se puede escribir en «{folder}»: {reason}. No se escribió nada.",
        "Corrija los permisos o monte el disco, revise «archive.folder» en organization.yaml, y ejecute de nuevo.",
    ),
    "archive_damaged": Cause(
        "Archivo alterado",
        "Un documento archivado falta, o no es el que se archivó.",
        "No es lo que se archivó: {path} ({reason}).",
        "Restaure la carpeta con el alcance archivo_fm007 y averigüe quién la cambió; después ejecute de nuevo.",
    ),
}
"""Why the form is not archived: by the codes of ``respaldo.domain.archive_errors``."""

UNEXPECTED = "Falló el programa o la máquina ({error}): el registro de la tarea lo dice."
HISTORY_ALTERED = (
    "No se archiva un formato cuyo historial fue alterado. Averigüe quién lo hizo y cuándo, conserve la base de datos como "
    "está y restáurela de una copia anterior a la alteración; `respaldo verify-log` dice cuándo está íntegro."
)
