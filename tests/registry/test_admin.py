"""The back office shows staff everything but secrets, and changes nothing."""

import pytest
from django.contrib import admin
from django.urls import reverse

from registry.models import MLflowServer, Person
from tests import factories
from tests.cast import cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]
OURS = sorted(
    model._meta.model_name for model in admin.site._registry if model._meta.app_label == "registry"
)


@pytest.fixture
def staff(client):
    pat = cast().pat
    pat.is_staff = True
    pat.save(update_fields=["is_staff"])
    client.force_login(pat)
    return client


@pytest.mark.parametrize("name", OURS)
def test_every_table_is_listed_and_none_can_be_changed(staff, name):
    assert staff.get(reverse(f"admin:registry_{name}_changelist")).status_code == 200
    assert staff.get(reverse(f"admin:registry_{name}_add")).status_code == 403


def test_a_row_is_shown_without_a_way_to_save_it(staff):
    model = factories.RegisteredModelFactory.create(name="Before")
    address = reverse("admin:registry_registeredmodel_change", args=[model.pk])
    page = staff.get(address)
    refused = staff.post(address, {"name": "After"})
    model.refresh_from_db()

    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert (refused.status_code, model.name) == (403, "Before")


def test_secrets_are_not_shown(staff):
    server = factories.MLflowServerFactory.create(password="pssst-1", token="pssst-2")
    ana = Person.objects.get(email="ana@example.com")
    ana.set_password("pssst-3")
    ana.save(update_fields=["password"])
    pages = b"".join(
        staff.get(reverse(f"admin:registry_{name}_change", args=[pk])).content
        for name, pk in (("mlflowserver", server.pk), ("person", ana.pk))
    )

    assert MLflowServer.objects.get(pk=server.pk).password == "pssst-1"
    assert b"pssst" not in pages
    assert ana.password.encode() not in pages


def test_who_is_not_staff_is_sent_away(client):
    client.force_login(cast().ana)

    assert client.get(reverse("admin:index")).status_code == 302
