"""The causes of failure of machines over SSH, in words."""

from __future__ import annotations

from respaldo.texts.cause import Cause
from respaldo.texts.console import UNREADABLE

HOST_CAUSES: dict[str, Cause] = {
    "host_unreachable": Cause(
        "El equipo no responde",
        "El equipo que tiene lo que se debe leer está apagado, tarda demasiado, o la red no llega a él.",
        "No se pudo trabajar con el equipo «{host}»: {reason}",
        "Revise que el equipo esté encendido y que la red llegue a él.",
        UNREADABLE,
    ),
    "host_key": Cause(
        "La llave del equipo no es la conocida",
        "El equipo muestra otra llave que la que se conoce de él, o no se conoce ninguna: puede ser otro.",
        "No se trabajó con el equipo «{host}»: {reason}",
        "Averigüe con quien administra el equipo por qué cambió su llave; si es la suya, acéptela con `respaldo hosts trust {host}`.",
        UNREADABLE,
    ),
    "host_login": Cause(
        "El equipo no deja entrar",
        "El equipo rechaza el usuario, la contraseña o la llave privada de la conexión.",
        "No se pudo entrar al equipo «{host}»: {reason}",
        "Corrija en la conexión el usuario, la contraseña o la llave privada, y pruebe con `respaldo hosts check {host}`.",
        UNREADABLE,
    ),
    "forwarding_forbidden": Cause(
        "El equipo no admite el reenvío",
        "El servidor SSH del equipo prohíbe el reenvío por el que se le lleva el repositorio.",
        "El equipo «{host}» no admite un reenvío de socket UNIX ni de puerto: {said}",
        "Ponga «AllowStreamLocalForwarding yes» (y «DisableForwarding no») en el sshd_config del equipo para ese usuario, "
        "o al menos «AllowTcpForwarding remote».",
    ),
    "server_forwarding_forbidden": Cause(
        "El equipo no deja llegar al servidor",
        "El servidor SSH del equipo prohíbe ir por él hasta el servidor de base de datos.",
        "El equipo «{host}» no deja llegar a {server}: {said}",
        "Ponga «AllowTcpForwarding local» (o «AllowStreamLocalForwarding local», si es un socket) y «DisableForwarding no» en el "
        "sshd_config del equipo para ese usuario.",
    ),
    "jump_forbidden": Cause(
        "El equipo de salto no deja pasar",
        "El servidor SSH del equipo por el que se llega a otro prohíbe seguir desde él.",
        "El equipo de salto «{host}» no deja seguir hasta el otro: {said}",
        "Ponga «AllowTcpForwarding local» (y «DisableForwarding no») en el sshd_config del equipo de salto para ese usuario.",
    ),
    "host_full": Cause(
        "Sin espacio en el equipo",
        "En el disco del equipo no cabe lo que la copia necesita allí mientras dura.",
        "En el equipo «{host}» no hay espacio en {folder}: {said}",
        "Libere espacio en esa carpeta del equipo y ejecute de nuevo.",
    ),
    "host_engine": Cause(
        "restic no sirve en el equipo",
        "El equipo no tiene un restic que sirva, y el que se le llevó no se pudo usar allí.",
        "En el equipo «{host}» ({machine}) no se puede usar restic: {said}",
        "Instale en el equipo restic {oldest} o posterior, o deje en el trabajador uno para esa arquitectura.",
    ),
    "host_forgery": Cause(
        "El equipo nombra una copia que no es la suya",
        "El equipo dijo haber hecho una copia que no está en el repositorio o que no es de esta ejecución: puede estar intervenido.",
        "El equipo «{host}» dio por hecha la copia {snapshot}, que no es de esta ejecución. No se creyó ni se borró nada.",
        "Trate el equipo como intervenido hasta saber por qué: mire qué restic usa (`respaldo hosts check {host}`) y quién entra en él. "
        "Las copias anteriores siguen en el repositorio.",
    ),
    "host_tools": Cause(
        "Al equipo le faltan programas",
        "El equipo no tiene un programa que la copia usa, o no admite los límites que su conexión pide.",
        "Al equipo «{host}» le falta: {missing}",
        "Instale en él los paquetes coreutils, findutils y util-linux, y para SQLite python3 (3.7 o posterior); sin ionice sirve «idle_disk»: false en la conexión, y sin nice, «nice»: null. "
        "En Windows, PowerShell 5.1 y un usuario administrador.",
    ),
    "host_platform": Cause(
        "Esa fuente no se copia de un equipo Windows",
        "La conexión dice que el equipo es Windows, y el tipo de fuente del alcance necesita un equipo POSIX.",
        "El equipo «{host}» es Windows, y de él no se copia «{kind}».",
        "De un equipo Windows se copian archivos (`kind: files`) y, por él, bases de datos de un servidor (postgresql, mariadb). Si el equipo "
        "no es Windows, quite «platform» de su conexión.",
    ),
    "host_clock": Cause(
        "El reloj del equipo está mal",
        "Los relojes del equipo y del trabajador difieren en minutos: las horas de las copias no se podrían creer.",
        "El reloj del equipo «{host}» difiere en {seconds} s.",
        "Sincronice el reloj del equipo (`timedatectl set-ntp true`) o el del trabajador, el que esté mal.",
    ),
    "host_failed": Cause(
        "El equipo no hizo lo pedido",
        "El servidor SSH del equipo, o su intérprete de órdenes, no hizo lo que se le pidió.",
        "El equipo «{host}» no hizo lo pedido: {said}",
        "Compruebe el equipo con `respaldo hosts check {host}`.",
    ),
}
