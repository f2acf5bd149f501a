"""What the demonstration tells whoever watches it."""

from __future__ import annotations

TITLE = "Demostración de Respaldo"
SOURCES = "Creando las fuentes: {files} archivos en {folder} y la base de datos {database}"
FIRST = "Primera copia de cada alcance"
CHANGING = "Cambiando datos: {added} archivos nuevos, {modified} modificados, {deleted} borrados, {renamed} renombrados"
SECOND = "Segunda copia de cada alcance"
REASON = "Demostración: {what}"
REQUESTER = "Oficina de demostración"
TICKET = "DEMO-{number}"
PROGRESS = "  {seconds:>4} s  {steps}"
STEP = "{scope}: {step}"
DONE = "terminada ({state})"
REQUESTS = (
    "Requerimientos, pedidos y respondidos por sus personas (con un bit dañado en el primer repositorio)"
)
REQUEST = "  · {title}"
REQUEST_DONE = "  {outcome}: {title}"
NO_OUTCOME = "Sin resultado"
ASKED_DATABASE = "Restaurar la base de datos en otra nueva, de la primera copia"
ASKED_FILES = "Restaurar todos los documentos: la primera copia está dañada, sirve la segunda"
ASKED_BACKUP = "Copia no programada antes de cambiar el ERP"
NOTE = "Respuesta de la demostración"
RESTORED_DIFFERENT = "{where}: {path}: {aspect} no es igual a la fuente"
REPORT = "TIC-FM007 de esta demostración"
LOG = "Historial del reporte: {count} entradas encadenadas, íntegro"
BY_HAND = "Restaurando a mano, sin Airflow, desde «{repository}» ({scope})"
EQUAL = "  igual a la fuente ({seconds:.0f} s)"
GOOD = "Todo salió como debía en {seconds:.0f} s. Para verlo en el navegador: make up"
PROBLEMS = "La demostración encontró {count} problemas:"
PROBLEM = "  · {problem}"
NO_ROW = "{run}: no hay fila en TIC-FM007"
WRONG = "{run}: {column} es {actual}; debía ser {expected}"
NOT_GOOD = "{run}: Airflow la dejó en estado {state}"
DIFFERENT = "{repository}, {scope}: {path}: {aspect} es {actual}; debía ser {expected}"
DIFFERENT_MORE = "{repository}, {scope}: y {count} diferencias más"
BY_HAND_FAILED = "{repository}, {scope}: la restauración a mano falló:\n{said}"

STORIES = "Mientras tanto: una copia manual, otra herramienta y un contrato vencido"
MANUAL_STORY = "copia manual"
CONTRACT_STORY = "otra herramienta y su contrato"
ARCHIVE_STORY = "archivo del mes"
STORY_UNFINISHED = "No terminó a tiempo: {story}"
DISK = {
    "kind": "disco externo",
    "description": "Disco de la demostración, 1 TB",
    "site": "Bóveda de la sede alterna",
    "custody": "Equipo de Soporte Técnico",
}
FOLDER = "expedientes"
FILE = "Expediente {number:02}.pdf"
PERFORMED = "Copiado al disco externo; sin novedad."
INSPECTED = "Se abrieron tres expedientes del disco; están completos."
LABELLED = "  Medio registrado y etiquetado: {label}"
COPIED_BY_HAND = "  Copia manual en {label}: la hizo {maker}, la verificó {verifier}"
NOT_LABELLED = "{run}: la fila no nombra el medio {label}"
VERIFIED_EXTERNAL = "  Copia de otra herramienta: {state}, contrato {contract} ({contract_state})"
CONTRACT_ASKED = "  Contrato {number}, vencido el {until}: se pidió renovarlo"
CONTRACT_RENEWED = "  El director registró el contrato {number}, vigente hasta el {until}"
CONTRACT_VALID = "  El contrato de la otra herramienta se renovó en una demostración anterior"
RENEWAL = {
    "number": "CT-DEMO-2026-007",
    "subject": "Copias de seguridad del catastro en la nube",
    "document": "Radicado DEMO-2026-118",
    "note": "Renovado en la demostración",
}
ARCHIVE_REASON = "Demostración: el mes hasta hoy"
ARCHIVED = "TIC-FM007 de {period} archivado: {rows} filas, versión {version}, XLSX y PDF/A en {folder}"
WRONG_DOCUMENT = "{file}: no es como debía ({problem})"
