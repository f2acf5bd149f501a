"""Each cause of failure in words: what happened, and what usually mends it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from respaldo.domain.errors import RespaldoError


@dataclass(frozen=True)
class Cause:
    """The words of one cause. ``told`` and ``corrective`` name the facts of the error in braces."""

    title: str
    told: str
    corrective: str


_SAID = " restic dijo: «{said}» (código {exit_code})."

CAUSES: dict[str, Cause] = {
    "invalid_configuration": Cause(
        "Configuración inválida",
        "El archivo de configuración no se puede usar: {problem}",
        "Corrija el archivo, compruebe con `respaldo lint` y ejecute de nuevo.",
    ),
    "connection_missing": Cause(
        "Conexión inexistente",
        "La conexión «{connection}» no existe en Airflow.",
        "Créela en Administración → Conexiones, con ese identificador.",
    ),
    "connection_incomplete": Cause(
        "Conexión incompleta",
        "A la conexión «{connection}» le falta: {field}.",
        "Complétela en Administración → Conexiones.",
    ),
    "engine_missing": Cause(
        "restic no está instalado",
        "No hay restic en este trabajador.",
        "Ejecute scripts/ensure-restic en él (versión {oldest} o posterior).",
    ),
    "engine_too_old": Cause(
        "restic demasiado antiguo",
        "{binary} es la versión {version}; se necesita la {oldest} o posterior.",
        "Ejecute scripts/ensure-restic en este trabajador.",
    ),
    "tool_missing": Cause(
        "Falta un programa",
        "No se pudo ejecutar «{tool}» en este trabajador. {said}",
        "Instálelo, o agréguelo al PATH del trabajador.",
    ),
    "source_missing": Cause(
        "La fuente no existe",
        "No existe lo que se debe copiar: {path}. {said}",
        "Revise si la ruta cambió o si un disco no está montado, y corrija el alcance o el equipo.",
    ),
    "source_partly_missing": Cause(
        "Falta una parte de la fuente",
        "No existe {missing}; lo demás sí está. No se hizo ninguna copia incompleta.",
        "Revise si la ruta cambió o si un disco no está montado, y corrija el alcance o el equipo.",
    ),
    "source_unreadable": Cause(
        "La fuente no se puede leer",
        "No se puede leer {path}: {reason}.",
        "Dé permiso de lectura al usuario que ejecuta las copias.",
    ),
    "source_empty": Cause(
        "La fuente está vacía",
        "No hay nada que copiar en {source}.",
        "Revise si los datos se movieron o se borraron; una copia vacía no se acepta.",
    ),
    "source_command_failed": Cause(
        "Falló el volcado",
        "La orden que produce los datos terminó con error o quedó cortada. {said}",
        "Revise el registro de la tarea y el servidor de la fuente. No quedó ninguna copia incompleta.",
    ),
    "source_command_empty": Cause(
        "El volcado salió vacío",
        "La orden «{command}» terminó sin producir datos para {item}.",
        "Revise la base de datos y los permisos del usuario. La copia vacía se descartó.",
    ),
    "database_missing": Cause(
        "La base de datos no existe",
        "En el servidor de la conexión «{connection}» no existe la base de datos «{database}».",
        "Corrija el nombre en el alcance, o restablezca la base de datos.",
    ),
    "database_denied": Cause(
        "La base de datos no admite al usuario",
        "El servidor de la conexión «{connection}» rechazó la entrada: {said}",
        "Corrija usuario y contraseña en Administración → Conexiones.",
    ),
    "database_unreachable": Cause(
        "La base de datos no responde",
        "No se pudo llegar al servidor de la conexión «{connection}»: {said}",
        "Revise que el servidor esté encendido y que la red llegue a él.",
    ),
    "repository_missing": Cause(
        "El repositorio no existe",
        "No hay repositorio en {location}." + _SAID,
        "Si el disco no está montado, móntelo. Si el repositorio se perdió, no cree uno vacío en su lugar: "
        "recupérelo desde la segunda copia.",
    ),
    "repository_locked": Cause(
        "El repositorio está ocupado",
        "Otra tarea tiene bloqueado el repositorio «{repository}»." + _SAID,
        "Espere a que termine el mantenimiento. Si nadie lo usa, `restic unlock` retira bloqueos muertos.",
    ),
    "wrong_password": Cause(
        "La contraseña no abre el repositorio",
        "El secreto maestro de la conexión no abre {location}." + _SAID,
        "Compare el secreto de la conexión con el del sobre. Las copias hechas siguen intactas.",
    ),
    "foreign_repository": Cause(
        "El repositorio es de otro alcance",
        "{location} es del alcance «{owner}», no de «{scope}»: no se escribió nada en él.",
        "Revise si alguien movió o renombró carpetas dentro del repositorio.",
    ),
    "key_files_missing": Cause(
        "Faltan las llaves del repositorio",
        "La carpeta keys de {location} está vacía: sin sus archivos ninguna contraseña lo abre.",
        "Recupere la carpeta keys (de la segunda copia del disco) y no escriba nada más en él.",
    ),
    "repository_unreachable": Cause(
        "El repositorio no responde",
        "No se pudo llegar a {location}." + _SAID,
        "Revise la red y el servidor del repositorio.",
    ),
    "repository_denied": Cause(
        "El repositorio no da permiso",
        "Falta permiso en {location}." + _SAID,
        "Dé permiso de lectura y escritura al usuario que ejecuta las copias.",
    ),
    "repository_read_only": Cause(
        "El repositorio es de solo lectura",
        "No se puede escribir en {location}." + _SAID,
        "Revise por qué el disco se montó de solo lectura (suele ser una falla del disco).",
    ),
    "repository_full": Cause(
        "El repositorio está lleno",
        "No queda espacio en {location}." + _SAID,
        "Amplíe el disco, o retire copias viejas (restic forget y prune). Las copias anteriores siguen intactas.",
    ),
    "repository_damaged": Cause(
        "El repositorio está dañado",
        "Hay datos dañados en {location}." + _SAID,
        "Respaldo lo repara y vuelve a copiar lo que la fuente todavía tiene. Para restaurar mientras tanto, use la "
        "segunda copia.",
    ),
    "index_damaged": Cause(
        "El índice del repositorio está dañado",
        "El índice de {location} no sirve; los datos pueden estar completos." + _SAID,
        "Respaldo lo rehace a partir de los datos (restic repair index) y lee todo para comprobarlo.",
    ),
    "config_damaged": Cause(
        "La configuración del repositorio está dañada",
        "No se puede leer el archivo config, o una llave, de {location}." + _SAID,
        "Recupere ese archivo de una copia del disco. Los datos siguen allí, pero sin él nada se puede leer; use la "
        "segunda copia mientras tanto.",
    ),
    "cache_unusable": Cause(
        "La caché de restic no se puede usar",
        "restic no puede usar su caché en este trabajador." + _SAID,
        "Revise permisos y espacio de la carpeta cache de RESPALDO_HOME; se puede borrar sin pérdida.",
    ),
    "snapshot_missing": Cause(
        "La copia no está",
        "La copia {snapshot} no está en el repositorio «{repository}».",
        "Ejecute la copia de nuevo e investigue quién la retiró.",
    ),
    "count_mismatch": Cause(
        "La copia no contiene lo que debía",
        "La copia {snapshot} tiene {files} archivos y {size_bytes} bytes; debía tener "
        "{expected_files} archivos y {expected_bytes} bytes.",
        "Ejecute la copia de nuevo; si se repite, revise el repositorio.",
    ),
    "content_mismatch": Cause(
        "Un archivo restaurado no es igual a la fuente",
        "En la copia {snapshot} el archivo {path} no es igual al original, que no ha cambiado.",
        "Ejecute la copia de nuevo; si se repite, revise disco y memoria del equipo.",
    ),
    "dump_unreadable": Cause(
        "El volcado no se puede leer",
        "El volcado {item} de la copia {snapshot} no está completo: {reason}",
        "Ejecute la copia de nuevo.",
    ),
    "copy_incomplete": Cause(
        "La copia está incompleta",
        "Faltan en la copia {missed} archivos que no se pudieron leer; el alcance admite {limit}. El primero: {first}",
        "Dé permiso de lectura, o excluya lo que no se debe copiar; la lista completa está en el registro de la tarea.",
    ),
    "copy_shrunk": Cause(
        "La copia es mucho menor que la anterior",
        "La copia tiene {now_bytes} bytes; la anterior ({previous}), {before_bytes}. "
        "Se admite hasta {limit_percent} % menos.",
        "Revise si se perdieron datos en la fuente. Si es correcto, ejecute a mano aceptando la reducción.",
    ),
    "second_copy_missing": Cause(
        "La segunda copia no está",
        "La copia {snapshot} ({item}) no aparece en «{repository}» después de copiarla.",
        "Revise el repositorio de la sede alterna y ejecute de nuevo.",
    ),
    "already_running": Cause(
        "Ya hay otra ejecución",
        "Otra ejecución del alcance «{scope}» está escribiendo en este trabajador.",
        "Espere a que termine.",
    ),
    "engine_killed": Cause(
        "restic fue interrumpido",
        "Alguien o algo detuvo a restic." + _SAID,
        "Revise memoria y apagados del equipo. Se reintenta por sí solo.",
    ),
    "timed_out": Cause(
        "Se agotó el tiempo",
        "El paso no terminó en el tiempo permitido ({seconds} s).",
        "Revise qué lo demora, o amplíe `timeout` en el alcance.",
    ),
    "interrupted": Cause(
        "Ejecución interrumpida",
        "El paso «{step}» terminó sin decir por qué: se apagó el trabajador, o alguien detuvo la tarea.",
        "Revise el equipo y ejecute de nuevo.",
    ),
    "cancelled": Cause(
        "Ejecución detenida",
        "Se pidió detener el paso «{step}»: alguien lo marcó, o el trabajador se estaba apagando.",
        "Se reintenta por sí solo, salvo que alguien lo haya marcado; entonces ejecute de nuevo cuando convenga.",
    ),
    "run_lost": Cause(
        "La ejecución murió sin decir nada",
        "La ejecución terminó en Airflow ({state}) sin cerrar su fila: se apagó el equipo, o alguien la detuvo entera.",
        "Revise el equipo. Respaldo vuelve a ejecutar la copia una vez.",
    ),
    "temporary_space": Cause(
        "Falta espacio temporal",
        "No hay espacio en {target} para restaurar lo que se verifica. {said}",
        "Libere espacio en el trabajador.",
    ),
    "report_unavailable": Cause(
        "El reporte no responde",
        "La base de datos del reporte no está disponible: {reason}",
        "Revise el servidor. Lo anotado espera en el trabajador y se escribe después.",
    ),
    "report_schema": Cause(
        "El reporte no tiene las tablas esperadas",
        "La base de datos del reporte no corresponde a esta versión: {reason}",
        "Ejecute `respaldo db migrate`.",
    ),
    "report_tampered": Cause(
        "El historial fue alterado",
        "El historial del reporte no es el que se escribió (entrada {seq}).",
        "Conserve la base de datos como está e informe al responsable de seguridad.",
    ),
    "invalid_request": Cause(
        "Requerimiento inválido",
        "El requerimiento no se puede atender como está escrito: {problem}",
        "Corrija el formulario y envíelo de nuevo.",
    ),
    "no_copy": Cause(
        "No hay copia de ese momento",
        "El reporte no conoce ninguna copia verificada de «{scope}» que sirva para lo pedido ({wanted}).",
        "Elija otro momento u otra copia: `respaldo copies {scope}` las lista.",
    ),
    "not_in_copy": Cause(
        "La copia no contiene lo pedido",
        "La copia {snapshot} no contiene: {missing}. Lo más parecido que contiene: {nearest}",
        "Envíe el requerimiento con el nombre correcto, o pida una copia de otro momento "
        "(`respaldo find` busca en todas).",
    ),
    "target_full": Cause(
        "No hay espacio en el destino",
        "En {target} no cabe lo restaurado: necesita {needed} bytes, hay {free}. {said}",
        "Libere espacio o elija otro destino, y limpie la tarea roja (Clear) para que siga.",
    ),
    "target_denied": Cause(
        "No se puede escribir en el destino",
        "No se puede escribir en {target}: {said}",
        "Dé permiso al usuario del trabajador o elija otro destino.",
    ),
    "target_occupied": Cause(
        "El destino ya tiene datos",
        "{target} ya tiene datos, y el requerimiento no pide reemplazarlos.",
        "Elija otro destino, o pida reemplazar lo que hay (necesita autorización).",
    ),
    "target_refused": Cause(
        "El destino rechazó los datos",
        "{target} no aceptó lo restaurado: «{said}»",
        "Corrija lo que dice el mensaje (un rol, una extensión, una versión) y limpie la tarea roja (Clear).",
    ),
    "restore_mismatch": Cause(
        "Lo restaurado no es igual a la copia",
        "En {target}, {what}: se esperaba {expected} y hay {actual}.",
        "Use la segunda copia, y revise el disco del destino.",
    ),
    "not_authorized": Cause(
        "Sin autorización para sobrescribir",
        "Se sobrescribirían datos vivos ({touches}) y falta la autorización de otra persona o la copia de resguardo. "
        "Una autorización no vale después de cerrado el requerimiento.",
        "Limpie (Clear) la tarea «Autorizar que se sobrescriba», con lo que sigue, para pedirla de nuevo; o restaure en "
        "una carpeta o base de datos aparte.",
    ),
    "scope_paused": Cause(
        "El alcance está apagado",
        "El DAG {dag} está en pausa: su ejecución esperaría para siempre.",
        "Enciéndalo con su interruptor y limpie la tarea roja (Clear).",
    ),
    "backup_failed": Cause(
        "La copia pedida no terminó bien",
        "La ejecución {run} de {dag} terminó en estado «{state}».",
        "Vea la causa en la fila TIC-FM007 de esa ejecución, corríjala, y limpie (Clear) primero esa ejecución y "
        "después la tarea roja del requerimiento.",
    ),
    "nobody_to_ask": Cause(
        "No hay quien decida",
        "La decisión «{step}» corresponde a {roles}, y ningún usuario puede tomarla.",
        "Agregue usuarios a esos roles en organization.yaml; quien pide no puede autorizarse a sí mismo.",
    ),
    "incomplete_answer": Cause(
        "Falta la nota",
        "La decisión «{option}» necesita una nota que diga por qué.",
        "La tarea vuelve a preguntar: responda de nuevo con la nota.",
    ),
    "unanswered": Cause(
        "Nadie respondió",
        "Nadie respondió «{step}» dentro del plazo.",
        "Respondan a tiempo, o limpie la tarea roja (Clear) para volver a preguntar.",
    ),
    "unknown": Cause(
        "Causa desconocida",
        "Falló de una manera que Respaldo no conoce: {said} (código {exit_code}).",
        "Revise el registro de la tarea.",
    ),
}


def title(error: RespaldoError) -> str:
    """Name the cause."""
    return _of(error.code).title


def explain(error: RespaldoError) -> str:
    """Tell what happened: the cause's name, and the facts of this case."""
    cause = _of(error.code)
    return f"{cause.title}. {_filled(cause.told, error)}".strip()


def corrective(error: RespaldoError) -> str:
    """Tell what usually mends it."""
    return _filled(_of(error.code).corrective, error)


def _of(code: str) -> Cause:
    return CAUSES.get(code, CAUSES["unknown"])


def _filled(template: str, error: RespaldoError) -> str:
    return " ".join(template.format_map(defaultdict(str, error.facts)).split())
