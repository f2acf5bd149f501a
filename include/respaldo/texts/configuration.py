"""What can be wrong in a configuration file, in words."""

from __future__ import annotations

from collections import defaultdict

from respaldo.domain.problems import Problem

PROBLEMS = {
    "file_unreadable": "el archivo no se puede leer: {reason}",
    "not_yaml": "no es YAML válido: {reason}",
    "not_a_mapping": "debe contener claves y valores",
    "key_twice": "la clave está dos veces",
    "missing": "falta esta clave",
    "extra_forbidden": "clave desconocida",
    "scope_twice": "hay otro archivo con el mismo identificador: {other}",
    "inventory_empty": "el archivo está vacío: en la primera línea van los títulos de las columnas",
    "inventory_cells": "la línea tiene {found} celdas y los títulos son {expected}: ¿falta poner un texto entre comillas?",
    "not_csv": "no es un CSV: {reason}",
    "column_unknown": "no hay una columna «{value}»",
    "column_twice": "es la misma columna que «{other}»",
    "column_missing": "falta la columna «{value}»",
    "asset_twice": "el activo «{value}» ya está en la línea {first}",
    "scope_id_twice": "el identificador «{value}» es también el de la línea {first}",
    "scope_file_exists": "ya existe {value}: si es este mismo activo, escriba en él su código (asset); si no, use otro nombre",
    "scope_id": "el nombre del archivo «{value}» no sirve de identificador: "
    "use minúsculas, números y _, y empiece por letra",
    "repository_unknown": "no hay un repositorio «{value}» en repositories.yaml (hay: {known})",
    "group_unknown": "no hay un grupo «{value}» en defaults.yaml (hay: {known})",
    "default_of_each": "«{value}» lo dice cada alcance: no puede ser un valor por defecto",
    "paths_missing": "falta qué se copia: paths, paths_from o ambos",
    "role_unknown": "no hay un rol «{value}» en organization.yaml (hay: {known})",
    "role_lacks_duty": "el rol «{value}» no tiene la función «{duty}», que aquí hace falta: "
    "agréguela a roles.{value}.duties en organization.yaml",
    "roles_stale": "los roles de Airflow no son los de la configuración: ejecute respaldo roles sync",
    "pool_unknown": "Airflow no tiene el grupo de turnos (pool) «{value}», y sin él sus tareas no empiezan: ejecute respaldo sync",
    "hooks_without_queue": "un alcance con «post» necesita una «queue» con un solo trabajador, o que todos compartan RESPALDO_HOME "
    "(RESPALDO_HOME_SHARED=yes): lo que quede pendiente se anota allí",
    "connection_unknown": "la conexión «{value}» no existe en Airflow: créela en Administración → Conexiones",
    "connection_incomplete": "a la conexión «{connection}» le falta, o tiene mal: {field}",
    "host_key_unknown": "no se conoce la llave del equipo «{value}»: ejecute respaldo hosts trust {value}",
    "kind_not_on_windows": "«{value}» es un equipo Windows, y de él no se copia «{kind}»",
    "hook_on_windows": "«{value}» es un equipo Windows, y allí no se ejecuta ninguna orden: diga que es del trabajador, como está en el manual",
    "connection_not_apprise": "la conexión «{value}» no es de tipo apprise: en Airflow es de tipo «{type}»",
    "notify_url": "aquí no va una URL, porque lleva secretos: guárdela en una conexión de Airflow de tipo apprise "
    "y escriba aquí el identificador de la conexión",
    "notify_place": "«{value}» no es un correo ni el identificador de una conexión de Airflow",
    "location_secret": "la ubicación lleva una contraseña, y este archivo lo lee cualquiera: escríbala en la conexión de Airflow",
    "location_malformed": "«{value}» no dice en qué servidor y carpeta; por ejemplo rest:https://servidor:8000/copias, "
    "sftp:usuario@servidor:/copias o s3:https://servidor/deposito",
    "folder_missing": "para guardar la copia con restic («repository») hace falta «folder»: de dónde se deja leer",
    "second_copy_same": "la segunda copia debe ir en otro repositorio que la primera",
    "duration": "«{value}» no es una duración: escriba un número y una unidad (s, m, h, d, w), como 26h",
    "percent": "«{value}» no es un porcentaje: escríbalo como 50%",
    "cron_invalid": "«{value}» no es una expresión cron de cinco campos que llegue alguna vez; "
    "por ejemplo: 0 1 * * *",
    "timezone_unknown": "«{value}» no es una zona horaria; por ejemplo: America/Bogota",
    "size": "«{value}» no es un tamaño: escriba un número y una unidad (B, KB, MB, GB, TB), como 500MB",
    "encoding_unknown": "«{value}» no es una codificación de texto; por ejemplo: utf-8, cp1252, utf-16",
    "time_format": "«{value}» no dice el día y la hora: escriba iso, epoch, epoch_ms o algo como %d/%m/%Y %H:%M:%S",
    "file_name": "no es un nombre de archivo: sin «/» ni caracteres de control",
    "mark": "escriba un texto, o {{regex: expresión}}",
    "pattern_invalid": "no es una expresión regular: {reason}",
    "pattern_groups": "el patrón nombra grupos que no existen: {groups}; los hay: {known}",
    "result_missing": "el patrón debe tener un grupo (?P<result>…): sin él no se sabe cómo terminó la copia",
    "times_missing": "diga dónde está la hora de la copia: start, end, o los dos",
    "part_missing": "pide {key}, y las entradas no dicen dónde está: falta {part}",
    "word_twice": "el resultado «{word}» está dos veces: no se sabría qué significa",
    "any_other": "«*» (cualquier otro resultado) solo puede estar en failed",
    "record_relative": "«{path}» debe ser una ruta absoluta",
    "path_relative": "«{value}» debe ser una ruta absoluta",
    "variable_unset": "la variable de entorno {name} no está definida",
    "variable_malformed": "un $ se escribe $$, o comienza ${{NOMBRE}}",
    "databases_empty": "nombre las bases de datos, o escriba all",
    "retention_empty": "la retención debe conservar algo (daily, weekly, monthly, yearly)",
    "label_malformed": "«{value}» tiene una llave sin su pareja",
    "label_field": "en «{value}» solo sirven {{year}}, {{number}} y {{site}}",
    "label_number": "en «{value}» debe estar el número, una vez: por ejemplo PRI-{{year}}-{{number:06}}",
    "label_length": "con «{value}» las etiquetas no tendrían de 3 a 48 signos",
    "label_width": "en «{value}» solo el número lleva ancho, de 1 a 9 cifras, como {{number:06}}",
    "label_letters": "«{value}» solo puede tener mayúsculas, cifras, «-» y «.», y empieza por letra o cifra",
    "sheet_too_big": "las etiquetas no caben en una hoja A4: en «{side}» suman {needed} mm, y la hoja tiene {has}",
    "union_tag_invalid": "«{tag}» no es un valor de «{discriminator}»; los hay: {expected_tags}",
    "union_tag_not_found": "falta «{discriminator}»",
    "literal_error": "«{value}» no es un valor admitido; los hay: {expected}",
    "string_type": "debe ser un texto",
    "string_too_short": "no puede estar vacío",
    "string_too_long": "no puede tener más de {max_length} letras",
    "string_pattern_mismatch": "«{value}» no tiene la forma esperada ({pattern})",
    "int_type": "debe ser un número entero",
    "int_parsing": "debe ser un número entero",
    "bool_type": "debe ser true o false",
    "bool_parsing": "debe ser true o false",
    "tuple_type": "debe ser una lista",
    "dict_type": "debe contener claves y valores",
    "model_type": "debe contener claves y valores",
    "model_attributes_type": "debe contener claves y valores",
    "too_short": "no puede estar vacío",
    "greater_than_equal": "debe ser {ge} o más",
    "less_than_equal": "debe ser {le} o menos",
    "date_from_datetime_parsing": "«{value}» no es una fecha: escríbala como 2026-01-31",
    "date_type": "debe ser una fecha: escríbala como 2026-01-31",
}
OTHER = "valor inválido: {value}"
SUGGESTION = "¿Quiso escribir «{suggestion}»?"
ALL_GOOD = "Configuración correcta: {scopes} alcances, {repositories} repositorios."
COUNT = "{count} errores."


def tell(problem: Problem) -> str:
    """Tell one mistake: file and line, key, cause, and what was probably meant."""
    cause = PROBLEMS.get(problem.code, OTHER).format_map(defaultdict(str, problem.facts))
    key = f" {problem.key}:" if problem.key else ""
    meant = f" {SUGGESTION.format(suggestion=problem.suggestion)}" if problem.suggestion else ""
    return f"{problem.file}:{problem.line}:{key} {cause}.{meant}"
