"""What the embedded installation says to whoever starts and stops it."""

from __future__ import annotations

PROGRAM = "Airflow y PostgreSQL de Respaldo en este equipo, sin contenedores y sin permisos de administrador."
UP = "arranca la instalación y espera a que esté sana"
DOWN = "la detiene por completo"
STATUS = "dice qué está en marcha"
PROJECT = "carpeta del proyecto (por defecto, la actual)"

PREPARING_SERVER = "Preparando PostgreSQL en {folder}"
STARTING_SERVER = "Arrancando PostgreSQL"
PREPARING_AIRFLOW = "Preparando la base de datos de Airflow"
REPORT_CONNECTION = "Base de datos del reporte TIC-FM007"
REPOSITORY_CONNECTION = "Secreto maestro del repositorio «{repository}»"
MIGRATED_REPORT = "Base de datos del reporte al día ({count} migraciones aplicadas)"
STARTING_AIRFLOW = "Arrancando Airflow"
RESTARTING = "La configuración cambió: se reinicia la instalación"
PORT_TAKEN = "El puerto {wanted} lo usa otro programa: se usará el {port}"
ENDING_LEFT = "Terminando {count} procesos que quedaron de una ejecución anterior: {names}"
STOPPING = "Deteniendo Airflow y PostgreSQL (las tareas en curso tienen hasta {seconds} s para terminar)"
ENDING_ORPHANS = "Terminando {count} procesos que el supervisor ya no conocía: {names}"
STOPPED = "Detenido: no queda ningún proceso de la instalación"
NOT_RUNNING = "La instalación no está en marcha"

INTERRUPTED = "Interrumpido. Lo que ya arrancó sigue en marcha; «down» lo detiene."

READY = """\
Airflow está en marcha
  Dirección:   {address}
  Usuario:     {user}
  Contraseña:  {password}   (todas: {file})
  Consola:     . {env}"""

STATUS_LINE = "  {name:<15} {state}"
STATES = {
    "RUNNING": "en marcha",
    "STARTING": "arrancando",
    "BACKOFF": "falló al arrancar; se reintenta",
    "STOPPING": "deteniéndose",
    "STOPPED": "detenido",
    "EXITED": "terminó",
    "FATAL": "no arranca",
    "UNKNOWN": "desconocido",
}
HEALTHY = "Airflow está sano: {address}"
UNHEALTHY = "Airflow no está sano: {parts}"
ORPHANS = "Procesos que el supervisor ya no conoce: {names}"

ERRORS = {
    "embedded_configuration": "La configuración no se puede usar:\n{problems}",
    "embedded_socket_folder": (
        "La carpeta {folder} debía ser privada de este usuario y es de otro, o es un enlace. "
        "Bórrela, o use otra carpeta con RESPALDO_HOME, de ruta más corta."
    ),
    "embedded_server_user": (
        "PostgreSQL no corre como root, y ningún otro usuario puede usar {program} y escribir en {folders}. "
        "Corra la orden con un usuario normal, o ponga el proyecto en una carpeta que otros puedan atravesar "
        "(por ejemplo /opt/respaldo), o permita los espacios de nombres de usuario (unshare --user)."
    ),
    "embedded_server_missing": (
        "El entorno de Python no trae PostgreSQL: falta {package}. Instálelo con el extra «embedded»."
    ),
    "embedded_no_port": "Todos los puertos del {first} al {last} están ocupados.",
    "embedded_program_failed": "{program} no arrancó o se detuvo. Causa, al final de: {log}",
    "embedded_processes_left": "Hay procesos que no terminaron ni con SIGKILL: {names}",
    "report_schema": (
        "La base de datos del reporte no es la que este programa espera ({problem}): {migration}"
    ),
    "report_unavailable": "No se pudo usar la base de datos del reporte: {reason}",
    "embedded_api": "Airflow rechazó {request}: {answer}",
}
