"""What the secrets of an installation made of containers tell whoever makes them, and the sheet for the envelope."""

from __future__ import annotations

SECRETS = "Crea los secretos una sola vez y muestra la hoja del sobre. Solo con --renew reemplaza uno de los que hay."
NAME = "NOMBRE"
FOLDER = "CARPETA"
FILE = "ARCHIVO"
PROJECT = "Carpeta del proyecto: la que tiene docker-compose.yaml."
FROM_ENVELOPE = "Toma del sobre sus cinco secretos (un archivo, o - para escribirlos) y crea los demás."
TO_SHEET = (
    "Guarda además la hoja en este archivo, que no debe existir. Solo la lee su dueño: imprímala y bórrela."
)
AGAIN = "Muestra otra vez la hoja de los secretos que hay; no crea nada."
RENEW = "Hace de nuevo un secreto de los que hay, y los que salen de él."
NO_PROJECT = "No se puede usar la carpeta {folder}: {reason}."
ONE_ALONE = "--again muestra la hoja de los secretos que hay, --from-envelope los crea y --renew cambia uno. Use una de las tres."

CONFIGURED = "Configuración de partida en {folder}: revísela antes de iniciar."
MADE = (
    "Secretos creados en {folder}. La contraseña del usuario admin está en su archivo admin_password.\n"
    "La hoja que sigue va en el sobre: no queda guardada en ningún otro lugar.\n"
)
TAKEN = "Secretos en {folder}: los cinco del sobre y los demás nuevos. La hoja del sobre sigue sirviendo: guárdela otra vez."
SHEET_SAVED = "La hoja quedó también en {file}. Imprímala y borre ese archivo."
SHEET_UNPRINTED = (
    "Los secretos están creados, pero la hoja no se pudo mostrar. Véala con: scripts/init-secrets --again"
)
TYPE_LINES = (
    "Escriba las cinco líneas del sobre, cada una con su nombre, y pulse Entrar al final de cada una.\n"
    "Los espacios no cuentan, las mayúsculas sí. Para dejarlo: Ctrl+C."
)
NOTHING_WRITTEN = "No se escribió ningún secreto. Corrija esas líneas y repita la orden."

RENEWED = "{name}: cambió, y del anterior no queda nada."
RECREATE = (
    "Cuando no corra ninguna copia, en este orden:\n"
    "  docker compose stop worker\n"
    "  docker compose up -d --force-recreate\n"
    "Hasta entonces los contenedores siguen con el anterior: compose no nota que un secreto cambió."
)
PRINT_AGAIN = "Está en el sobre. La hoja que sigue reemplaza a la de antes: imprímala y cambie la del sobre."
ON_SITES = "Lo tienen también los trabajadores de otras sedes: lleve allí el archivo y repita esas órdenes con worker-sede."
AFTERWARDS = {
    "api_secret_key": ON_SITES,
    "jwt_secret": "Las tareas que esperan o corren en ese momento fallan: espere a que no haya ninguna.",
    "report_reader_password": "Désela a quienes consultan el reporte con el usuario consulta.",
    "redis_password": ON_SITES,
    "session_secret_key": "Todas las personas vuelven a entrar a la página.",
}
"""What a changed secret asks for besides, by its name."""

KEPT = {
    "master_principal": "abre las copias ya hechas: con otro no se abriría ninguna. Si alguien lo conoce, haga un repositorio nuevo.",
    "master_secundario": "abre las copias ya hechas: con otro no se abriría ninguna. Si alguien lo conoce, haga un repositorio nuevo.",
    "fernet_key": (
        "cierra las conexiones que Airflow tiene guardadas: con otra no se abrirían. Airflow la cambia con "
        "rotate-fernet-key; los pasos: docs/production.md, «Cambiar un secreto»."
    ),
    "admin_password": "solo se usa la primera vez. La contraseña de admin se cambia en la página: Seguridad → Usuarios.",
}
"""Why a secret is not made anew, and how it is changed."""

LINE_PROBLEMS = {
    "mistyped": "{name}: tiene una letra equivocada, o le falta o le sobra una. Compárela con la hoja y escríbala otra vez.",
    "unchecked": "{name}: no termina en el signo = y sus cuatro letras. Está incompleta.",
    "missing": "{name}: no está esta línea.",
    "twice": "{name}: esta línea está dos veces.",
    "unnamed": "La línea {number} no empieza por el nombre de uno de los secretos del sobre.",
}
"""By the codes of ``respaldo.production.errors.LineProblem``. They never say what the line holds."""

NO_TEXT = "no es un texto en UTF-8"

ERRORS = {
    "secrets_there": (
        "Ya hay secretos en {folder} ({name}): no se escribió nada. Los que hay abren las copias hechas. Si son los de "
        "una instalación que ya no existe, mueva esa carpeta a un lugar seguro y repita la orden. Para ver otra vez la hoja "
        "del sobre: scripts/init-secrets --again"
    ),
    "secrets_folder_used": (
        "La carpeta {folder} tiene otra cosa ({name}): no se escribió nada. Muévala, repita la orden y vuelva a ponerla."
    ),
    "secrets_unwritten": "No se pudieron escribir los secretos en {folder}: {reason}. No quedó ninguno.",
    "secrets_missing": "Falta {name} en {folder}, o no se puede leer ({reason}): no hay hoja sin él.",
    "secrets_absent": "No hay secretos en {folder}. Créelos con: scripts/init-secrets",
    "secret_foreign": "{name} no es un secreto que se haga aquí: no se cambió nada. Se pueden cambiar: {names}.",
    "secret_kept": "{name} no se cambió: {why}",
    "secret_derived": "{name} sale de {of}: no se cambió nada. Los dos cambian con: scripts/init-secrets --renew {of}",
    "secret_unrenewed": "No se pudo cambiar {name} en {folder}: {reason}. Repita la orden.",
    "configuration_template_missing": (
        "No hay configuración en {folder}, ni la de partida en {template}: al proyecto le faltan archivos. Clónelo otra vez."
    ),
    "configuration_unwritten": (
        "No se pudo escribir la configuración en {folder}: {reason}. No se escribió ningún secreto."
    ),
    "sheet_there": "{file} ya existe, y la hoja no reemplaza nada: dé otro nombre. No se escribió nada.",
    "sheet_unwritten": (
        "Los secretos están, pero la hoja no se pudo guardar en {file}: {reason}. "
        "Repítala en otro lugar: scripts/init-secrets --again --sheet ARCHIVO"
    ),
    "envelope_unreadable": "No se pudo leer el sobre de {file}: {reason}. No se escribió nada.",
}

NO_ENTITY = "Entidad: ______________________________"
SHEET = """\
RESPALDO - HOJA DEL SOBRE                                  {made_at}
{entity}

Con estas cinco líneas y los repositorios, Respaldo vuelve en un servidor nuevo.
Sin ellas nadie abre las copias; quien las tiene las abre todas. Imprima esta
hoja, póngala en un sobre cerrado fuera del centro de datos, y borre lo demás:
el archivo de la hoja, si lo pidió, y lo que muestra la terminal.

{lines}

- master_principal, master_secundario: abren las copias de cada repositorio.
- fernet_key: abre las conexiones que Airflow tiene guardadas.
- principal_password, secundario_password: dejan entrar a los servidores de los
  repositorios, con el usuario respaldo.

En el servidor nuevo, como dice docs/disaster.md: scripts/recover -
y escriba las cinco líneas. Los espacios no cuentan, las mayúsculas sí; las
cuatro letras del final descubren un error. El QR dice lo mismo, en un archivo."""
