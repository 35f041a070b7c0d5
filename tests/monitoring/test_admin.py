"""The back office shows everything and changes nothing."""

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from monitoring import models
from registry.models import Person
from tests import world

pytestmark = pytest.mark.django_db
SHOWN = [m for m in admin.site._registry if m._meta.app_label == "monitoring"]


@pytest.fixture
def root(client):
    person = Person.objects.create_superuser("root@example.com", name="Root")
    client.force_login(person)
    return person


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_a_table_is_shown_and_cannot_be_changed(model, root, client):
    world.make("zebra")
    request = RequestFactory().get("/")
    request.user = root
    page = admin.site._registry[model]

    answer = client.get(reverse(f"admin:monitoring_{model._meta.model_name}_changelist"))

    assert answer.status_code == 200
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
    assert page.has_view_permission(request)


def test_one_row_can_be_looked_at_without_its_secret(root, client):
    channel = world.make("zebra").channel

    answer = client.get(reverse("admin:monitoring_channel_change", args=[channel.pk]))

    assert answer.status_code == 200
    assert b"whsec_zebra" not in answer.content


def test_every_table_but_the_numbers_of_a_run_is_there():
    ours = set(models.__all__) - {model.__name__ for model in SHOWN}

    assert ours == {"Reading", "Histogram", "GroupCount"}
