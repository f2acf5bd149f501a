"""The words around the commands' own: headings of their help, and what is wrong with a command as typed."""

from __future__ import annotations

HELP = "Muestra esta ayuda y termina."
NO_TEXT = "«{word}» no es un texto: tiene bytes que no son UTF-8."

HEADINGS = {
    "DEPRECATED_STRING": "(en desuso) ",
    "DEFAULT_STRING": "[si no se dice: {}]",
    "ENVVAR_STRING": "[variable de entorno: {}]",
    "REQUIRED_LONG_STRING": "[obligatorio]",
    "ARGUMENTS_PANEL_TITLE": "Argumentos",
    "OPTIONS_PANEL_TITLE": "Opciones",
    "COMMANDS_PANEL_TITLE": "Órdenes",
    "ERRORS_PANEL_TITLE": "Error",
    "ABORTED_TEXT": "Interrumpido.",
    "RICH_HELP": "Ayuda: [blue]'{command_path} {help_option}'[/]",
}
"""By the names of ``typer.rich_utils``."""

PHRASES = {
    "usage": "Uso: ",
    "options": "[OPCIONES]",
    "order": "ORDEN [ARGUMENTOS]...",
    "invalid": "Valor no válido: ",
    "invalid_for": "Valor no válido para ",
    "no_argument": "Falta el argumento ",
    "no_option_given": "Falta la opción ",
    "no_order": "Falta la orden.",
    "unknown_option": "No existe la opción ",
    "alike": r"(parecidas: \1)",
    "unknown_order": r"No existe la orden \1",
    "did_you_mean": r". ¿Quiso escribir \1?",
    "too_many": "Sobran argumentos: ",
    "needs_value": r"La opción \1 necesita un valor.",
    "takes_no_value": r"La opción \1 no lleva valor.",
    "value_error": "",
    "integer": "debe ser un número entero",
    "too_small": "no puede ser menor que ",
    "too_big": "no puede ser mayor que ",
    "no_choice": r" no es uno de: \1.",
}
"""How that is said here which ``respaldo.cli.frame`` knows by the same names."""
