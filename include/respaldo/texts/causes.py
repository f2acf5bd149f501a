"""Each cause of failure in words: what happened, and what usually mends it."""

from __future__ import annotations

from collections import defaultdict

from respaldo.domain.errors import RespaldoError
from respaldo.texts.cause import Cause
from respaldo.texts.database_causes import DATABASE_CAUSES
from respaldo.texts.host_causes import HOST_CAUSES
from respaldo.texts.people_causes import PEOPLE_CAUSES
from respaldo.texts.request_causes import REQUEST_CAUSES
from respaldo.texts.source_causes import SOURCE_CAUSES

_SAID = " restic dijo: «{said}» (código {exit_code})."

CAUSES: dict[str, Cause] = {
    "invalid_configuration": Cause(
        "Configuración inválida",
        "Un archivo de configuración tiene un error y el alcance no se puede leer como está.",
        "El archivo de configuración no se puede usar: {problem}",
        "Corrija el archivo, compruebe con `respaldo lint` y ejecute de nuevo.",
    ),
    "connection_missing": Cause(
        "Conexión inexistente",
        "Falta en Airflow la conexión con la que se entra a la fuente o al repositorio.",
        "La conexión «{connection}» no existe en Airflow.",
        "Créela en Administración → Conexiones, con ese identificador.",
    ),
    "connection_incomplete": Cause(
        "Conexión incompleta",
        "La conexión está en Airflow, pero le falta un dato sin el cual no se puede usar, o tiene uno mal.",
        "A la conexión «{connection}» le falta, o tiene mal: {field}.",
        "Complétela en Administración → Conexiones.",
    ),
    "engine_missing": Cause(
        "restic no está instalado",
        "El trabajador que debía copiar no tiene el programa restic.",
        "No hay restic en este trabajador.",
        "Ejecute scripts/ensure-restic en él (versión {oldest} o posterior).",
    ),
    "engine_too_old": Cause(
        "restic demasiado antiguo",
        "El restic del trabajador es anterior al que Respaldo necesita.",
        "{binary} es la versión {version}; se necesita la {oldest} o posterior.",
        "Ejecute scripts/ensure-restic en este trabajador.",
    ),
    "tool_missing": Cause(
        "Falta un programa",
        "Falta en el trabajador un programa que la copia usa, o no se puede ejecutar.",
        "No se pudo ejecutar «{tool}» en este trabajador. {said}",
        "Instálelo, o agréguelo al PATH del trabajador.",
    ),
    "pre_command_failed": Cause(
        "Falló una orden previa",
        "Una orden del alcance que prepara lo que se va a copiar (detener un servicio, congelar un volumen) no "
        "terminó bien. No se copió nada; las órdenes posteriores sí se ejecutaron.",
        "La orden previa «{hook}» terminó con el código {exit_code} a los {seconds} s (plazo: {timeout} s). No se "
        "copió nada.",
        "Lea en el registro de la tarea lo que la orden escribió, corríjala en el equipo o en el alcance (pre), y "
        "ejecute de nuevo.",
    ),
    "path_list_invalid": Cause(
        "La lista de rutas no se puede usar",
        "El archivo en el que están, línea por línea, las rutas que se copian o los patrones que se excluyen tiene un "
        "error.",
        "{file}, línea {line}: {reason}. No se copió nada.",
        "Corrija el archivo en el trabajador: una ruta absoluta o un patrón en cada línea; las que comienzan por # son "
        "comentarios.",
        {
            "relative": "«{value}» no es una ruta absoluta",
            "no_text": "«{value}» no es texto UTF-8",
            "no_path": "«{value}» no puede ser una ruta: es demasiado larga o tiene un carácter nulo",
            "too_long": "la lista es demasiado larga (1 MiB como máximo): nombre carpetas en vez de archivos",
        },
    ),
    "source_missing": Cause(
        "La fuente no existe",
        "Nada de lo que el alcance debe copiar está donde la configuración dice.",
        "No existe lo que se debe copiar: {path}. {said}",
        "Revise si la ruta cambió o si un disco no está montado, y corrija el alcance o el equipo.",
    ),
    "source_partly_missing": Cause(
        "Falta una parte de la fuente",
        "Una parte de lo que el alcance debe copiar no está; copiar el resto ocultaría la falta.",
        "No existe {missing}; lo demás sí está. No se hizo ninguna copia incompleta.",
        "Revise si la ruta cambió o si un disco no está montado, y corrija el alcance o el equipo.",
    ),
    "source_unreadable": Cause(
        "La fuente no se puede leer",
        "Los datos están, pero el usuario que hace las copias no los puede leer.",
        "No se puede leer {path}: {reason}.",
        "Dé permiso de lectura al usuario que ejecuta las copias.",
    ),
    "source_empty": Cause(
        "La fuente está vacía",
        "La fuente está, pero no contiene nada.",
        "No hay nada que copiar en {source}.",
        "Revise si los datos se movieron o se borraron; una copia vacía no se acepta.",
    ),
    "source_command_failed": Cause(
        "Falló el volcado",
        "El programa que extrae los datos (un volcado) falló o se cortó antes de terminar.",
        "La orden que produce los datos terminó con error o quedó cortada. {said}",
        "Revise el registro de la tarea y el servidor de la fuente. No quedó ninguna copia incompleta.",
    ),
    "source_command_empty": Cause(
        "El volcado salió vacío",
        "El programa que extrae los datos terminó bien, pero no entregó nada.",
        "La orden «{command}» terminó sin producir datos para {item}.",
        "Revise la base de datos y los permisos del usuario. La copia vacía se descartó.",
    ),
    "database_missing": Cause(
        "La base de datos no existe",
        "El servidor responde, pero no tiene la base de datos que se debe copiar.",
        "En el servidor de la conexión «{connection}» no existe la base de datos «{database}».",
        "Corrija el nombre en el alcance, o restablezca la base de datos.",
    ),
    "database_denied": Cause(
        "La base de datos no admite al usuario",
        "El servidor de la base de datos no acepta el usuario o la contraseña de la conexión.",
        "El servidor de la conexión «{connection}» rechazó la entrada: {said}",
        "Corrija usuario y contraseña en Administración → Conexiones.",
    ),
    "database_unreachable": Cause(
        "La base de datos no responde",
        "El servidor de la base de datos está apagado, o la red no llega a él.",
        "No se pudo llegar al servidor de la conexión «{connection}»: {said}",
        "Revise que el servidor esté encendido y que la red llegue a él.",
    ),
    "repository_missing": Cause(
        "El repositorio no existe",
        "En el lugar del repositorio no hay ninguno, aunque ya debía tener copias.",
        "No hay repositorio en {location}." + _SAID,
        "Si el disco no está montado, móntelo. Si el repositorio se perdió, no cree uno vacío en su lugar: "
        "recupérelo desde la segunda copia.",
    ),
    "repository_locked": Cause(
        "El repositorio está ocupado",
        "Otro proceso trabaja en el repositorio, o uno que murió dejó su bloqueo puesto.",
        "Otra tarea tiene bloqueado el repositorio «{repository}»." + _SAID,
        "Espere a que termine el mantenimiento. Si nadie lo usa, `restic unlock` retira bloqueos muertos.",
    ),
    "wrong_password": Cause(
        "La contraseña no abre el repositorio",
        "El repositorio está, pero no abre con la contraseña que Respaldo calcula para él.",
        "El secreto maestro de la conexión no abre {location}." + _SAID,
        "Compare el secreto de la conexión con el del sobre. Las copias hechas siguen intactas.",
    ),
    "foreign_repository": Cause(
        "El repositorio es de otro alcance",
        "La carpeta contiene las copias de otro alcance: escribir en ella las mezclaría.",
        "{location} es del alcance «{owner}», no de «{scope}»: no se escribió nada en él.",
        "Revise si alguien movió o renombró carpetas dentro del repositorio.",
    ),
    "key_files_missing": Cause(
        "Faltan las llaves del repositorio",
        "Se borraron las llaves del repositorio: sus datos siguen allí y no se pueden descifrar.",
        "La carpeta keys de {location} está vacía: sin sus archivos ninguna contraseña lo abre.",
        "Recupere la carpeta keys (de la segunda copia del disco) y no escriba nada más en él.",
    ),
    "repository_unreachable": Cause(
        "El repositorio no responde",
        "El servidor o el disco del repositorio no responde.",
        "No se pudo llegar a {location}." + _SAID,
        "Revise la red y el servidor del repositorio.",
    ),
    "repository_denied": Cause(
        "El repositorio no da permiso",
        "El usuario que hace las copias no puede leer o escribir en el repositorio.",
        "Falta permiso en {location}." + _SAID,
        "Dé permiso de lectura y escritura al usuario que ejecuta las copias. En un servidor o un almacén de objetos, "
        "revise el usuario y la contraseña, o las llaves, de la conexión.",
    ),
    "repository_untrusted": Cause(
        "El servidor del repositorio no es de confianza",
        "Quien responde en la dirección del repositorio no muestra el certificado o la clave que se espera. Puede "
        "ser un cambio legítimo del servidor, o alguien en medio.",
        "{location} no demostró ser el servidor del repositorio." + _SAID,
        "Pregunte a quien administra el servidor si cambió su certificado o su clave. Si fue así, ponga el nuevo en "
        "repositories.yaml (ca) o en la conexión (clave pública del servidor). Si no, no la acepte: avise a seguridad.",
    ),
    "repository_clock": Cause(
        "El reloj no coincide con el del almacén",
        "La hora de este trabajador y la del almacén de objetos difieren en más de unos minutos, y el almacén no "
        "acepta lo que se firma con otra hora.",
        "{location} no aceptó la hora de este trabajador." + _SAID,
        "Corrija el reloj del equipo que está mal y déjelo sincronizado (NTP: chrony o systemd-timesyncd).",
    ),
    "repository_read_only": Cause(
        "El repositorio es de solo lectura",
        "El disco del repositorio no admite escrituras.",
        "No se puede escribir en {location}." + _SAID,
        "Revise por qué el disco se montó de solo lectura (suele ser una falla del disco).",
    ),
    "repository_full": Cause(
        "El repositorio está lleno",
        "El disco o la cuota del repositorio se agotó, y la copia no cupo.",
        "No queda espacio en {location}." + _SAID,
        "Amplíe el disco, o retire copias viejas (restic forget y prune). Las copias anteriores siguen intactas.",
    ),
    "repository_damaged": Cause(
        "El repositorio está dañado",
        "Se perdieron o cambiaron datos ya guardados: alguna copia puede no restaurarse completa.",
        "Hay datos dañados en {location}." + _SAID,
        "Respaldo lo repara y vuelve a copiar lo que la fuente todavía tiene. Para restaurar mientras tanto, use la "
        "segunda copia.",
    ),
    "index_damaged": Cause(
        "El índice del repositorio está dañado",
        "La lista de lo que el repositorio guarda se perdió o cambió; los datos pueden estar completos.",
        "El índice de {location} no sirve; los datos pueden estar completos." + _SAID,
        "Respaldo lo rehace a partir de los datos (restic repair index) y lee todo para comprobarlo.",
    ),
    "config_damaged": Cause(
        "La configuración del repositorio está dañada",
        "El archivo que describe el repositorio, o una llave, cambió: nada abre hasta recuperarlo.",
        "No se puede leer el archivo config, o una llave, de {location}." + _SAID,
        "Recupere ese archivo de una copia del disco. Los datos siguen allí, pero sin él nada se puede leer; use la "
        "segunda copia mientras tanto.",
    ),
    "cache_unusable": Cause(
        "La caché de restic no se puede usar",
        "La caché de restic en el trabajador no sirve; solo acelera y no contiene copias.",
        "restic no puede usar su caché en este trabajador." + _SAID,
        "Revise permisos y espacio de la carpeta cache de RESPALDO_HOME; se puede borrar sin pérdida.",
    ),
    "snapshot_missing": Cause(
        "La copia no está",
        "La copia se hizo, pero ya no aparece en el repositorio.",
        "La copia {snapshot} no está en el repositorio «{repository}».",
        "Ejecute la copia de nuevo e investigue quién la retiró.",
    ),
    "count_mismatch": Cause(
        "La copia no contiene lo que debía",
        "La copia tiene menos o más de lo que el motor dijo haber guardado.",
        "La copia {snapshot} tiene {files} archivos y {size_bytes} bytes; debía tener "
        "{expected_files} archivos y {expected_bytes} bytes.",
        "Ejecute la copia de nuevo; si se repite, revise el repositorio.",
    ),
    "content_mismatch": Cause(
        "Un archivo restaurado no es igual a la fuente",
        "Lo que se restauró para verificar no es lo que hay en la fuente.",
        "En la copia {snapshot} el archivo {path} no es igual al original, que no ha cambiado.",
        "Ejecute la copia de nuevo; si se repite, revise disco y memoria del equipo.",
    ),
    "dump_unreadable": Cause(
        "El volcado no se puede leer",
        "El volcado guardado está cortado o dañado, y no serviría para restaurar.",
        "El volcado {item} de la copia {snapshot} no está completo: {reason}",
        "Ejecute la copia de nuevo.",
    ),
    "copy_incomplete": Cause(
        "La copia está incompleta",
        "Demasiados archivos no se pudieron leer, o desaparecieron mientras se copiaban.",
        "Faltan en la copia {missed} archivos que no se pudieron leer; el alcance admite {limit}. El primero: {first}",
        "Dé permiso de lectura, o excluya lo que no se debe copiar; la lista completa está en el registro de la tarea.",
    ),
    "copy_shrunk": Cause(
        "La copia es mucho menor que la anterior",
        "La copia perdió más tamaño del admitido: pueden haberse borrado datos en la fuente.",
        "La copia tiene {now_bytes} bytes; la anterior ({previous}), {before_bytes}. "
        "Se admite hasta {limit_percent} % menos.",
        "Revise si se perdieron datos en la fuente. Si es correcto, ejecute de nuevo aceptando la reducción.",
    ),
    "second_copy_missing": Cause(
        "La segunda copia no está",
        "La copia está en la sede principal, pero no quedó en la alterna.",
        "La copia {snapshot} ({item}) no aparece en «{repository}» después de copiarla.",
        "Revise el repositorio de la sede alterna y ejecute de nuevo.",
    ),
    "already_running": Cause(
        "Ya hay otra ejecución",
        "Dos ejecuciones del mismo alcance coincidieron; la segunda no escribe para no estorbar.",
        "Otra ejecución del alcance «{scope}» está escribiendo en este trabajador.",
        "Espere a que termine.",
    ),
    "engine_killed": Cause(
        "restic fue interrumpido",
        "El proceso de restic fue detenido desde fuera: por el sistema, por falta de memoria o a mano.",
        "Alguien o algo detuvo a restic." + _SAID,
        "Revise memoria y apagados del equipo. Se reintenta por sí solo.",
    ),
    "timed_out": Cause(
        "Se agotó el tiempo",
        "El paso tardó más de lo que el alcance permite y se detuvo.",
        "El paso no terminó en el tiempo permitido ({seconds} s).",
        "Revise qué lo demora, o amplíe `timeout` en el alcance.",
    ),
    "interrupted": Cause(
        "Ejecución interrumpida",
        "El proceso del paso murió sin poder anotar la causa.",
        "El paso «{step}» terminó sin decir por qué: se apagó el trabajador, o alguien detuvo la tarea.",
        "Revise el equipo y ejecute de nuevo.",
    ),
    "cancelled": Cause(
        "Ejecución detenida",
        "Alguien, o el apagado del trabajador, pidió al paso que se detuviera.",
        "Se pidió detener el paso «{step}»: alguien lo marcó, o el trabajador se estaba apagando.",
        "Se reintenta por sí solo, salvo que alguien lo haya marcado; entonces ejecute de nuevo cuando convenga.",
    ),
    "run_lost": Cause(
        "La ejecución murió sin decir nada",
        "La ejecución entera desapareció sin cerrar su fila; la encontró la vigilancia de fallas.",
        "La ejecución terminó en Airflow ({state}) sin cerrar su fila: se apagó el equipo, o alguien la detuvo entera.",
        "Revise el equipo. Respaldo vuelve a ejecutar la copia una vez.",
    ),
    "temporary_space": Cause(
        "Falta espacio temporal",
        "El disco del trabajador no tiene lugar para lo que se restaura al verificar.",
        "No hay espacio en {target} para restaurar lo que se verifica. {said}",
        "Libere espacio en el trabajador.",
    ),
    "report_unavailable": Cause(
        "El reporte no responde",
        "La base de datos del reporte está apagada, llena o no responde; las copias siguen.",
        "La base de datos del reporte no está disponible: {reason}",
        "Revise el servidor. Lo anotado espera en el trabajador y se escribe después.",
    ),
    "report_schema": Cause(
        "El reporte no tiene las tablas esperadas",
        "Las tablas del reporte no son las de esta versión, o su usuario no tiene los permisos.",
        "La base de datos del reporte no corresponde a esta versión: {reason}",
        "Ejecute `respaldo db migrate`.",
    ),
    "report_tampered": Cause(
        "El historial fue alterado",
        "Alguien cambió el historial del reporte por fuera de Respaldo.",
        "El historial del reporte no es el que se escribió (entrada {seq}).",
        "Conserve la base de datos como está e informe al responsable de seguridad.",
    ),
    **HOST_CAUSES,
    **DATABASE_CAUSES,
    **SOURCE_CAUSES,
    **REQUEST_CAUSES,
    **PEOPLE_CAUSES,
    "unknown": Cause(
        "Causa desconocida",
        "El error no corresponde a ninguna causa conocida; se trata como falla.",
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


def usual(code: str) -> str:
    """Tell what usually mends a cause, of no case in particular: what a case would name is left open."""
    return CAUSES[code].corrective.format_map(defaultdict(lambda: "…"))


def _of(code: str) -> Cause:
    return CAUSES.get(code, CAUSES["unknown"])


def _filled(template: str, error: RespaldoError) -> str:
    facts = defaultdict(str, error.facts)
    reason = _of(error.code).reasons.get(facts["reason"])
    if reason is not None:
        facts["reason"] = reason.format_map(facts)
    return " ".join(template.format_map(facts).split())
