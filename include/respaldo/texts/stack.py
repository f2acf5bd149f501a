"""What the preparation of the containers tells whoever starts them."""

from __future__ import annotations

COMMAND = "La instalación de producción: sus secretos, su preparación y su salud."
INIT = "Prepara las bases de datos, las conexiones, los roles y los cupos. Se puede repetir."
CHECK = "Comprueba, sin cambiar nada, si esta versión arranca con la configuración y el reporte que hay."

CONNECTIONS = {
    "registro": "La base de datos del reporte TIC-FM007",
    "copia": "Las bases de datos del propio Respaldo, para copiarlas",
}
REPOSITORY = "El repositorio «{repository}»: su secreto maestro y cómo se entra a su servidor"

DATABASES = "Bases de datos y usuarios de PostgreSQL…"
AIRFLOW = "Base de datos de Airflow, conexiones y cupos…"
MIGRATED = "Reporte: se aplicó {name}"
READY = "Todo está preparado."
BROKEN = "La configuración tiene errores: no se inicia nada. Corrija los archivos de ./config y repita docker compose up -d"
BROKEN_FOR_THIS = "Con esta versión la configuración tiene errores. Corrija los archivos de ./config"
WILL_MIGRATE = "Reporte: se aplicará {name}"
