"""The words of the command line."""

from __future__ import annotations

PROGRAM = "Respaldo: copias de seguridad según el procedimiento TIC-PR009."
LINT = "Comprueba la configuración: archivo, línea, clave, causa y qué escribir."
LINT_OFFLINE = "No preguntar a Airflow si las conexiones existen."
SCHEMA = "Escribe los esquemas JSON que usan los editores."
SCHEMA_FOLDER = "Carpeta donde escribirlos."
SCHEMAS_WRITTEN = "Esquemas escritos en {folder}"
SCOPES = "Lista los alcances configurados."
SCOPES_HEADINGS = ("Id", "Alcance", "Fuente", "Programación", "RPO", "Copias en", "Responsable")
SCOPES_INVALID = "inválido: {count} errores (respaldo lint)"
BY_HAND = "a mano"
PASSWORD = "Escribe la contraseña de restic de un alcance en un repositorio."
PASSWORD_REPOSITORY = "Nombre del repositorio."
PASSWORD_SCOPE = "Id del alcance."
PASSWORD_STDIN = "Leer el secreto maestro de la entrada (del sobre) en vez de la conexión de Airflow."
PASSWORD_EMPTY = "No se leyó ningún secreto."
DB = "La base de datos del reporte."
MIGRATE = "Lleva la base de datos del reporte a la versión de este programa."
MIGRATED = "Aplicada: {name}"
MIGRATED_NONE = "Nada por aplicar: la base de datos está al día."
FLUSH = "Escribe en el reporte lo que espera en este equipo."
FLUSHED = "Escritos: {written}. En espera: {waiting}. Rechazados: {rejected}."
FM007 = "Muestra el formato TIC-FM007."
SINCE = "Desde este día (AAAA-MM-DD), incluido."
UNTIL = "Hasta este día (AAAA-MM-DD), incluido."
SCOPE = "Solo este alcance."
SCOPE_ID = "Id del alcance."
FORMAT = "table, csv o json."
VERIFY_LOG = "Recalcula la cadena del historial y nombra la primera fila alterada."
SYNC = "Crea en Airflow los grupos de turnos (pools) de los repositorios y anota los usuarios que pueden decidir."
SYNCED = "Pool {pool}: {slots} turnos"
SYNCED_USERS = "Usuarios de Airflow anotados: {count}"
NOT_A_REPOSITORY = "No hay un repositorio «{name}»; los hay: {known}"
NOT_A_SCOPE = "No hay un alcance «{name}»; los hay: {known}"
NOT_A_MOMENT = (
    "«{text}» no es una fecha: escriba AAAA-MM-DD o AAAA-MM-DDTHH:MM, en la hora de la organización."
)
NOT_CONFIGURED = "Hay copias en «{name}», que ya no está en repositories.yaml: no se puede mirar."
AT = "La copia más reciente hasta esta fecha (AAAA-MM-DD: todo ese día) o momento (AAAA-MM-DDTHH:MM)."
REPORT_DOWN = "Sin el reporte no se sabe qué copias debe haber, ni cuáles se verificaron. {told}"

COPIES = "Muestra las copias verificadas de un alcance, y si de verdad están en los repositorios."
COPIES_REPOSITORY = "Mirar solo en este repositorio."
COPIES_LIMIT = "Cuántas, de la más reciente hacia atrás."
COPIES_TITLE = "Copias verificadas"
COPIES_HEADINGS = ("N.º", "Fecha", "Estado", "Tamaño", "Archivos")
IS_THERE = {True: "está", False: "FALTA", None: "no se pudo mirar"}
NO_COPY_HERE = "–"
NO_COPIES = "El reporte no conoce copias verificadas de este alcance en ese tiempo."
UNKNOWN_TITLE = "En los repositorios, sin que el reporte las conozca como verificadas"
HELD_TITLE = "Lo que hay en los repositorios"
UNKNOWN_HEADINGS = ("Fecha", "Repositorio", "Elemento", "Tamaño", "Archivos", "Copia", "Ejecución")
CANNOT_LIST = "No se pudo mirar en «{repository}». {told}"
MISSING = "FALTA en «{repository}» la copia {snapshot} ({item}), N.º {number}, del {taken_at}: el reporte la verificó y ya no está."

FIND = "Busca en qué copias de un alcance está un archivo o una carpeta."
FIND_PATTERN = "Nombre, ruta o patrón, como informe.docx, /datos/informe.docx o '*.docx'."
FIND_AT = "Solo en copias hasta esta fecha o momento."
FIND_REPOSITORY = "Buscar en este repositorio; si no se dice, en el principal del alcance."
FOUND_HEADINGS = ("Fecha", "Copia", "Ruta", "Tamaño", "Modificado")
FOUND_NOWHERE = "«{pattern}» no está en ninguna de las {count} copias de «{repository}»."
NODE_TYPES = {"dir": "carpeta", "symlink": "enlace"}
NO_SNAPSHOTS = "En «{repository}» no hay copias de «{scope}» de ese tiempo."
DUMPS_HEADINGS = ("Fecha", "Copia", "Base de datos", "Tamaño")
NO_SEARCH_IN_DUMPS = (
    "Dentro de una copia de base de datos no se busca: `respaldo restore {scope} --database BASE --table ESQUEMA.TABLA` "
    "restaura solo esa tabla, en una base de datos aparte."
)

RESTORE = (
    "Restaura de una copia, y lo verifica. Sin más opciones: todo, de la última copia, en una carpeta aparte."
)
RESTORE_PATH = "Ruta absoluta o patrón; se puede repetir. Sin ninguno: todo."
RESTORE_DATABASE = "Base de datos; se puede repetir."
RESTORE_SCHEMA = "Esquema; se puede repetir."
RESTORE_TABLE = "Tabla, como esquema.tabla; se puede repetir."
RESTORE_SNAPSHOT = "Esta copia (8 o más cifras), en vez de un momento."
RESTORE_REPOSITORY = "Usar la copia que está en este repositorio."
RESTORE_SECOND = "Usar la segunda copia."
RESTORE_TO = "staging (aparte), original, una carpeta (ruta absoluta) o database:NOMBRE."
RESTORE_OVERWRITE = "Qué pasa con lo que ya existe: never, if-newer o always."
RESTORE_YES = "No preguntar antes de reemplazar datos en uso (para programas)."
RESTORE_REQUESTER = "Quién lo pide; si no se dice, quien está en la terminal."
RESTORE_TICKET = "Número del caso o del oficio."
RESTORE_REASON = "Qué pasó."
RESTORE_REASON_DEFAULT = "Restauración desde la terminal"
REPOSITORY_AND_SECOND = "Escriba --repository o --second, no ambos."
NOT_IN_REPORT = "El reporte no conoce la copia {snapshot} como verificada: se busca en el repositorio."
FROM_REPOSITORY = (
    "Se usa lo que hay en «{repository}»: la copia del {taken_at} ({items}). Nadie garantiza que se haya verificado ni que "
    "esté completa."
)
NO_NUMBER = "–"
IDENTIFIED = "Copia {which}, N.º {number}, del {taken_at}, en «{repository}»: contiene lo pedido ({files} archivos, {size})."
READ_ALL = "Leída completa: {evidence}"
OVERWRITES = (
    "Se REEMPLAZARÍAN datos en uso: {touches}\n"
    "Desde la terminal no se hace copia de resguardo: si lo que hay ahora importa, ejecute antes el alcance."
)
TYPE_THE_SCOPE = "Para continuar escriba el id del alcance ({scope}): "
NOTHING_TOUCHED = "No se confirmó: no se tocó nada."
RESTORING = "Restaurando"
PROGRESS = "{percent:.0f} %: {done} de {total}"
RESTORED = "Restaurado y verificado: {files} archivos, {size}."
RESTORED_IN = "Dónde: {place}"
VERIFIED = "Cómo se verificó: {evidence}"
KEPT = "Lo que había antes se conserva como: {names}"
TRY_SECOND = "La segunda copia está en «{repository}»: repita la orden con --second."
INTERRUPTED = "Interrumpido. Lo que se alcanzó a restaurar puede estar incompleto."
RECORDED = "Requerimiento {key}"
ROWS_WAIT = "Su registro espera en este equipo: `respaldo db flush` lo escribe cuando el reporte responda."
AT_A_TERMINAL = "En la terminal (respaldo restore)."
AUTHORIZED_BY_OPTION = "En la terminal, con --yes. Sin copia de resguardo."
AUTHORIZED_BY_TYPING = "En la terminal, escribiendo el id del alcance. Sin copia de resguardo."
NOT_TYPED = "En la terminal: no escribió el id del alcance."
