"""What people of a role are told: of failures, of their end, of questions that wait for them."""

from __future__ import annotations

FAILED_SUBJECT = "Falló la copia «{name}»: {cause}"
FAILED = """\
Falló la copia de seguridad «{name}» ({department}).

Ejecución: {number}, del {when}
Paso: {step}
Causa: {told}
Correctivo usual: {corrective}

{follows}
"""
DECISION_FOLLOWS = """\
Espera la decisión de {role}, hasta el {until}: confirmar o corregir la causa, escribir el correctivo, y ejecutar de
nuevo o cerrar. La siguiente copia programada no espera por ella: si sale bien, la falla se da por resuelta.\
"""
RERUN_FOLLOWS = """\
No hay que hacer nada todavía: Respaldo aplica el correctivo y la ejecuta de nuevo por sí mismo. Si eso falla,
avisa otra vez y pide una decisión.\
"""

RESOLVED_SUBJECT = "Resuelta: copia «{name}»"
RESOLVED = """\
La copia de seguridad «{name}» ({department}) volvió a quedar bien: {good}, del {when}.

{how}

Fallas resueltas:
{failures}

Tiempo desde la primera falla: {elapsed}
"""
RESOLVED_BY = {
    "rerun": "Es la nueva ejecución que se hizo para corregir la falla.",
    "next_good": "Es una ejecución posterior a la falla. Si una decisión esperaba, ya no hace falta.",
}
RESOLVED_FAILURE = "  {number}, del {when}: {cause}"

CLOSED_SUBJECT = "Cerrada sin nueva ejecución: copia «{name}»"
CLOSED = """\
{by} cerró, sin ejecutarla de nuevo, la falla de la copia de seguridad «{name}» ({department}).

Ejecución: {number}, del {when}
Causa: {cause}
Correctivo: {corrective}
Cerrada: {closed_at}
"""

QUESTION_SUBJECT = "Espera su decisión: {subject}"
QUESTION = """\
Una pregunta espera respuesta: {subject}

Responde: {role}
Plazo: {until}. Si nadie responde antes, se cierra sin respuesta.
"""

REFUSED_SUBJECT = "Respuesta no aceptada: {subject}"
REFUSED = """\
Lo que se respondió no se acepta, y no se guardó nada: {subject}

{told}

La pregunta espera de nuevo, con el mismo plazo.
"""

NUMBER = "N.º {number}"
NO_NUMBER = "sin número en TIC-FM007 todavía"
DECIDE_HERE = "Decida aquí:"
SEE_HERE = "Véalo aquí:"

TOLD = "Aviso a {role}, por {where}: {outcome}"
NOBODY = "Aviso a {role}: no hay a dónde avisarle (notify, en organization.yaml)"
OUTCOMES = {"sent": "enviado", "failed": "no se pudo enviar", "not_configured": "falta configurar"}
NO_ANSWER = "no terminó en {seconds:.0f} segundos"
NO_MAIL_SERVER = "no hay servidor de correo: falta la conexión «{connection}»"
NO_CONNECTION = "la conexión «{connection}» no existe en Airflow"
OTHER_TYPE = "la conexión «{connection}» es de tipo {type}, y debe ser de tipo apprise"
NO_SERVICES = "la conexión «{connection}» no dice a qué servicios avisar (config)"
NOT_UNDERSTOOD = "{count} de sus URL no se entienden"
SERVICES = {"FAILURE": "no recibió el aviso", "TIMEOUT": "no contestó a tiempo"}
"""By the names of apprise's outcomes."""
