"""The words of ``respaldo hosts``."""

from __future__ import annotations

HOSTS = "Los equipos a los que se entra por SSH."
NAME = "Conexión de Airflow de tipo ssh que lleva al equipo."
CHECK = "Comprueba que en un equipo se puede copiar: red, llave, usuario, programas, límites, reenvío, espacio, restic, reloj; y cómo corregir lo que falte."
TRUST = "Muestra la huella de la llave de un equipo, pregunta, y la guarda en su conexión."
TRUST_YES = "No preguntar: la huella se comprobó antes (para programas)."
HEADINGS = ("Qué", "Resultado", "Encontrado")
LOOKS = {
    "reach": "Llegar (red)",
    "key": "Llave del equipo",
    "login": "Entrar (usuario)",
    "tools": "Programas del sistema",
    "some": "Los que piden algunas fuentes",
    "limits": "Límites",
    "forwarding": "Reenvío del repositorio",
    "restic": "restic",
    "room": "Espacio temporal libre",
    "clock": "Diferencia de relojes",
}
NOTES = {
    "own": "del equipo",
    "brought": "llevado; se va con la conexión",
    "kept": "llevado; se queda",
    "lacking": "falta: lo piden archivos (coreutils, findutils, gzip) o SQLite (python3)",
}
GOOD = "bien"
LACKING = "aviso"
BAD = "MAL"
ALL_GOOD = "En «{host}» se puede copiar."
MEND = "{told}\n  Qué hacer: {corrective}"
SHOWN = "El equipo «{host}» ({address}, puerto {port}) muestra esta llave:\n  {key}\n  Huella: {fingerprint}"
ALREADY = "Es la que ya se conoce de él: no hay nada que cambiar."
CHANGED = "¡ATENCIÓN! NO es la que se conocía. Pregunte a quien administra el equipo por qué cambió, antes de aceptarla."
COMPARE = "Compare la huella con la que da el propio equipo (en él: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)."
ASK = "Para aceptarla escriba sí: "
ANSWERS = ("sí", "si")
NOTHING_CHANGED = "No se confirmó: no se cambió nada."
TRUSTED = "Guardada en la conexión «{host}»."
NOT_STORED = (
    "La conexión «{host}» no está en la base de datos de Airflow, o la del entorno o del gestor de secretos va antes. "
    'Escriba allí, en su «extra»: "host_key": "{key}"'
)
