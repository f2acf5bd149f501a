"""The causes for which a restore request is not fulfilled, in words."""

from __future__ import annotations

from respaldo.texts.cause import Cause

REQUEST_CAUSES: dict[str, Cause] = {
    "invalid_request": Cause(
        "Requerimiento inválido",
        "Lo que pide el formulario de restauración no se puede cumplir, o se contradice.",
        "El requerimiento no se puede atender como está escrito: {problem}",
        "Corrija el formulario y envíelo de nuevo.",
    ),
    "no_copy": Cause(
        "No hay copia de ese momento",
        "Ninguna copia verificada sirve para lo que se pide.",
        "El reporte no conoce ninguna copia verificada de «{scope}» que sirva para lo pedido ({wanted}).",
        "Elija otro momento u otra copia: `respaldo copies {scope}` las lista.",
    ),
    "not_in_copy": Cause(
        "La copia no contiene lo pedido",
        "La copia está, pero no guarda lo que se pide con ese nombre.",
        "La copia {snapshot} no contiene: {missing}. Lo más parecido que contiene: {nearest}",
        "Envíe el requerimiento con el nombre correcto, o pida una copia de otro momento "
        "(`respaldo find` busca en todas).",
    ),
    "target_full": Cause(
        "No hay espacio en el destino",
        "El disco o la base de datos de destino no tiene lugar para lo que se restaura.",
        "En {target} no cabe lo restaurado: necesita {needed} bytes, hay {free}. {said}",
        "Libere espacio o elija otro destino, y limpie la tarea roja (Clear) para que siga.",
    ),
    "target_denied": Cause(
        "No se puede escribir en el destino",
        "El usuario que restaura no puede escribir en el destino.",
        "No se puede escribir en {target}: {said}",
        "Dé permiso al usuario del trabajador o elija otro destino.",
    ),
    "target_occupied": Cause(
        "El destino ya tiene datos",
        "En el destino hay datos que se perderían: nadie pidió reemplazarlos, o el alcance no los copia y ninguna copia de resguardo los guardaría.",
        "{target} ya tiene datos: el requerimiento no pide reemplazarlos, o el alcance no los copia (ya no está entre sus rutas).",
        "Elija otro destino, o pida reemplazar lo que hay (necesita autorización). Lo que el alcance ya no copia se reemplaza solo cuando vuelve a estar entre sus rutas.",
    ),
    "target_refused": Cause(
        "El destino rechazó los datos",
        "La base de datos de destino aceptó una parte de lo restaurado y rechazó otra.",
        "{target} no aceptó lo restaurado: «{said}»",
        "Corrija lo que dice el mensaje (un rol, una extensión, una versión) y limpie la tarea roja (Clear).",
    ),
    "restore_mismatch": Cause(
        "Lo restaurado no es igual a la copia",
        "Lo que quedó en el destino no es lo que la copia contiene.",
        "En {target}, {what}: se esperaba {expected} y hay {actual}.",
        "Use la segunda copia, y revise el disco del destino.",
    ),
    "not_authorized": Cause(
        "Sin autorización para sobrescribir",
        "Se iba a escribir sobre datos en uso sin la autorización o la copia que eso exige.",
        "Se sobrescribirían datos vivos ({touches}) y falta la autorización de otra persona o la copia de resguardo. "
        "Una autorización no vale después de cerrado el requerimiento.",
        "Limpie (Clear) la tarea «Autorizar que se sobrescriba», con lo que sigue, para pedirla de nuevo; o restaure en "
        "una carpeta o base de datos aparte.",
    ),
    "scope_paused": Cause(
        "El alcance está apagado",
        "Lo que se atiende necesita una ejecución de un alcance que está apagado en Airflow.",
        "El DAG {dag} está en pausa: su ejecución esperaría para siempre.",
        "Enciéndalo con su interruptor y limpie la tarea roja (Clear).",
    ),
    "backup_failed": Cause(
        "La copia pedida no terminó bien",
        "El requerimiento esperaba una copia que falló.",
        "La ejecución {run} de {dag} terminó en estado «{state}».",
        "Vea la causa en la fila TIC-FM007 de esa ejecución, corríjala, y limpie (Clear) primero esa ejecución y "
        "después la tarea roja del requerimiento.",
    ),
    "nobody_to_ask": Cause(
        "No hay quien decida",
        "Ningún usuario tiene el rol al que le corresponde decidir.",
        "La decisión «{step}» corresponde a {roles}, y ningún usuario puede tomarla.",
        "Agregue usuarios a esos roles en organization.yaml; quien pide no puede autorizarse a sí mismo.",
    ),
    "incomplete_answer": Cause(
        "Falta la nota",
        "Se respondió sin la nota, o sin el correctivo, que esa decisión exige.",
        "La decisión «{option}» necesita que se diga por qué, o qué se corrigió.",
        "La tarea vuelve a preguntar: responda de nuevo, con la nota o el correctivo.",
    ),
    "unanswered": Cause(
        "Nadie respondió",
        "Se acabó el plazo de una decisión sin que nadie respondiera.",
        "Nadie respondió «{step}» dentro del plazo.",
        "Respondan a tiempo, o limpie la tarea roja (Clear) para volver a preguntar.",
    ),
}
