"""The words of the page TIC-FM007 in the Airflow UI."""

from __future__ import annotations

from respaldo.texts.report import COLUMNS

TITLE = "TIC-FM007"
SUBTITLE = "Formato de Reporte de BackUp"
FORM_LINE = "{process} · versión {version} · {date}"
ZONE = "Horas de {zone}."

SINCE = "Desde"
UNTIL = "Hasta"
SCOPE = "Alcance"
STATE = "Estado"
ALL = "Todos"
FILTER = "Filtrar"
CLEAR = "Quitar filtros"
DOWNLOAD = "Descargar esta selección:"
CSV = "CSV"
JSON = "JSON"
FILE = "TIC-FM007.{extension}"

SUMMARY = {"runs": "Ejecuciones", "bytes": "Copiado"}
GOOD = "Exitosas"
WITH_WARNINGS = "Con advertencias"
FAILED = "Fallidas"
OTHERS = "En curso o programadas"
NONE_CHOSEN = "No hay ejecuciones con estos filtros."
NONE_YET = "Todavía no hay ejecuciones. La primera aparece aquí en cuanto se programa."

HEADINGS = {
    "number": "N.º",
    "scope": "Alcance",
    "state": "Estado",
    "start": "Inicio",
    "duration": "Duración",
    "size": "Tamaño",
    "verification": "Verificación",
    "second": "Segunda copia",
}
SECOND_MADE = "Hecha"
NOTHING = "—"
RUNNING = "{state} · {percent} %"

FAILURE = "Falla"
CAUSE = "Causa"
FAILED_STEP = "Paso"
CORRECTIVE = "Correctivo"
VERIFICATION = "Verificación"
COPY = "Copia"
SECOND_COPY = "Segunda copia"
NO_SECOND_COPY = "No hay segunda copia."
NO_COPY = "No hay copia."
NOT_VERIFIED = "No se ha verificado."
ATTEMPTS = "Intentos"
WARNINGS = "Advertencias"
IN_FULL = "Fila completa e historial"

PAGES = "Página {number} de {last}"
NEWER = "Más recientes"
OLDER = "Más antiguas"
BACK = "Todas las ejecuciones"

ROW = "Fila"
HISTORY = "Historial"
HISTORY_NOTE = (
    "Cada cambio de esta fila. Se encadena con el anterior; la orden respaldo verify-log lo comprueba."
)
HISTORY_HEADINGS = ("N.º", "Cuándo", "Quién", "Qué cambió")
OPERATIONS = {"insert": "Fila creada", "update": "Fila cambiada", "delete": "Fila borrada"}
CHANGED = "{before} → {after}"

ERRORS = {
    400: ("Filtro inválido", "Revise las fechas (como 2026-01-31), el estado y la página."),
    401: ("Sin sesión", "Inicie sesión en Airflow y vuelva a abrir esta página."),
    403: ("Sin permiso", "Su usuario no puede ver esta página. Pida acceso al administrador de Airflow."),
    404: ("No existe", "Aquí no hay nada. La dirección está incompleta o cambió."),
    405: ("No se puede", "Esta página solo muestra: no recibe cambios."),
}
"""Title and advice by HTTP status."""

NO_ROW = (
    "Sin fila en el TIC-FM007",
    "Esta ejecución no tiene fila: no es de una copia de seguridad, aún no comienza, o lo anotado espera "
    "a que vuelva la base de datos del reporte.",
)
TOO_MANY = ("Son demasiadas filas", "Un archivo admite {most}: elija menos días, un alcance o un estado.")
UNAVAILABLE = "El reporte no está disponible"
RUNS_GO_ON = "Las copias de seguridad siguen ejecutándose; lo que anotan se escribe en el reporte después."
UNAVAILABLE_ADVICE = {
    "report_unavailable": "La base de datos del reporte no responde. Revise su servidor y la conexión "
    "«{connection}» (Administración → Conexiones).",
    "report_schema": "La base de datos del reporte no tiene las tablas de esta versión, o su usuario no puede "
    "leerlas. Ejecute: respaldo db migrate",
    "connection_missing": "En Airflow no existe la conexión «{connection}». Créela en Administración → Conexiones.",
}
"""By the code of the error."""
UNAVAILABLE_OTHERWISE = "El registro del servidor de Airflow (api-server) dice la causa."
INVALID_CONFIGURATION = "La configuración no se puede leer. Compruébela con: respaldo lint"
REFUSED = "La página TIC-FM007 no se pudo mostrar: %s"

FIELDS = {
    "run_key": COLUMNS["clave"],
    "number": COLUMNS["numero"],
    "dag_id": COLUMNS["dag"],
    "run_id": COLUMNS["ejecucion"],
    "scope_id": COLUMNS["alcance_id"],
    "scope_name": COLUMNS["alcance"],
    "department": COLUMNS["dependencia"],
    "criticality": COLUMNS["criticidad"],
    "mode": COLUMNS["modalidad"],
    "kind": COLUMNS["clase"],
    "origin": COLUMNS["origen"],
    "reason": COLUMNS["motivo"],
    "requester": COLUMNS["solicitante"],
    "ticket": COLUMNS["caso"],
    "rerun_of": COLUMNS["reintento_de"],
    "request_key": COLUMNS["requerimiento"],
    "responsible": COLUMNS["responsable"],
    "state": COLUMNS["estado"],
    "programmed_for": COLUMNS["programada"],
    "started_at": COLUMNS["inicio"],
    "ended_at": COLUMNS["fin"],
    "progress_percent": COLUMNS["avance_porcentaje"],
    "source_kind": COLUMNS["tipo_fuente"],
    "source": COLUMNS["fuente"],
    "source_host": COLUMNS["equipo"],
    "size_bytes": COLUMNS["tamano_bytes"],
    "files": COLUMNS["archivos"],
    "added_bytes": COLUMNS["nuevo_bytes"],
    "stored_bytes": COLUMNS["almacenado_bytes"],
    "repository": COLUMNS["repositorio"],
    "site": COLUMNS["sede"],
    "medium": COLUMNS["medio"],
    "copies": COLUMNS["copia"],
    "second_repository": COLUMNS["segundo_repositorio"],
    "second_site": COLUMNS["segunda_sede"],
    "second_medium": COLUMNS["segundo_medio"],
    "second_copies": COLUMNS["segunda_copia"],
    "second_copied_at": COLUMNS["segunda_copia_fecha"],
    "verification_methods": COLUMNS["verificacion_metodo"],
    "verification_result": COLUMNS["verificacion_resultado"],
    "verification": "Evidencia de la verificación",
    "verified_at": COLUMNS["verificacion_fecha"],
    "warnings": COLUMNS["advertencias"],
    "cause": COLUMNS["causa_codigo"],
    "cause_detail": COLUMNS["causa"],
    "failed_step": COLUMNS["paso_fallido"],
    "corrective": COLUMNS["correctivo"],
    "applied": COLUMNS["correctivos_aplicados"],
    "attempts": COLUMNS["intentos_por_paso"],
    "step_seconds": COLUMNS["segundos_por_paso"],
    "performed_by": COLUMNS["realizada_por"],
    "verified_by": COLUMNS["verificada_por"],
    "checksum": COLUMNS["suma_sha256"],
    "labels": COLUMNS["etiquetas"],
    "contract": COLUMNS["contrato"],
    "contract_state": COLUMNS["estado_contrato"],
    "retention": COLUMNS["retencion"],
    "rpo_seconds": "RPO (segundos)",
    "rto_seconds": "RTO (segundos)",
    "observations": COLUMNS["observaciones"],
    "console": "Registro de consola del motor",
    "engine_version": COLUMNS["version_motor"],
    "respaldo_version": COLUMNS["version_respaldo"],
    "scope_digest": COLUMNS["huella_alcance"],
    "worker": COLUMNS["trabajador"],
}
"""Heading of each column of ``respaldo.fm007``, which the history keeps."""
