"""Which words of a text are not what operators should read."""

from __future__ import annotations

import re

from respaldo.texts.glossary import NAMES, TERMS

ENGLISH = re.compile(
    r"the|and|of|with|is|are|was|were|been|not|for|from|has|have|this|that|which|must|by|it|when|an|or|on|at|its|"
    r"your|you|we|they|their|there|will|cannot|should|than|then|into|only|also|each|every|any|most|other|"
    r"if|but|what|who|where|how|why|can|could|does|did|do|none|some|now|here|both|without|until|since|already|"
    r"before|after|while|because|again|please|nothing|first|second|last|next|done|found|missing|wrong|invalid|"
    r"given|give|take|taken|try|see|check|read|write|written|open|closed|run|retry|wait|waiting|started|"
    r"finished|late|expired|file|files|row|page|print|name|date|day|hour|month|time|user|place|label|medium|size|"
    r"backup|copy|copies|restore|restored|saved|source|schedule|repository|database|password|lock|locked|disk|"
    r"host|server|cause|answer|question|yes"
)
"""Words of English that no Spanish text has."""
SPANISH = re.compile(
    r"el|la|los|las|del|que|para|una|uno|por|como|este|esta|hay|fue|debe|donde|cuando|pero|muy|lo|"
    r"su|sus|son|ser|ya|sin|con|desde|hasta|entre|porque|nada|nadie|ninguna|ninguno|otra|otro|nuevo|nueva|"
    r"puede|pueden|existe|falta|faltan|espera|escriba|revise|ejecute|responda|copia|copias|fuente|"
    r"repositorio|falla|fallas|archivo|archivos|carpeta|medio|medios|contrato|respuesta|pregunta|nombre|"
    r"hora|usuario|tarea|causa|datos|servidor|motivo"
)
"""Words of Spanish without accents, which the test of letters does not see."""
NOT_PROSE = re.compile(r"`[^`]*`|\{[^}]*\}|«[^»]*»|\S*[/_=.:@]\S+|respaldo [a-z-]+|--[a-z-]+")
"""Code, places for facts, what is quoted, paths, commands and their options."""

NEVER = {word: term.spanish for term in TERMS for word in term.never}


def words(text: str) -> set[str]:
    for name in NAMES:
        text = text.replace(name, "")
    return set(re.findall(r"[a-záéíóúñü]+(?:-[a-záéíóúñü]+)*", NOT_PROSE.sub(" ", text).lower()))


def unwanted(text: str) -> set[str]:
    """Give the words of a Spanish text that are English, or another word than the glossary has."""
    return {word for word in words(text) if word in NEVER or ENGLISH.fullmatch(word)}
