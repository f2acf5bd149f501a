"""What people read of media and their labels (activity 16)."""

from __future__ import annotations

TAG = "medios"
DAG_TITLE = "Medios y etiquetas"
DAG_DESCRIPTION = "Anota el registro, la salida, el regreso y la destrucción de los medios: actividad 16."
DAG_DOC = """\
## Medios y etiquetas (actividad 16)

Anota qué pasa con un medio que guarda copias. Lo ejecuta **{keepers}** con **Trigger** y su formulario:

| Movimiento | Qué hay que decir |
|---|---|
| Registrar un medio | Clase y lugar. La etiqueta, solo si el medio ya trae una; si no, se le asigna la siguiente |
| Sale | Etiqueta, a qué lugar va y por qué |
| Regresa | Etiqueta; el lugar, si es otro o nadie lo había anotado |
| Se destruye | Etiqueta, por qué y el acta |

Las copias en repositorios reciben su etiqueta solas, al registrarse la ejecución.

**Si la ejecución queda en rojo** no se anotó nada: el registro de la tarea dice por qué. Corrija y ejecútela de
nuevo.

Los medios, lo que guardan y sus etiquetas para imprimir están en **Navegar → Medios**.
"""
TASK_TITLE = "16 · Anotar el movimiento"

MOVES = {
    "registered": "Registrar un medio",
    "out": "Sale de su lugar",
    "in": "Regresa a su lugar",
    "destroyed": "Se destruye",
}
PARAMS = {
    "move": ("Movimiento", "Qué pasa con el medio."),
    "label": (
        "Etiqueta",
        "Escríbala o léala con el lector. Al registrar, vacía: se asigna la siguiente.",
    ),
    "kind": ("Clase", "Solo al registrar: disco, cinta, DVD, memoria USB..."),
    "description": ("Descripción", "Solo al registrar: marca, capacidad, número de serie."),
    "site": ("Lugar", "Dónde queda: sede, oficina, armario. Al regresar, vacío: donde estaba."),
    "custody": ("Custodia", "Quién lo guarda desde ahora. Al regresar, vacía: quien lo guardaba antes."),
    "reason": ("Motivo", "Por qué sale o se destruye."),
    "document": ("Documento", "Acta, oficio o caso que lo soporta; obligatorio al destruir."),
    "confirmed": (
        "Destruir aunque guarde copias que hay que conservar",
        "Solo si esas copias están también en otro medio, o ya no hacen falta.",
    ),
}
"""Title and description of each field of the form."""

PROBLEMS = {
    "label_missing": "falta la etiqueta",
    "label_form": "una etiqueta solo tiene mayúsculas, cifras, «-» y «.», y de 3 a 48 signos",
    "missing": "falta: {fields}",
    "too_long": "es muy largo: {fields}",
    "label_used": "la etiqueta ya es de otro medio",
    "label_unknown": "no hay un medio con esa etiqueta",
    "destroyed": "el medio se destruyó",
    "is_out": "el medio ya está fuera",
    "is_in": "el medio está en su lugar",
    "still_needed": "guarda copias que hay que conservar hasta el {until} (en total, {copies}): para destruirlo de todos "
    "modos, confírmelo en el formulario",
    "not_allowed": "el usuario {user} no puede anotar movimientos de medios",
    "organization": "la configuración no se puede leer: compruébela con respaldo lint",
}
"""Why something is not written down, by code."""

NEW = "Medio nuevo"
NOBODY = "(sin sesión)"
RECORDED = "Anotado: %s, %s. Queda: %s, en %s."
NOWHERE = "lugar sin anotar"
SHEET_TITLE = "Etiquetas de medios"

COLUMNS = {
    "etiqueta": "Etiqueta",
    "clase": "Clase",
    "descripcion": "Descripción",
    "lugar": "Lugar",
    "custodia": "Custodia",
    "repositorio": "Repositorio",
    "estado": "Estado",
    "registrado": "Registrado",
    "registrado_por": "Registrado por",
    "impresa": "Etiqueta impresa",
    "copias": "Copias",
    "alcances": "Alcances",
    "ultima_copia": "Última copia",
    "conservar_hasta": "Conservar hasta",
    "ultimo_movimiento": "Último movimiento",
    "ultimo_movimiento_fecha": "Fecha del último movimiento",
}
"""Heading of each column of ``reportes.medios``."""

COPY_COLUMNS = {
    "numero": "N.º",
    "alcance": "Alcance",
    "copia": "Copia",
    "fecha": "Fecha",
    "tamano_bytes": "Tamaño",
    "estado": "Estado",
    "conservar_hasta": "Conservar hasta",
}
"""Heading of the columns of ``reportes.copias_medios`` that are shown."""

MOVEMENT_COLUMNS = {
    "fecha": "Fecha",
    "movimiento": "Movimiento",
    "quien": "Quién",
    "lugar": "Lugar",
    "custodia": "Custodia",
    "motivo": "Motivo",
    "documento": "Documento",
}
"""Heading of the columns of ``reportes.movimientos_medios`` that are shown."""

TITLE = "Medios"
SUBTITLE = "Medios y etiquetas de las copias"
SEARCH = "Etiqueta"
SEARCH_HINT = "Escríbala o léala con el lector"
KIND = "Clase"
STATE = "Estado"
SCOPE = "Alcance"
FIND = "Buscar"
COUNT = "{count} medios"
PRINT = "Etiquetas de esta selección (PDF)"
PRINT_ONE = "Imprimir su etiqueta (PDF)"
PRINT_MOST = "Se imprimen las {most} más recientes."
LISTED = (
    "etiqueta",
    "clase",
    "lugar",
    "custodia",
    "estado",
    "alcances",
    "copias",
    "ultima_copia",
    "conservar_hasta",
)
"""Columns of the list."""
NONE_CHOSEN = "No hay medios con estos filtros."
NONE_YET = "Todavía no hay medios. El primero aparece cuando se registra una copia buena, o un medio en el DAG «Medios y etiquetas»."
BACK = "Todos los medios"
HOLDS = "Qué guarda"
HOLDS_NEWEST = "Se muestran las {shown} más recientes, de {all}."
HOLDS_NOTHING = "No guarda copias."
MOVEMENTS = "Movimientos"
NO_MOVEMENTS = "Nadie ha anotado movimientos de este medio."
RECORD = "Registro, salida, regreso y destrucción se anotan con el DAG «Medios y etiquetas»."
FILE = "etiquetas.pdf"

CLI = "Muestra qué guarda un medio, por su etiqueta, e imprime etiquetas con código QR."
CLI_LABELS = "Etiquetas: escritas o leídas con un lector."
CLI_NEW = "Las que no se han impreso."
CLI_KIND = "De --new, solo las de esta clase de medio: cinta, disco..."
CLI_TO = "Archivo PDF en el que se escriben, para hojas A4 de etiquetas adhesivas."
CLI_SKIP = "Cuántos lugares de la primera hoja ya están usados."
CLI_SKIPS_ALL = "La hoja tiene {places} lugares: ponga una nueva, sin --skip."
CLI_NOTHING = "Escriba una o más etiquetas, o --new."
CLI_NEW_NEEDS_FILE = "--new imprime: escriba también --to ARCHIVO.pdf"
CLI_UNKNOWN = "No hay un medio con la etiqueta «{label}»."
CLI_NONE_NEW = "No hay etiquetas sin imprimir."
CLI_MORE_NEW = "Quedan más sin imprimir: repita la orden."
CLI_WRITTEN = "{count} etiquetas en {file}"
CLI_NOT_WRITTEN = "No se pudo escribir {file}: {reason}"
