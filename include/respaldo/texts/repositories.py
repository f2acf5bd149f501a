"""The words of ``respaldo repositories``."""

from __future__ import annotations

GROUP = "Los repositorios: dónde viven las copias."
CHECK = "Comprueba que los repositorios responden, se abren, se dejan escribir y son lo que dice la configuración."
NAME = "Solo este repositorio."
ENGINE = "restic {version}"
HEADINGS = ("Alcance", "Existe", "Formato", "Abre en", "Se escribe", "Se puede borrar", "Espacio libre")
TITLE = "{name}: {location}"
APPEND_ONLY = "solo admite agregar"
YES_NO = {True: "sí", False: "no", None: "–"}
NEW = "todavía no"
SECONDS = "{seconds:.1f} s"
UNKNOWN = "–"
PROBLEM = "{repository}, {scope}: {told}"
PROMISE_BROKEN = (
    "{repository}, {scope}: la configuración dice que solo admite agregar (append_only), y el servidor deja borrar. "
    "Quien entre a un servidor con esas credenciales puede borrar las copias. Arranque restic-rest-server con "
    "--append-only, o quite append_only de repositories.yaml."
)
PROMISE_BROKEN_STORE = (
    "{repository}, {scope}: la configuración dice que solo admite agregar (append_only), y quien tenga esta llave puede "
    "destruir las copias: el depósito no guarda versiones, o la llave puede borrarlas. Encienda las versiones del depósito "
    "y niéguele a la llave s3:DeleteObjectVersion, o cree el depósito con bloqueo de objetos y un plazo; o "
    "quite append_only de repositories.yaml."
)
PROMISE_MISSING = (
    "{repository}: el servidor no deja borrar y la configuración no lo dice. Escriba append_only: true en "
    "repositories.yaml, para que Respaldo no intente allí lo que no se puede."
)
NOBODY = "{repository}: ningún alcance guarda copias en él; no hay qué abrir."
REST_SKIPPED = "{repository}: los demás alcances no se probaron, porque es el mismo servidor."
ALL_GOOD = "Todo bien: {count} comprobados."
