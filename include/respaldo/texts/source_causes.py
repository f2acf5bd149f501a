"""The causes of failure of single kinds of sources, in words."""

from __future__ import annotations

from respaldo.texts.cause import Cause

SOURCE_CAUSES: dict[str, Cause] = {
    "output_rejected": Cause(
        "La salida de la orden no es la esperada",
        "La orden que entrega los datos terminó bien, pero su salida no cumple lo que el alcance exige de ella.",
        "La salida de «{command}» ({size_bytes} bytes) {reason}. No se guardó nada de ella.",
        "Ejecute la orden a mano y mire qué entrega: puede faltar un permiso o haberse cortado la sesión. Si lo "
        "que entrega es correcto, corrija min_size, must_contain o must_end_with en el alcance.",
        {
            "too_small": "es más pequeña que el mínimo ({min_size} bytes)",
            "mark_missing": "no contiene «{mark}»",
            "end_missing": "no termina en «{mark}»: está cortada",
            "archive_cut": "es un archivo de tar cortado",
            "archive_damaged": "no es un archivo de tar sano",
        },
    ),
    "database_file_damaged": Cause(
        "La base de datos SQLite no está sana",
        "El archivo no es una base de datos SQLite, o está dañado por dentro; una copia suya no serviría.",
        "{path}: {reason}. No se guardó nada de ella.",
        "Revise la ruta. Si la base de datos está dañada, restaure la última copia buena con un requerimiento.",
        {
            "not_a_database": "no es una base de datos SQLite (o está cifrada)",
            "damaged": "la base de datos está dañada: {said}",
        },
    ),
    "database_file_busy": Cause(
        "La base de datos SQLite está bloqueada",
        "Un programa mantiene la base de datos bloqueada más tiempo del que espera una copia.",
        "{path} siguió bloqueada durante {seconds} segundos. {said}",
        "Se intenta de nuevo. Si se repite, copie a otra hora o cambie la base de datos al modo WAL.",
    ),
    "target_busy": Cause(
        "El destino está en uso",
        "Un programa tiene abierta la base de datos que se va a reemplazar, y seguiría escribiendo en la anterior.",
        "{target} está abierta: {said}",
        "Detenga el servicio que la usa y limpie la tarea roja (Clear).",
    ),
}  # fmt: skip
