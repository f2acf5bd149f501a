"""The one Spanish word for each thing: what the texts say, what code and Airflow call it, what is never said.

``scripts/glossary`` makes docs/glossary.md of it; a test holds all texts to it.
"""

from __future__ import annotations

from typing import NamedTuple


class Term(NamedTuple):
    """A thing's Spanish name, its English one, what it is, and other words for it that no text uses."""

    spanish: str
    english: str
    meaning: str
    never: tuple[str, ...] = ()


TERMS = (
    Term("activo", "asset", "lo que la entidad tiene en su inventario, con un código"),
    Term("alcance", "scope", "lo que se copia junto, con una programación y un responsable", ("scope",)),
    Term("análisis", "analysis", "lo que se decide sobre una falla o un requerimiento"),
    Term("archivo", "file", "de un disco; también, lo archivado de un período", ("fichero", "ficheros")),
    Term("aviso", "notice", "lo que se manda a un correo o a un chat", ("notificación", "notificaciones", "alerta")),
    Term("carpeta", "folder", "la que tiene archivos", ("directorio", "directorios")),
    Term("causa", "cause", "por qué falló algo, de una lista conocida"),
    Term("conexión", "connection", "donde Airflow guarda cómo se llega a algo y sus secretos"),
    Term("contraseña", "password", "la que abre un repositorio o una cuenta", ("password",)),
    Term("contrato", "contract", "aquel con el que una herramienta contratada hace las copias"),
    Term("copia, copia de seguridad", "backup", "lo que se guardó y se verificó", ("backup", "backups", "snapshot", "instantánea")),
    Term("segunda copia", "second copy", "la que está en la sede alterna"),
    Term("copia de resguardo", "safety backup", "la que se hace antes de reemplazar datos en uso"),
    Term("correctivo", "corrective", "lo que se hizo, o se aconseja, para corregir una falla", ("remedio",)),
    Term("correo", "e-mail", "la dirección, o lo que se manda a ella", ("email", "e-mail", "mail")),
    Term("ejecución", "run", "una vez que corre un alcance, un requerimiento o un análisis", ("run", "runs", "corrida")),
    Term("equipo", "host, machine", "el que tiene los datos, o en el que corre Respaldo", ("host", "ordenador")),
    Term("etiqueta", "label", "la que lleva cada copia y cada medio", ("label", "rótulo")),
    Term("falla", "failure", "lo que salió mal en una ejecución", ("fallo", "fallos")),
    Term("formato", "form (TIC-FM007)", "el del sistema de calidad; sus renglones son las filas"),
    Term("formulario", "form (in the UI)", "el que se llena en una página de Airflow"),
    Term("función", "duty", "algo que un rol hace según el procedimiento"),
    Term("medio", "medium", "un disco, una cinta, una memoria que guarda copias"),
    Term("programación", "schedule", "cuándo corre un alcance", ("horario", "calendario", "schedule")),
    Term("recuperación", "recovery", "lo que trae de vuelta a Respaldo mismo, en otro servidor"),
    Term("registro", "log, record", "lo que una tarea escribe, o lo que una consola dice", ("bitácora", "log", "logs")),
    Term("reintento", "retry", "otra vez que Airflow intenta una tarea", ("retry",)),
    Term("reporte", "report", "la base de datos del TIC-FM007 y sus páginas", ("informes", "reportería")),
    Term("repositorio", "repository", "donde restic guarda copias", ("repo",)),
    Term("requerimiento", "restore request", "lo que alguien pide que se restaure", ("solicitud", "petición")),
    Term("restauración", "restoration", "lo que trae de vuelta lo copiado", ("restore",)),
    Term("retención", "retention", "cuánto se conserva", ("retention",)),
    Term("rol", "role", "quién hace qué en el procedimiento; lo tienen personas"),
    Term("sede", "site", "donde está un repositorio o un medio"),
    Term("tarea", "task", "un paso de una ejecución", ("task", "tasks")),
    Term("verificación", "verification", "lo que prueba que una copia sirve", ("comprobante", "chequeo")),
    Term("volcado", "dump", "lo que una base de datos escribe de sí misma", ("dump",)),
)  # fmt: skip

NAMES = ("Formato de Reporte de BackUp", "Formato de Back UP", "Registro de la consola de backup")
"""What the procedure itself calls things: names, which nobody translates."""

TITLE = "# Glosario"
INTRODUCTION = (
    "Una sola palabra para cada cosa, en las páginas, los formularios, los avisos y los documentos. A la derecha, cómo "
    "la llaman el código, los archivos YAML y Airflow. Este archivo lo hace `scripts/glossary` de "
    "`include/respaldo/texts/glossary.py`: no se edita."
)
HEADINGS = "| Se dice | En el código y en Airflow | Qué es |\n|---|---|---|"
ROW = "| **{spanish}** | {english} | {meaning} |"


def as_markdown() -> str:
    """Give the page docs/glossary.md."""
    rows = [ROW.format(**term._asdict()) for term in TERMS]
    return "\n\n".join((TITLE, INTRODUCTION, "\n".join((HEADINGS, *rows)))) + "\n"
