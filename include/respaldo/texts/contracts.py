"""What people read of contracts: their state in a run, the question of their renewal, the watch over them."""

from __future__ import annotations

TAG = "contratos"
CONTRACTING_TITLE = "Contratación"
CONTRACTING_DESCRIPTION = "Espera la renovación de un contrato y la registra: actividades 4 y 5."
WATCH_TITLE = "Vigilancia de los contratos"
WATCH_DESCRIPTION = "Avisa de los contratos que están por vencer y abre la contratación de los vencidos."

TASK_TITLES = {
    "contract": "5 · Contratar o renovar",
    "record": "5 · Registrar el contrato",
    "look": "4 · Revisar los contratos",
    "open": "Abrir o terminar contrataciones",
}

PARAMS = {"number": ("Contrato", "Número del contrato que se renueva, como está en la configuración.")}

CHOICES = {"renewed": "Renovado: registrar el contrato", "not_renewed": "No se renueva"}
ANSWERS = {
    "number": ("Número", "Del contrato nuevo. Una prórroga conserva el número del anterior."),
    "subject": ("Objeto", "Qué se contrata."),
    "valid_from": ("Vigente desde", "Primer día, como 2027-02-01."),
    "valid_until": (
        "Vigente hasta",
        "Último día, como 2028-01-31. Debe ser posterior al del contrato anterior.",
    ),
    "document": ("Documento", "Referencia del contrato en los registros de la entidad: radicado, SECOP..."),
    "note": ("Nota", "Si no se renueva: por qué. Es obligatoria en ese caso."),
}

SUBJECT = "Contrato {number}: {state} el {valid_until}"
STATES = {"valid": "vence", "lapsing": "vence", "lapsed": "venció"}
BODY = """\
| | |
|---|---|
| Contrato | {number} |
| Último día | {valid_until} |
| Alcances | {scopes} |
| Mientras tanto | {meanwhile} |

Si se renovó, escriba número, objeto, vigencia y documento, y elija **{renewed}**: cuenta desde su primer día, en todos los
alcances que nombran el contrato anterior. Si no se renueva, elija **{not_renewed}** y escriba por qué.

Si algo de lo escrito no puede ser, no se guarda nada: la pregunta vuelve a aparecer, y la razón está en el aviso y en el
registro de la tarea.
"""
MEANWHILE = {
    "continue": "se sigue copiando, y cada ejecución lo dice",
    "block": "no se copia: las ejecuciones quedan como no ejecutadas",
}
NOT_LAPSED = "se copia como siempre"
NOTHING = "–"
DECIDES = "renovar el contrato"

MISSING = "falta"
TOO_LONG = "es demasiado largo"
NO_DATE = "no es una fecha, como 2028-01-31"
SETTLED = "el contrato por el que se preguntó ya se renovó, o ningún alcance lo nombra"
DECLINED = "ya está dicho que este contrato no se renueva"
PROBLEMS = {
    "past": ("valid_until", "ese día ya pasó"),
    "order": ("valid_until", "es anterior al primer día"),
    "not_later": ("valid_until", "no es posterior al último día que ya está registrado de este contrato"),
    "taken": ("number", "es el de otro contrato que está vigente"),
}
"""By the refusals of ``respaldo.domain.contracts``: the field, and what is wrong with it."""

CHECKED = "Contrato %s, hasta el %s: %s"
LAPSED = "El contrato {number} venció el {valid_until}: la copia se hizo sin contrato vigente."
UNCHECKED = (
    "El contrato {number} venció el {valid_until} según el archivo del alcance, y no se pudo comprobar si se renovó: el reporte no "
    "responde. La copia se hizo."
)
POINTLESS = "El contrato %s ya no espera renovación: no hay nada que preguntar."
NO_CONTRACT = "Ningún alcance nombra el contrato «{number}». Los que hay: {known}"
REFUSED = "%s respondió algo que no se acepta: %s"
DECIDED = "Contrato %s: %s, de %s"
NOTHING_TO_RECORD = "No se decidió nada: no hay nada que registrar."
DECIDED_MEANWHILE = "Otra persona decidió sobre este contrato antes de que esta respuesta se registrara: queda lo que ella decidió."
NOT_STORED = (
    "El reporte no aceptó lo que se decidió, y no quedó registrado. La razón está en el registro de la tarea; lo rechazado, en "
    "spool/rejected del trabajador."
)
OPENED = "Se pregunta por la renovación del contrato %s, que venció el %s"
WATCHED = "Contratos: %d. Por avisar: %d. Preguntas por abrir o terminar: %d"

LAPSING_SUBJECT = "El contrato {number} vence el {valid_until}"
LAPSING = """\
El contrato {number}, con el que se hacen copias de seguridad, vence el {valid_until}: faltan {days} días.

Alcances: {scopes}
Cuando venza: {on_lapse}.

{decider} puede registrar la renovación desde ya: ejecute el DAG «Contratación» con el número del contrato.
"""
DECIDED_SUBJECTS = {
    "renewed": "Renovado: contrato {number}",
    "not_renewed": "No se renueva: contrato {number}",
}
RENEWED = """\
{by} registró la renovación del contrato {before}, con el que se hacen copias de seguridad.

Contrato: {number}
Objeto: {subject}
Vigencia: del {valid_from} al {valid_until}
Documento: {document}
Nota: {note}

Alcances: {scopes}
"""
NOT_RENEWED = """\
{by} decidió que el contrato {number}, que vence o venció el {valid_until}, no se renueva.

Por qué: {note}

Alcances: {scopes}
Cuando vence: {on_lapse}.
"""
NOT_REGISTERED_SUBJECT = "No quedó registrado: contrato {number}"
NOT_REGISTERED = """\
Lo que {by} decidió sobre el contrato {number} no quedó registrado.

{told}
"""

CONTRACTING_DOC = """
### Contratación (actividades 4 y 5)

Se abre sola, una vez por cada contrato vencido, y espera sin ocupar un trabajador la respuesta de **{decider}** en
**Acciones requeridas**: los datos del contrato nuevo, o por qué no se renueva. Mientras tanto los alcances siguen su regla
`on_lapse`: copian y lo dicen, o no copian. Plazo: {answer_within}; si nadie responde queda en rojo y se vuelve a abrir.

Para registrar una renovación antes de que el contrato venza, ejecútela a mano con el número del contrato. Vista para
consultas: `reportes.contratos`.
"""
WATCH_DOC = """
### Vigilancia de los contratos

Cada media hora: abre la contratación de cada contrato vencido que no la tenga, avisa una vez de los que están por vencer, y
termina las preguntas que ya no hacen falta porque el contrato está vigente.
"""
