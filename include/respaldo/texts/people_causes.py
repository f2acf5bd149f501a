"""The causes of failure of what people do, in words."""

from __future__ import annotations

from respaldo.texts.cause import Cause
from respaldo.texts.console import FAILED, UNREADABLE

PEOPLE_CAUSES: dict[str, Cause] = {
    "invalid_answer": Cause(
        "Respuesta inválida",
        "Un formulario se respondió con un dato que no puede ser: se pregunta de nuevo y no se guarda nada.",
        "La respuesta no se acepta. {field}: {problem}",
        "Responda de nuevo con el dato corregido.",
    ),
    "not_performed": Cause(
        "Copia manual no realizada",
        "Nadie hizo la copia manual en el plazo que da su alcance.",
        "Nadie registró la copia manual en el plazo ({within}).",
        "Averigüe por qué no se hizo, haga la copia y ejecútela de nuevo.",
    ),
    "not_verified": Cause(
        "Copia manual sin verificar",
        "Nadie verificó la copia manual en el plazo que da su alcance: no se sabe si sirve.",
        "Nadie verificó la copia en el plazo ({within}).",
        "Verifique el medio y ejecute de nuevo la copia.",
    ),
    "manual_copy_failed": Cause(
        "La copia manual falló",
        "Quien debía hacer la copia manual informa que no se pudo.",
        "{by} informa que la copia falló: {note}",
        "Corrija lo que lo impidió y ejecute de nuevo la copia.",
    ),
    "copy_rejected": Cause(
        "Copia rechazada en la verificación",
        "Quien verificó la copia dice que no está bien.",
        "{by} no aprueba la copia: {note}",
        "Haga la copia de nuevo, en otro medio si este puede estar dañado.",
    ),
    "checksum_mismatch": Cause(
        "La suma de verificación no coincide",
        "Lo que hay en el medio no es lo que dice su suma SHA-256.",
        "La suma SHA-256 de «{path}» es {found} y debía ser {expected}.",
        "Haga la copia de nuevo: el medio o el traslado la alteraron.",
    ),
    "contract_lapsed": Cause(
        "Contrato vencido",
        "El contrato con el que se hacen las copias venció, y su alcance manda no copiar sin contrato.",
        "El contrato {number} venció el {valid_until}.",
        "El Director registra la renovación en la tarea «Contratación» que lo espera.",
    ),
    "console_unreadable": Cause(
        "Registro de la consola ilegible",
        "No se pudo leer el registro de la herramienta que hace las copias, o no habla de ninguna.",
        "El registro de la consola de {product} no se puede leer: {reason}",
        "Compruebe en la herramienta dónde deja su registro, y las claves «record» y «entries» del alcance.",
        UNREADABLE,
    ),
    "console_stale": Cause(
        "Copia externa vencida",
        "La copia más reciente que dice la consola es más vieja de lo que admite el RPO del alcance.",
        "La última copia de {product} es de {ended_at}: tiene {age}, y el RPO es {rpo}.",
        "Revise en la herramienta por qué no copia, y ejecute de nuevo.",
    ),
    "console_failed": Cause(
        "La herramienta externa informa una falla",
        "La consola dice que la copia más reciente falló, o es menor de lo que puede ser.",
        "La consola de {product} dice de su última copia ({ended_at}): {reason}",
        "Corrija la falla en la herramienta, haga allí la copia y ejecute de nuevo.",
        FAILED,
    ),
    "medium_refused": Cause(
        "Movimiento de medio inválido",
        "Lo que se quiso anotar de un medio no puede ser: no se anotó nada.",
        "No se anotó nada. {label}: {problem}",
        "Corrija el formulario de medios y envíelo de nuevo.",
    ),
}
