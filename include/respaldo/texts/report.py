"""What the report says: headings, names of codes, and what can be wrong with it."""

from __future__ import annotations

COLUMNS = {
    "numero": "N.º",
    "alcance_id": "Id. del alcance",
    "alcance": "Alcance",
    "dependencia": "Dependencia",
    "criticidad": "Criticidad",
    "clase": "Clase",
    "modalidad": "Modalidad",
    "origen": "Origen",
    "motivo": "Motivo",
    "solicitante": "Solicitante",
    "caso": "Caso",
    "responsable": "Responsable",
    "estado": "Estado",
    "avance_porcentaje": "Avance (%)",
    "programada": "Programada para",
    "inicio": "Inicio",
    "fin": "Fin",
    "duracion": "Duración",
    "tipo_fuente": "Tipo de fuente",
    "fuente": "Fuente",
    "equipo": "Equipo",
    "tamano_bytes": "Tamaño (bytes)",
    "archivos": "Archivos",
    "nuevo_bytes": "Nuevo (bytes)",
    "almacenado_bytes": "Almacenado (bytes)",
    "repositorio": "Repositorio",
    "sede": "Sede",
    "medio": "Medio",
    "contenido": "Contenido",
    "copia": "Copia",
    "segundo_repositorio": "Segundo repositorio",
    "segunda_sede": "Segunda sede",
    "segundo_medio": "Segundo medio",
    "segunda_copia": "Segunda copia",
    "segunda_copia_fecha": "Fecha de la segunda copia",
    "verificacion_metodo": "Métodos de verificación",
    "verificacion_resultado": "Verificación",
    "verificacion_fecha": "Fecha de verificación",
    "advertencias": "Advertencias",
    "causa_codigo": "Código de la causa",
    "causa": "Causa",
    "paso_fallido": "Paso fallido",
    "correctivo": "Correctivo",
    "reintento_de": "Reintento de",
    "intentos": "Intentos",
    "intentos_por_paso": "Intentos por paso",
    "segundos_por_paso": "Segundos por paso",
    "retencion": "Retención",
    "rpo": "RPO",
    "rto": "RTO",
    "observaciones": "Observaciones",
    "version_motor": "Versión de restic",
    "version_respaldo": "Versión de Respaldo",
    "huella_alcance": "Huella del alcance",
    "trabajador": "Trabajador",
    "dag": "DAG",
    "ejecucion": "Ejecución",
    "clave": "Clave",
    "requerimiento": "Requerimiento",
    "correctivos_aplicados": "Correctivos aplicados",
    "cadena": "Cadena",
}
"""Heading of each column of ``reportes.tic_fm007``."""

RESTORATION_COLUMNS = {
    "numero": "N.º",
    "numero_fm007": "N.º TIC-FM007",
    "alcance_id": "Id. del alcance",
    "alcance": "Alcance",
    "solicitante": "Solicitante",
    "correo": "Correo",
    "dependencia": "Dependencia",
    "caso": "Caso",
    "que_paso": "Qué pasó",
    "pedido_por": "Pedido por",
    "fecha": "Fecha",
    "analisis": "Análisis",
    "analizo": "Analizó",
    "analizo_fecha": "Fecha del análisis",
    "nota_analisis": "Nota del análisis",
    "autorizacion": "Autorización",
    "autorizo": "Autorizó",
    "autorizo_fecha": "Fecha de la autorización",
    "nota_autorizacion": "Nota de la autorización",
    "aceptacion": "Aceptación",
    "acepto": "Aceptó",
    "acepto_fecha": "Fecha de la aceptación",
    "nota_aceptacion": "Nota de la aceptación",
    "segunda_aceptacion": "Segunda aceptación",
    "segunda_acepto": "Segunda vez aceptó",
    "segunda_acepto_fecha": "Fecha de la segunda aceptación",
    "nota_segunda_aceptacion": "Nota de la segunda aceptación",
    "que_se_pidio": "Qué se pidió",
    "momento": "A qué momento",
    "copia_pedida": "Copia pedida",
    "destino": "Destino",
    "lo_existente": "Lo que ya existe",
    "estado": "Estado",
    "resultado": "Resultado",
    "copia_usada": "Copia usada",
    "repositorio": "Repositorio",
    "copia": "Copia",
    "copia_fecha": "Fecha de la copia",
    "copia_fm007": "N.º TIC-FM007 de la copia",
    "primera_copia_estado": "Estado de la primera copia",
    "segunda_copia_estado": "Estado de la segunda copia",
    "archivos": "Archivos",
    "tamano_bytes": "Tamaño (bytes)",
    "entregado_en": "Entregado en",
    "verificacion": "Verificación",
    "inicio": "Inicio",
    "entregado": "Entregado",
    "cierre": "Cierre",
    "tiempo_de_respuesta": "Tiempo de respuesta",
    "tiempo_de_restauracion": "Tiempo de restauración",
    "rto": "RTO",
    "cumple_rto": "Cumple el RTO",
    "copia_de_resguardo": "Copia de resguardo",
    "copia_no_programada": "Copia no programada",
    "nueva_copia": "Nueva copia",
    "causa_codigo": "Código de la causa",
    "causa": "Causa",
    "paso_fallido": "Paso fallido",
    "correctivo": "Correctivo",
    "informado": "Informado",
    "informado_por": "Informado por",
    "informado_detalle": "Detalle del aviso",
    "mensaje": "Mensaje",
    "dag": "DAG",
    "ejecucion": "Ejecución",
    "clave": "Clave",
}
"""Heading of each column of ``reportes.restauraciones``."""

TERMS = {
    "mode": {"software": "Herramienta software", "manual": "Manual"},
    "kind": {
        "backup": "Copia de seguridad",
        "restore": "Restauración",
        "drill": "Prueba de restauración",
    },
    "origin": {
        "scheduled": "Programada",
        "unscheduled": "No programada",
        "rerun": "Nueva ejecución",
        "requested": "Por requerimiento",
    },
    "state": {
        "programmed": "Programada",
        "running": "En curso",
        "succeeded": "Exitosa",
        "succeeded_with_warnings": "Exitosa con advertencias",
        "failed": "Fallida",
        "interrupted": "Interrumpida",
        "not_executed": "No ejecutada",
    },
    "verification_result": {
        "good": "Satisfactoria",
        "bad": "No satisfactoria",
        "not_done": "No realizada",
    },
    "method": {
        "structure": "Estructura de la copia",
        "sample": "Muestra restaurada y comparada",
        "dump": "Lectura del volcado",
        "shrink": "Tamaño frente a la copia anterior",
        "read_data": "Lectura de los datos guardados",
        "restored": "Restaurada y comprobada",
        "compared": "Comparada con lo registrado",
    },
    "step": {
        "plan": "Programar",
        "execute": "Ejecutar",
        "perform": "Realizar manualmente",
        "verify": "Verificar",
        "copy": "Segunda copia",
        "record": "Registrar",
        "register": "Registrar el requerimiento",
        "analyse": "Analizar",
        "identify": "Identificar la copia",
        "authorize": "Autorizar",
        "safety_backup": "Copia de resguardo",
        "restore": "Restaurar",
        "accept": "Aceptación",
        "second_identify": "Identificar la segunda copia",
        "second_authorize": "Autorizar con la segunda copia",
        "second_safety_backup": "Copia de resguardo antes de la segunda copia",
        "second_restore": "Restaurar la segunda copia",
        "second_accept": "Aceptación de la segunda copia",
        "unscheduled_backup": "Copia no programada",
        "rerun": "Nueva copia del alcance",
        "second_rerun": "Nueva copia del alcance por la segunda copia",
        "inform": "Informar al solicitante",
    },
    "source_kind": {"files": "Archivos", "postgresql": "PostgreSQL"},
    "request_state": {
        "registered": "Registrado",
        "analysing": "En análisis",
        "restoring": "En restauración",
        "accepting": "En aceptación",
        "backing_up": "En copia no programada",
        "closed": "Cerrado",
    },
    "outcome": {
        "satisfied": "Satisfecho",
        "not_satisfied": "No satisfecho",
        "not_in_copy": "No está en la copia",
        "backup_done": "Copia no programada hecha",
        "backup_failed": "Copia no programada fallida",
        "not_applicable": "No procede",
        "not_authorized": "No autorizado",
        "unanswered": "Sin respuesta",
        "failed": "Fallido",
    },
    "analysis": {
        "restoration": "Restauración",
        "unscheduled_backup": "Copia no programada",
        "not_applicable": "No procede",
    },
    "decision": {
        "authorized": "Autorizado",
        "refused": "No autorizado",
        "satisfies": "Satisface",
        "does_not": "No satisface",
    },
    "destination": {
        "staging": "Lugar aparte",
        "original": "Lugar original",
        "path": "Otra carpeta",
        "database": "Otra base de datos",
    },
    "overwrite": {
        "never": "Se deja como está",
        "if_newer": "Queda el más reciente",
        "always": "Se reemplaza",
    },
    "which": {
        "first": "Primera",
        "second": "Segunda",
    },
    "copy_state": {
        "good": "En buen estado",
        "bad": "En mal estado",
        "absent": "No contiene lo pedido",
    },
    "informed_by": {
        "mail": "Por correo",
        "not_configured": "Sin servidor de correo",
        "failed": "El correo no se pudo enviar",
        "no_address": "Solicitante sin correo",
    },
    "remedy": {
        "unlock": "Bloqueo muerto retirado",
        "new_cache": "Caché rehecha",
        "prune": "Restos de un intento retirados",
        "repair": "Repositorio reparado y copiado de nuevo",
        "rerun": "Nueva ejecución",
    },
    "incident_state": {
        "open": "Abierta",
        "waiting": "En espera de decisión",
        "decided": "Decidida",
        "resolved": "Resuelta",
        "closed": "Cerrada",
    },
    "choice": {"rerun": "Ejecutar de nuevo", "close": "Cerrar sin ejecutar de nuevo"},
    "resolution": {
        "rerun": "Por su nueva ejecución",
        "next_good": "Por otra ejecución posterior",
        "closed": "Cerrada sin copia buena",
    },
}
"""Names of codes by vocabulary; the database holds the same in ``respaldo.term``."""

FORM_TITLE = "TIC-FM007 · Formato de Reporte de BackUp"
FORM_COUNT = "{count} ejecuciones"
FORM_EMPTY = "No hay ejecuciones en el periodo."
SIZE_HEADING = "Tamaño"
YES = "Sí"
NO = "No"

SCHEMA_PROBLEMS = {
    "not_migrated": "La base de datos del reporte no tiene las tablas que este programa espera ({reason}). "
    "Ejecute: respaldo db migrate",
    "denied": "El usuario del reporte no tiene permiso ({reason}). Para migrar debe poder crear esquemas en "
    "la base de datos y, si no existe, el rol analista; un administrador puede crearlo antes: "
    "CREATE ROLE analista NOLOGIN;",
    "changed": "La migración {migration} cambió después de aplicada: las migraciones aplicadas no se editan. "
    "Restaure el archivo y ponga el cambio en una migración nueva.",
    "unknown": "La base de datos del reporte ya tiene la migración {migration}, que este programa no conoce: "
    "es más nueva que él. Actualice el programa.",
    "out_of_order": "La migración {migration} es nueva pero su número es anterior al de otra ya aplicada: "
    "numérela de última.",
}
"""By the fact ``problem`` of a ``ReportSchemaError``; each is formatted with the error's facts."""

TAMPERED = {
    "hash": "La entrada {seq} del historial (formato N.º {number}, alcance {scope_id}, clave {run_key}) "
    "fue alterada: su contenido no corresponde a su huella.",
    "link": "La entrada {seq} del historial (formato N.º {number}, alcance {scope_id}, clave {run_key}) "
    "fue reescrita: la entrada siguiente no encadena con ella.",
    "gap": "Falta la entrada {seq} del historial: fue borrada.",
    "row_differs": "La fila del formato N.º {number} (alcance {scope_id}, clave {run_key}) fue alterada: no "
    "corresponde a la entrada {seq} de su historial.",
    "row_without_history": "La fila del formato N.º {number} (alcance {scope_id}, clave {run_key}) no está "
    "en el historial: fue puesta sin dejar registro.",
    "row_vanished": "La fila del formato N.º {number} (alcance {scope_id}, clave {run_key}) fue borrada sin "
    "dejar registro: su última entrada en el historial es la {seq}.",
}
"""By the fact ``check`` of a ``ReportTamperedError``; each is formatted with the error's facts."""

LOG_INTACT = "Historial íntegro: {count} entradas. Huella de la última: {head}"

FACT_WAITS = "El reporte no está disponible; lo anotado queda en espera en este equipo: %s"
FACT_REJECTED = "El reporte no admite este dato; queda en %s: %s"
PROGRESS_LOST = "No se anotó el avance: %s"
