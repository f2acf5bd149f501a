"""The causes of failure of databases, in words."""

from __future__ import annotations

from respaldo.texts.cause import Cause

DATABASE_CAUSES: dict[str, Cause] = {
    "tool_unfit": Cause(
        "El programa de volcado no sirve para el servidor",
        "El programa que vuelca la base de datos es más viejo que el servidor, o es de otro producto: podría "
        "dejar cosas sin copiar y sin decirlo.",
        "El servidor de la conexión «{connection}» es {server} y «{tool}» de este trabajador es {version}. Hace "
        "falta {needed}, o uno posterior.",
        "Instale en el trabajador el paquete que dice la fila, de la versión del servidor o posterior.",
    ),
    "source_not_consistent": Cause(
        "La copia no sería de un solo momento",
        "Hay tablas sin transacciones (MyISAM, Aria): pueden cambiar mientras se vuelcan, y el alcance no lo "
        "admite.",
        "En {source} no tienen transacciones: {tables}.",
        "Pase las tablas a InnoDB (ALTER TABLE … ENGINE=InnoDB), o admita el aviso con not_transactional: warn.",
    ),
}  # fmt: skip
