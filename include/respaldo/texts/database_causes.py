"""The causes of failure of databases, in words."""

from __future__ import annotations

from respaldo.texts.cause import Cause

DATABASE_CAUSES: dict[str, Cause] = {
    "tool_unfit": Cause(
        "El programa de volcado no sirve para el servidor",
        "El programa que vuelca la base de datos es más viejo que el servidor, o es de otro producto: podría "
        "dejar cosas sin copiar y sin decirlo. O el que restaura escribe lo que el servidor no conoce.",
        "El servidor de la conexión «{connection}» es {server} y «{tool}» de este trabajador es {version}. Hace "
        "falta {needed}.",
        "Instale en el trabajador el paquete que dice la fila: de la versión del servidor. Puede haber varias a la vez.",
    ),
    "source_not_consistent": Cause(
        "La copia no sería de un solo momento",
        "Hay tablas sin transacciones (MyISAM, Aria): pueden cambiar mientras se vuelcan, y el alcance no lo "
        "admite.",
        "En {source} no tienen transacciones: {tables}.",
        "Pase las tablas a InnoDB (ALTER TABLE … ENGINE=InnoDB), o admita el aviso con not_transactional: warn.",
    ),
    "barman_unusable": Cause(
        "Barman no funciona",
        "Barman está instalado y no puede trabajar: su configuración no sirve, o es de otro usuario.",
        "Barman no pudo atender el servidor «{server}»: {said}",
        "Ejecute `barman check` con el usuario del trabajador: debe ser el de barman_user, o root. Si la configuración "
        "no es /etc/barman.conf, escríbala en config.",
    ),
    "barman_server_unknown": Cause(
        "Barman no conoce el servidor",
        "La configuración de Barman no tiene un servidor con el nombre que dice el alcance.",
        "No hay un servidor «{server}» en {config}.",
        "Corrija `server` en el alcance, o agregue el servidor a Barman (`barman list-servers` muestra los que hay).",
    ),
    "barman_check_failed": Cause(
        "Barman encontró algo mal",
        "`barman check` revisa el servidor, el camino hasta él y lo que guarda de él, y algo de eso no está bien.",
        "`barman check {server}` falla en: {checks}.",
        "Corrija lo que dice la fila. Si es wal_archive de un servidor nuevo: `barman switch-wal --force --archive`.",
    ),
    "barman_busy": Cause(
        "Barman está haciendo otra copia",
        "Barman hace una copia base a la vez de cada servidor, y otra está en curso.",
        "Hay otra copia base de «{server}» en curso.",
        "Se intenta de nuevo. Si se repite, programe a otra hora la copia que hace otro (cron, una persona).",
    ),
    "base_backup_failed": Cause(
        "Falló la copia base",
        "Barman empezó una copia base y no la terminó bien.",
        "La copia base de «{server}» no terminó bien: {said}",
        "Se intenta de nuevo. Mire el registro de Barman: el disco lleno y la red cortada son lo más frecuente.",
    ),
    "base_backup_damaged": Cause(
        "La copia base está dañada",
        "Lo que Barman guarda de una copia base no es lo que era cuando la hizo.",
        "La copia base {backup} de «{server}» no está bien: {said}. No se guardó.",
        "Revise el disco de Barman, borre la copia base (`barman delete`) y ejecute la copia de nuevo.",
    ),
    "wal_archive_stopped": Cause(
        "El WAL no llega a Barman",
        "El servidor produce WAL y Barman no lo recibe: lo que pase desde entonces no se podría restaurar.",
        "Falta WAL de «{server}» en Barman: {reason}.",
        "Revise archive_command, o `barman receive-wal` y su ranura de replicación, y `barman cron`.",
        {
            "none": "no ha llegado ninguno",
            "missing": "el que necesita la copia base {backup} no llegó en {seconds} segundos",
            "old": "el último, {wal}, llegó hace {age_seconds} segundos; el alcance admite {limit_seconds}",
        },
    ),
}  # fmt: skip
