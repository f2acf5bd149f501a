"""The words of the form's documents: the spreadsheet and the PDF of a period."""

from __future__ import annotations

from respaldo.texts.report import COLUMNS, FORM_TITLE

TITLE = FORM_TITLE.partition(" · ")[2]
SHEETS = {
    "rows": "TIC-FM007",
    "totals": "Totales",
    "restorations": "Restauraciones",
    "failures": "Fallas",
    "media": "Medios",
}
"""Names of the spreadsheet's sheets; the PDF's sections have longer ones."""

SECTIONS = {
    "rows": "Ejecuciones del periodo",
    "totals": "Totales",
    "restorations": "Requerimientos de restauración",
    "failures": "Fallas y correctivos",
    "media": "Medios en los que copian las personas",
}
NONE = {
    "rows": "No hay ejecuciones en el periodo.",
    "restorations": "No hubo requerimientos de restauración en el periodo.",
    "failures": "No hubo fallas en el periodo.",
    "media": "Ninguno guarda copias del periodo, ni se registró o se movió en él.",
}

ENTITY = "Entidad"
PROCESS = "Proceso"
FORM = "Formato"
FORM_TEXT = "Código {code} · Versión {version} · Fecha {date}"
PERIOD = "Periodo"
SCOPE = "Alcance"
EDITION = "Versión del archivo"
MADE_AT = "Generado"
HISTORY = "Historial"
UNFINISHED = "En curso al cierre"

PART = "Parte"
PART_TEXT = "parte {number} de {count}"
PERIOD_TEXT = "del {first} al {last}"
NOT_ARCHIVED = "copia de consulta, no archivada"
ORIGINAL = "{version}"
REPLACES = "{version}, reemplaza a la {replaces}: {reason}"
HISTORY_TEXT = "íntegro, {count} entradas; huella de la última: {head}"
UNFINISHED_TEXT = "{count} ejecuciones"
VERSION_AND_DATE = "Versión {version} · {date}"
PAGE = "Página"
OF = "de"
QR = "{code} {period} {version} filas={rows} entradas={count} sha256={head}"
"""What the QR code says, on one line."""
QR_CAPTION = "Huella del historial"
QR_NO_VERSION = "consulta"
TOTAL = "Total"
SUM_NOTE = (
    "El total suma las filas que el filtro deja ver. La copia de una herramienta externa que leyeron varias ejecuciones "
    "se suma aquí en cada una; en la hoja Totales, una sola vez."
)
"""Under the total of the sheet of runs, where there are such copies."""
CUT = "… (texto recortado)"

TOTAL_COLUMNS = {
    "alcance": "Alcance",
    "clase": "Clase",
    "ejecuciones": "Ejecuciones",
    "exitosas": "Exitosas",
    "con_advertencias": "Con advertencias",
    "fallidas": "Fallidas",
    "interrumpidas": "Interrumpidas",
    "no_ejecutadas": "No ejecutadas",
    "sin_terminar": "Sin terminar",
    "archivos": "Archivos",
    "tamano_bytes": COLUMNS["tamano_bytes"],
}

FAILURE_COLUMNS = {
    "numero": "N.º TIC-FM007",
    "alcance_id": "Id. del alcance",
    "alcance": "Alcance",
    "dependencia": "Dependencia",
    "fecha": "Fecha",
    "paso": "Paso",
    "causa": "Causa",
    "causa_codigo": "Código de la causa",
    "detalle": "Detalle",
    "correctivos_aplicados": "Correctivos aplicados",
    "correctivo": "Correctivo",
    "decidido_por": "Decidido por",
    "decision": "Decisión",
    "reintento": "Nueva ejecución",
    "cadena": "Cadena",
    "reintentos": "Nuevas ejecuciones",
    "estado": "Estado",
    "resolucion": "Resolución",
    "resuelta_por": "Resuelta por",
    "resuelta": "Resuelta",
    "tiempo_reparacion": "Tiempo de reparación",
    "clave": "Clave",
}
"""Heading of each column of ``reportes.fallas``."""

PRINTED = {
    "number": "N.º",
    "scope": "Alcance / dependencia",
    "how": "Modalidad / origen",
    "started": "Inicio",
    "duration": "Duración",
    "size": "Tamaño",
    "files": "Archivos",
    "first": "Primera copia",
    "second": "Segunda copia",
    "verified": "Verificación",
    "state": "Estado",
    "notes": "Causa, correctivo y observaciones",
}
"""Columns of the PDF's table of runs."""

PRINTED_RESTORATIONS = {
    "number": "N.º",
    "scope": "Alcance",
    "requester": "Solicitante / caso",
    "asked": "Fecha",
    "wanted": "Qué se pidió",
    "copy": "Copia usada",
    "destination": "Destino",
    "decided": "Autorizó / aceptó",
    "delivered": "Entregado",
    "took": "Tiempo / RTO",
    "outcome": "Resultado",
}
PRINTED_FAILURES = {
    "number": "N.º",
    "scope": "Alcance",
    "failed": "Fecha",
    "step": "Paso",
    "cause": "Causa",
    "corrective": "Correctivo",
    "decided": "Decidió",
    "rerun": "Nueva ejecución",
    "state": "Estado",
    "resolved": "Resuelta",
    "took": "Tiempo de reparación",
}
PRINTED_MEDIA = {
    "label": "Etiqueta",
    "kind": "Clase",
    "description": "Descripción",
    "site": "Lugar",
    "custody": "Custodia",
    "state": "Estado",
    "registered": "Registrado",
    "copies": "Copias",
    "scopes": "Alcances",
    "until": "Conservar hasta",
    "moved": "Último movimiento",
}
RETRY_OF = "Reintento de N.º {number}"
APPLIED = "Aplicado: {list}"
PERFORMED_BY = "Realizó: {name}"
VERIFIED_BY = "Verificó: {name}"
RTO_MET = {True: "cumple", False: "no cumple"}
