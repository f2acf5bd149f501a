"""The form of a connection of type restic, in a browser: in Spanish, and what is written there is kept."""

import json

import pytest
from playwright.sync_api import Locator

from browser_kit import keep_picture
from respaldo.texts.provider import FIELD, FIELDS, LOGIN

pytestmark = pytest.mark.timeout(900)


def _open(form: Locator, section: str, field: Locator) -> None:
    """Open a section for good: it closes again when the rest of the form's data come later."""
    button = form.get_by_role("button", name=section, exact=True)
    for _ in range(30):
        if button.get_attribute("aria-expanded") != "true":
            button.click()
        form.page.wait_for_timeout(1000)
        if field.is_visible():
            return
    pytest.fail(f"{section} does not stay open")


def test_a_repositorys_connection_is_entered_with_a_form_in_spanish(live, page_of):
    page = page_of("admin")
    page.goto(f"{live.installation.address}/connections?lng=es")
    page.get_by_role("button", name="Agregar Conexión").click()
    form = page.get_by_role("dialog")
    form.locator("[name=connection_id]").fill("respaldo_nuevo")
    form.get_by_role("combobox").focus()
    page.keyboard.type("restic")
    # The types may come later than what is typed.
    page.get_by_role("option", name="restic", exact=True).click()
    _open(form, "Campos Estándar", form.get_by_label(LOGIN))
    form.get_by_label(FIELD).fill("el secreto del sobre")
    form.get_by_label(LOGIN).fill("respaldo")
    _open(form, "Campos Extra", form.locator("[name=element_secret]"))
    for words in FIELDS.values():
        form.get_by_text(words.label, exact=True).wait_for()
    form.locator("[name=element_secret]").fill("la clave del servidor")
    keep_picture(page, "conexion-restic")
    form.get_by_role("button", name="Guardar").click()
    form.wait_for(state="hidden")
    kept = live.installation.api.get("connections/respaldo_nuevo")
    assert (kept["conn_type"], kept["login"]) == ("restic", "respaldo")
    # Airflow shows nobody what is secret.
    assert set(json.loads(kept["extra"]).values()) - {"", None} == {"***"}
    live.installation.api.delete("connections/respaldo_nuevo")
