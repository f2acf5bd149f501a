"""The words of ``respaldo roles``."""

from __future__ import annotations

ROLES = "Los roles del procedimiento en Airflow."
SYNC = (
    "Crea y corrige en Airflow los roles de organization.yaml, sus permisos y quién los tiene. Se puede repetir. "
    "Hágalo también al agregar o quitar un alcance."
)
CREATE = "Crear a las personas que Airflow no conoce, con una contraseña que nadie sabe."
NOTHING_TO_DO = (
    "Los usuarios de este Airflow no son de FAB: los roles salen de organization.yaml al arrancar y aquí no hay nada "
    "que hacer."
)
UNCHANGED = "Los roles ya estaban como deben."
CHANGES = {
    "role_made": "Rol creado: {role}",
    "role_removed": "Rol eliminado, porque organization.yaml ya no lo tiene: {role}",
    "granted": "{role}: permisos dados: {detail}",
    "revoked": "{role}: permisos quitados: {detail}",
    "person_made": "Persona creada: {person}. Nadie sabe su contraseña: póngale una con airflow users reset-password, "
    "o que entre con LDAP u OAuth",
    "person_in": "{person} ahora tiene el rol {role}",
    "person_out": "{person} ya no tiene el rol {role}",
}
TO_SEE_TO = {
    "person_missing": "AVISO: {person} está en organization.yaml y no es usuario de Airflow: créelo, o repita con --create",
    "person_alike": "AVISO: organization.yaml dice «{person}» y el usuario de Airflow es «{detail}»: escríbalo igual",
    "person_has_more": "AVISO: {person} tiene además otros roles de Airflow ({detail}), que pueden permitirle más",
}
"""What nobody but a person can change. It is told each time."""
