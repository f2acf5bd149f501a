"""What the requester is told (activity 25): the letter, and its words for each outcome."""

from __future__ import annotations

SUBJECT = "Respaldo · requerimiento {ticket}: {outcome}"
NO_TICKET = "sin caso"

OUTCOMES = {
    "satisfied": "Se restauró lo que pidió, y usted confirmó que cumple.",
    "not_satisfied": "No se pudo dar lo que pidió, ni con la primera copia ni con la segunda.",
    "not_in_copy": "No hay una copia de ese momento que contenga lo que pidió.",
    "backup_done": "No correspondía a una restauración: se hizo la copia no programada que pidió, y se verificó.",
    "backup_failed": "Se intentó la copia no programada que pidió, y no terminó bien.",
    "not_applicable": "Se analizó el requerimiento y no corresponde a una restauración.",
    "not_authorized": "No se autorizó sobrescribir los datos en uso: no se cambió nada.",
    "unanswered": "El requerimiento se cerró porque nadie respondió a tiempo una decisión.",
    "failed": "No se pudo terminar la restauración por una falla técnica.",
}

LETTER = """\
Respetado(a) {{ request.requester }}:

{{ outcome }}

Su requerimiento
  Caso: {{ request.ticket or "–" }}
  Qué pasó: {{ request.what_happened }}
  Qué pidió: {{ wanted }}, de {{ scope }}
{% for copy in copies %}
{{ copy.title }}
  Copia N.º {{ copy.number }} del {{ copy.taken_at }}, repositorio {{ copy.repository }}{% if copy.site %} ({{ copy.site }}){% endif %}

{%- if copy.problem %}
  No sirvió: {{ copy.problem }}
{%- endif %}
{%- if copy.where %}
  Restaurado en: {{ copy.where }}
  Cantidad: {{ copy.files }} archivos, {{ copy.size }}
  Cómo se verificó: {{ copy.evidence }}
{%- endif %}
{%- if copy.kept %}
  Lo que había antes se conserva como: {{ copy.kept }}
{%- endif %}
{% endfor %}
{%- for backup in backups %}
{{ backup }}
{% endfor %}
{%- if failures %}
Qué falló
{%- for failure in failures %}
  {{ failure.told }}
{%- endfor %}
{% endif %}
{%- if decisions %}
Quién decidió
{%- for decision in decisions %}
  {{ decision }}
{%- endfor %}
{% endif %}
{{ organization }}
{{ process }}
"""
"""A Jinja template: plain text, one blank line between its parts."""

COPY_TITLES = {"first": "Primera copia", "second": "Segunda copia"}
DECISION = "{step}: {option}, {by}, {at}{note}"
NOTE = ". Nota: {note}"
STEPS = {
    "analyse": "Análisis",
    "authorize": "Autorización",
    "second_authorize": "Autorización",
    "accept": "Aceptación",
    "second_accept": "Aceptación de la segunda copia",
}
BACKUPS = {
    "safety_backup": "Antes de sobrescribir se hizo una copia de resguardo: {run}.",
    "unscheduled_backup": "Copia no programada: {run}.",
    "rerun": "El alcance se ejecuta de nuevo para que vuelva a haber una copia buena: {run}.",
}
