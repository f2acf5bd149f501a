"""What people read of a scope whose copies another product makes: its tasks, and why a console is no proof."""

from __future__ import annotations

TASK_TITLES = {
    "plan": "6 · Programar y comprobar",
    "inspect": "8 · Leer el registro de la consola",
    "verify": "12 · 13 Verificar la copia",
    "record": "8 · Registrar en TIC-FM007",
    "watcher": "Resultado",
}

DOC = """
### {name}

**Dependencia:** {department} · **Criticidad:** {criticality} · **Responsable:** {responsible}

| | |
|---|---|
| Herramienta | {product} |
| Registro de su consola | `{where}` |
| Equipo | {host} |
| Trabajo | {job} |
| Retención | {retention} |
| RPO / RTO | {rpo} / {rto} |

**Qué hace.** Las copias las hace **{product}**, con su propia programación: Respaldo no la ejecuta. Lee el registro de su
consola (6, 8), toma la copia terminada más reciente, y verifica (12, 13) que salió bien, que no es más vieja que el RPO y que
no es menor de lo que debe ser. La fila de TIC-FM007 lleva las horas, el tamaño y el registro de la consola. Una copia en curso no
cuenta ni estorba: se juzga la última que terminó.

**Si está en rojo.** La tarea roja dice la causa. Corrija en la herramienta, haga allí la copia y responda **Corregida: volver a
ejecutar** en el análisis de la falla.

**Leer ahora el registro (21).** Botón ▶: escriba motivo, solicitante y caso.
"""
THIS_WORKER = "este trabajador"
ALL_JOBS = "todas las entradas"

READ = "Registro de la consola: %s (%d entradas). La copia más reciente que terminó: %s"
ENTRY = "{result}, de {started_at} a {ended_at}, {size}"
UNDER_WAY = "Hay una copia en curso en la consola, que comenzó {started_at}; se juzga la última que terminó."
TAKEN_FROM = "Copia hecha por {product}. Resultado según su consola: {result}."

UNREADABLE = {
    "no_file": "no hay ningún archivo {path}.",
    "not_a_file": "{path} no es un archivo.",
    "no_permission": "no hay permiso para leer {path}.",
    "read_failed": "{path}: {said}",
    "too_large": "{path} tiene más de {limit} MiB. Rótelo, o use «from: command» con una orden que dé solo lo último.",
    "empty": "{path} está vacío.",
    "not_text": "{path} no es texto en {encoding}: revise «encoding».",
    "command_missing": "en este trabajador no hay un programa «{tool}».",
    "command_slow": "la orden no terminó en {seconds} segundos.",
    "command_failed": "la orden terminó con código {exit_code}: «{said}»",
    "not_json": "{path} no es JSON (línea {line}): {said}",
    "no_list": "{path} no tiene una lista en «{key}».",
    "not_an_object": "la entrada {entry} de la lista no es un objeto.",
    "not_csv": "{path} no es una tabla CSV (línea {line}): {said}",
    "row_ragged": "la línea {line} de {path} no tiene tantos valores como columnas: revise «delimiter».",
    "column_missing": "{path} no tiene la columna «{column}»; tiene: {found}",
    "column_twice": "{path} tiene dos veces la columna «{column}»: no se sabe cuál vale.",
    "pattern_nothing": "el patrón no encuentra nada en {path}: «{pattern}»",
    "pattern_slow": "buscar el patrón tarda más de {seconds} segundos: simplifíquelo.",
    "too_many": "{path} tiene más de {limit} entradas.",
    "no_entry": "no hay ninguna entrada de «{job}». Las hay de: {found}",
    "none_over": "ninguna copia de «{job}» ha terminado.",
    "result_unknown": "el resultado «{value}» (entrada {entry}) no está en good, warning, failed ni running.",
    "bad_time": "«{value}» ({part}, entrada {entry}) no es una hora como las de «times».",
    "bad_number": "«{value}» ({part}, entrada {entry}) no es un número como los de «numbers».",
    "no_time": "la entrada {entry} no dice cuándo fue la copia.",
    "end_before_start": "la entrada {entry} termina antes de comenzar.",
    "in_future": "la entrada {entry} dice una hora que no ha llegado ({value}): revise «times» y los relojes.",
    "host_unreachable": "no se llega al equipo de la conexión «{host}»: {said}",
    "host_slow": "el equipo de la conexión «{host}» no respondió a tiempo.",
    "host_key": "el equipo de la conexión «{host}» no muestra la llave que debe: puede ser otro. Si cambió de verdad, "
    "ponga la nueva en «host_key» de la conexión.",
    "jump_forbidden": "el equipo de salto «{host}» no deja seguir desde él: {said}",
    "known_hosts": "known_hosts del usuario que ejecuta las copias no se puede leer: {said}",
    "login_refused": "el equipo de la conexión «{host}» no acepta el usuario, la contraseña o la llave.",
    "private_key": "la llave privada de la conexión «{host}» no se puede leer: {said}",
    "ssh_failed": "el equipo de la conexión «{host}» dice: {said}",
}
"""Why a console record cannot be read."""

FAILED = {
    "said_so": "«{said}»",
    "size_untold": "no dice su tamaño, y debe tener {least} bytes o más.",
    "too_small": "tiene {found} bytes, y debe tener {least} o más.",
    "shrunken": "tiene {found} bytes y la anterior {before}: perdió más de {limit} %.",
}
"""Why what a console tells is no good copy."""
