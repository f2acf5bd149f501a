"""The words of the inventory: its columns, the comments of the files that are made of it, what is told."""

from __future__ import annotations

SYNONYMS = {
    "activo": "asset",
    "codigo": "asset",
    "codigo_del_activo": "asset",
    "nombre": "name",
    "dependencia": "department",
    "criticidad": "criticality",
    "modalidad": "mode",
    "modo": "mode",
    "clase": "kind",
    "tipo": "kind",
    "identificador": "id",
    "rutas": "paths",
    "ruta": "paths",
    "excluir": "exclude",
    "conexion": "connection",
    "bases_de_datos": "databases",
    "que_se_copia": "what",
    "instrucciones": "instructions",
    "verifica": "verifier",
    "producto": "product",
    "registro_de_consola": "record",
    "programacion": "schedule",
    "responsable": "responsible",
    "repositorio": "repository",
    "segunda_copia": "second_copy",
    "retencion": "retention",
    "cola": "queue",
    "contrato": "contract",
    "contrato_hasta": "contract_until",
}
"""Other names of the columns, in small letters without accents."""
VALUES = {
    "archivos": "files",
    "carpetas": "files",
    "base_de_datos": "postgresql",
    "bases_de_datos": "postgresql",
    "postgres": "postgresql",
    "externo": "external",
    "externa": "external",
    "otra_herramienta": "external",
    "herramienta_software": "software",
    "critica": "alta",
}
"""Other words for kinds, modes and criticalities, in small letters without accents."""

HEAD = """Del inventario {file}, línea {line}: {asset}. Escrito por `respaldo scopes import`.
REVISAR lo que diga así, y borrar el comentario; después, respaldo lint. El DAG aparece apagado: enciéndalo."""
SCHEMA_LINE = "yaml-language-server: $schema=../schema/scope.json"
ASSUMED = "REVISAR: el inventario no lo dice; es el valor general que se dio al importar."
NOTES = {
    "schedule": "Cron en la hora de la organización: minuto hora día mes día-de-semana.",
    "rpo": "Cuánto trabajo se puede perder, a lo sumo. La programación debe caber en él.",
    "rto": "Cuánto puede tardar una restauración, a lo sumo.",
    "source": "Qué se copia. Después de la primera copia, mirar en su fila que esté completo.",
    "instructions": "REVISAR: los pasos, uno a uno, de quien hace la copia (Markdown).",
    "second_copy": "En otra sede.",
    "contract": "Se avisa antes de que venza. on_lapse: block no deja copiar sin contrato.",
}
"""A comment by key of the file."""
EXTERNAL_NOTE = "REVISAR record, entries, good y failed con un registro real de la consola."
NO_SCHEDULE = "REVISAR: sin `schedule` solo se copia a mano."

IMPORT = (
    "Crea un archivo de alcance por cada línea de un inventario CSV: todos o ninguno, y nunca sobre otro."
)
IMPORT_FILE = "El inventario, con los títulos de las columnas en la primera línea."
IMPORT_DRY_RUN = "Solo comprobar y decir qué se escribiría."
IMPORT_TO = "Carpeta donde escribir; si no se dice, la de los alcances."
IMPORT_REPOSITORY = "Repositorio de los que no lo digan."
IMPORT_SECOND_COPY = "Segunda copia de los que no la digan."
IMPORT_SCHEDULE = "Programación de los que no la digan; sin ella, solo a mano."
IMPORT_RESPONSIBLE = "Rol responsable de los que no lo digan."
IMPORT_RPO = "RPO de los que no lo digan."
IMPORT_RTO = "RTO de los que no lo digan."
IMPORT_RETENTION = "Retención de los que no la digan."
MISSING = "Compara un inventario CSV con los alcances. Termina con 1 si a un activo le falta el suyo."
DEFAULT_RETENTION = "daily 7d, weekly 5w, monthly 12m, yearly 5y"
DEFAULT_INSTRUCTIONS = "Escriba aquí los pasos de la copia."

WINDOWS = (
    "{file}: no está en UTF-8; se leyó como lo escribe Windows ({encoding}). Revise las tildes y las eñes."
)
UNUSED = "{file}: estas columnas no se usan: {headings}."
COVERED = "{count} activos ya tienen alcance: {assets}"
WOULD_WRITE = "Se escribiría {path}: {name} (línea {line})"
WRITTEN = "Escrito {path}: {name} (línea {line})"
NOTHING_WRITTEN = "{count} errores. No se escribió nada."
NOT_WRITABLE = "No se pudo escribir: {reason}. No quedó escrito ninguno."
COUNT = "{count} alcances nuevos. Revise los comentarios REVISAR y ejecute: respaldo lint"
COUNT_DRY = "{count} alcances se escribirían. No se escribió nada."
NOTHING_NEW = "Nada por escribir: cada activo tiene su alcance."

WITHOUT_SCOPE = "Activos sin alcance"
WITHOUT_SCOPE_HEADINGS = ("Activo", "Nombre", "Dependencia", "Línea")
UNKNOWN = "Alcances de un activo que no está en el inventario"
WITHOUT_ASSET = "Alcances que no dicen de qué activo son (clave asset)"
SCOPES_HEADINGS = ("Id", "Alcance", "Activo")
UNREADABLE = (
    "{count} alcances no se pueden leer, y no cuentan: {scopes} (respaldo lint). El activo de cada uno puede aparecer como si no "
    "tuviera alcance."
)
ALL_COVERED = "Cada activo del inventario tiene su alcance."
MISSING_COUNT = "Activos sin alcance: {count} de {all}."
