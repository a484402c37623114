"""What looks alike is told apart, and what nobody sees is in no name."""

import importlib
import pkgutil
from collections.abc import Iterator

import httpx2
import pytest
from django import forms

import identity.sign_in
from foundation.schema.safe_text import is_visible
from identity.authorization_server.client_names import deceives
from tenants.models import Person, Tenant
from tests.identity.conftest import Browsing, registered
from tests.identity.test_asking import Tags
from tests.oauth_client import OAuthClient, decide
from tests.people import Somebody, new_tenant

OVERRIDE = "Olivia \u202egro.elpmaxe"


@pytest.mark.parametrize(
    "name",
    ["Claude Code", "Cursor", "Visual Studio Code", "MCP Inspector", "Обозреватель", "Ваулт"],
)
def test_usual_names_of_clients_are_taken(name: str) -> None:
    assert not deceives(name)


def _tenants_options(page: httpx2.Response) -> list[dict[str, str]]:
    return [one for one in Tags(page.text).all("option") if "value" in one]


def test_tenants_of_one_name_are_told_apart_and_none_is_preselected(
    owner: Somebody, browse: Browsing, http: httpx2.Client
) -> None:
    new_tenant("acme-2", owner.person)
    Tenant.objects.update(name="Acme")
    client: OAuthClient = registered(http)
    browser = browse(owner)

    page = browser.get(client.authorize_url())

    assert "Acme (acme)" in page.text
    assert "Acme (acme-2)" in page.text
    (chosen,) = [one for one in _tenants_options(page) if "selected" in one]
    assert chosen["value"] == ""
    assert decide(browser, page).status_code in {400, 422}

    decide(browser, browser.get(client.authorize_url()), tenant="acme-2")
    (chosen,) = [
        one for one in _tenants_options(browser.get(client.authorize_url())) if "selected" in one
    ]
    assert chosen["value"] == "acme-2"


def _name_fields() -> Iterator[tuple[str, forms.Field]]:
    """The fields named `name` of every form of sign-in."""
    for module in pkgutil.iter_modules(identity.sign_in.__path__, "identity.sign_in."):
        for made in vars(importlib.import_module(module.name)).values():
            ours = getattr(made, "__module__", "").startswith("identity.")
            if ours and isinstance(made, type) and issubclass(made, forms.BaseForm):
                for name, field in getattr(made, "base_fields", {}).items():
                    if name == "name":
                        yield made.__name__, field


def test_no_form_of_sign_in_takes_what_nobody_sees_in_a_name() -> None:
    fields = dict(_name_fields())
    assert {"NewPersonForm", "FirstPersonForm", "TenantForm", "NewPasskeyForm"} <= set(fields)
    for form, field in fields.items():
        with pytest.raises(forms.ValidationError):
            field.clean(OVERRIDE)
        assert field.clean("Zoë O'Neill 李"), form


def test_a_name_that_a_provider_gives_is_cleaned(database: None) -> None:
    person = Person.objects.create_user("olivia@example.org", name=f"{OVERRIDE}\nBcc: x")
    assert is_visible(person.name)
    assert "\n" not in person.name
    assert person.name.startswith("Olivia")
