"""The login page and the pages of users, which Flask AppBuilder makes: in Spanish.

A file of the server's own, mounted over this one at the same place, adds LDAP or OAuth:
https://flask-appbuilder.readthedocs.io/en/latest/security.html
"""

from pathlib import Path

_SESSIONS = Path("/run/secrets/session_secret_key")
if _SESSIONS.is_file():
    # Airflow would take the key that workers have too, and whoever has this one is whomever he likes.
    SECRET_KEY = _SESSIONS.read_text()

BABEL_DEFAULT_LOCALE = "es"
LANGUAGES = {"es": {"flag": "co", "name": "Español"}}
