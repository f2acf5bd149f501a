"""What people read of a copy that is made by hand: instructions, forms, what is refused."""

from __future__ import annotations

from respaldo.texts.backup import TASK_TITLES as SOFTWARE_TITLES

TASK_TITLES = SOFTWARE_TITLES | {
    "plan": "10 · Programar la copia manual",
    "perform": "11 · Realizar la copia",
    "execute": "11 · Medir y guardar la copia",
    "verify": "12 · 13 Verificar la copia",
}

RESULTS = {"made": "La copia quedó hecha", "failed": "No se pudo hacer"}
VERDICTS = {"good": "Está bien", "bad": "No está bien"}

FIELDS = {
    "label": (
        "Etiqueta del medio",
        "El que está pegado en el medio, como MAN-2026-000123. Vacío: al terminar, Respaldo le da uno nuevo.",
    ),
    "medium": ("Medio", "Qué es: disco externo, cinta, memoria. Necesario si no tiene etiqueta."),
    "place": ("Lugar", "Dónde queda guardado el medio."),
    "started_at": (
        "Inicio",
        "Cuándo comenzó la copia: 2026-03-14 17:30, o 14/03/2026 17:30, en la hora de la entidad.",
    ),
    "ended_at": ("Fin", "Cuándo terminó, de la misma manera."),
    "size": ("Tamaño", "En bytes, o con su unidad: 12,5 GB. Vacío si se escribe la ruta."),
    "files": ("Archivos", "Cuántos archivos tiene. Vacío si se escribe la ruta."),
    "checksum": (
        "Suma SHA-256",
        "Del archivo copiado: 64 cifras hexadecimales. Si se escribe también la ruta, deben coincidir.",
    ),
    "manifest": (
        "Lista de sumas",
        "Ruta de la lista que dejó sha256sum, con los nombres relativos a la carpeta de la copia: se comprueba "
        "cada línea. Necesita la ruta.",
    ),
    "path": (
        "Ruta de la copia",
        "Si el trabajador de Respaldo puede leer el medio: su archivo o su carpeta. Respaldo mide tamaño, "
        "archivos y suma.",
    ),
    "observations": ("Observaciones", "Lo que convenga dejar escrito. Si no se pudo hacer: por qué."),
}
VERDICT_FIELDS = {
    "observations": ("Observaciones", "Qué se revisó y cómo. Si no está bien: por qué."),
}

PROBLEMS = {
    "missing": "falta",
    "medium": "escriba la etiqueta del medio, o qué medio es",
    "label": "no tiene la forma de una etiqueta",
    "unknown": "ningún medio tiene esa etiqueta",
    "of_repository": "es el de una copia que está en un repositorio",
    "not_in_place": "ese medio no recibe copias: {state}",
    "moment": "no es una fecha con hora, como 2026-03-14 17:30",
    "future": "está en el futuro",
    "order": "es anterior al inicio",
    "old": "es de hace más de diez años",
    "size": "no es un tamaño, como 12,5 GB",
    "zero": "no puede ser cero",
    "files": "no es un número de archivos",
    "checksum": "no es una suma SHA-256: son 64 cifras hexadecimales",
    "relative": "no es una ruta absoluta",
    "nowhere": "este alcance no deja leer copias: su archivo no dice de dónde (folder)",
    "outside": "no está dentro de «{folder}», que es de donde el alcance deja leer copias",
    "path": "no se puede leer: {reason}",
    "no_path": "no lleva a ninguna parte",
    "no_file": "no es un archivo, o no está",
    "line": "no es una lista de sha256sum: línea {line}",
    "manifest_alone": "necesita la ruta de la copia",
    "why": "diga por qué",
    "same_person": "quien hizo la copia no la verifica",
}
DECIDES = {"perform": "hacer la copia manual", "verify": "verificar la copia manual"}

PERFORM_SUBJECT = "Hacer la copia manual «{name}»"
PERFORM_BODY = """\
{instructions}

| | |
|---|---|
| Alcance | {name} ({department}) |
| Qué se copia | {what} |
| Retención | {retention} |
| Motivo | {reason} |
| Solicitante | {requester} |
| Caso | {ticket} |
| Copia anterior | {previous} |
| Plazo | {until} |

Cuando esté hecha, llene los datos y elija **{made}**. Si no se pudo, elija **{failed}** y escriba por qué. Si algo de lo
escrito no puede ser, esta pregunta vuelve a aparecer, y la razón está en el registro de la tarea y en el aviso.
"""
PREVIOUS = "N.º de archivos {files}, {size}, del {when}"

VERIFY_SUBJECT = "Verificar la copia manual «{name}»"
VERIFY_BODY = """\
Revise la copia en su medio y diga si está bien. La hizo **{by}**: la verifica otra persona.

| | Declarado | Medido por Respaldo |
|---|---|---|
| Alcance | {name} ({department}) | |
| Qué se copia | {what} | |
| Medio y etiqueta | {medium}, {label} | |
| Lugar | {place} | |
| Inicio y fin | {started_at} – {ended_at} | |
| Tamaño | {stated_size} | {size} |
| Archivos | {stated_files} | {files} |
| Suma SHA-256 | {stated_checksum} | {checksum} |
| Ruta | {path} | |
| Comprobado | | {evidence} |
| Copia en restic | | {saved} |
| Advertencias | | {warnings} |
| Observaciones | {observations} | |
| Copia anterior | {previous} | |

Plazo: {until}. Si no está bien, escriba por qué: la copia queda como fallida y se analiza.
"""
NOTHING = "–"
SNAPSHOT = "`{snapshot}` en {repository}"

SIZE_DIFFERS = "El tamaño declarado ({stated}) no es el medido ({found})"
FILES_DIFFER = "Los archivos declarados ({stated}) no son los que hay ({found})"
UNLISTED = "No están en la lista de sumas: {names}"

REFUSED = "%s respondió algo que no se acepta"
PERFORMED = "Copia hecha por %s: medio %s, de %s a %s"
MEASURED = "Medido: %s archivos, %s, SHA-256 %s"
INSPECTED = "Verificada por %s: %s"
KEPT = "Guardada también en «%s»: %s"
LABEL_UNCHECKED = "No se pudo comprobar la etiqueta %s: %s"

DOC = """
### {name}

**Dependencia:** {department} · **Criticidad:** {criticality} · **Copia:** {responsible} · **Verifica:** {verifier}

| | |
|---|---|
| Qué se copia | {what} |
| Plazo para hacerla | {perform_within} |
| Plazo para verificarla | {verify_within} |
| También en restic | {repository} |
| Retención | {retention} |
| RPO / RTO | {rpo} / {rto} |

**Qué hace.** Avisa que hay que hacer la copia (10) y espera en **Acciones requeridas** a que la hagan y digan medio, etiqueta,
lugar, fechas, tamaño y suma (11). Si el trabajador puede leer la copia, la mide y la compara con su suma. Después espera a
que otra persona la verifique (12, 13) y la registra en el formato TIC-FM007 (8). Mientras espera no ocupa a nadie, y la
siguiente copia programada no espera por esta.

**Si nadie la hace a tiempo**, queda en TIC-FM007 como **no ejecutada** y la ejecución en rojo. Lo mismo, como fallida, si
nadie la verifica o quien la verifica no la aprueba. La falla abre su **Análisis de una falla** (14, 15).

#### Instrucciones

{instructions}
"""
