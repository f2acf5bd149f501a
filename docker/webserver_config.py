"""The login page and the pages of users, which Flask AppBuilder makes: in Spanish.

A file of the server's own, mounted over this one at the same place, adds LDAP or OAuth:
https://flask-appbuilder.readthedocs.io/en/latest/security.html
"""

BABEL_DEFAULT_LOCALE = "es"
LANGUAGES = {"es": {"flag": "co", "name": "Español"}}
