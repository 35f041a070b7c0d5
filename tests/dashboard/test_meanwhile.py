"""A form that was opened before somebody else's change does not undo that change unseen."""

import html
import json
import re

import pytest
from django.test import Client

from monitoring.models import CheckVersion, Source
from policies.models import PolicyVersion, RetrainingPolicy
from registry.models import (
    BusinessUnit,
    FleetRole,
    Person,
    RegisteredModel,
    ScopeDecision,
)
from tests.cast import person
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db
_VALUE = re.compile(r' value="([^"]*)"')


def client_of(who):
    client = Client()
    client.force_login(who)
    return client


def opened(client, address, by=None):
    """Read a form as a browser does and return what saving it untouched would send."""
    page = client.get(address).content.decode()
    forms = re.findall(r'<form method="post".*?</form>', page, re.S)
    (form,) = [one for one in forms if 'name="seen"' in one and (not by or f'value="{by}"' in one)]
    sent = {"by": by} if by else {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag)[1], _VALUE.search(tag)
        if 'type="checkbox"' not in tag:
            sent[name] = html.unescape(value[1])
        elif "checked" in tag:
            sent.setdefault(name, []).append(html.unescape(value[1]))
    for name, body in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body) or _VALUE.search(body)
        sent[name] = html.unescape(chosen[1])
    areas = re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S)
    sent |= {name: html.unescape(body).replace("\n", "\r\n") for name, body in areas}
    return {name: value for name, value in sent.items() if name != "csrfmiddlewaretoken"}


def wrongs(answer):
    return re.findall(r'class="wrong">([^<]*)|<li>([^<]*)', answer.content.decode())


def test_a_model_form_opened_earlier_shows_what_changed_and_keeps_what_was_typed(story):
    ana, ben = client_of(story.people.ana), client_of(story.people.ben)
    address, by_ana = "/m/card-fraud/edit/", {"purpose": "Ana's purpose", "tags": "mine"}
    first, second = opened(ana, address), opened(ben, address)
    changed = {"purpose": "Ben's purpose", "description": "Ben's words"}
    assert ben.post(address, second | changed).status_code == 302

    page = text(ana.post(address, first | by_ana), 400)

    assert re.search(
        r"Ben changed this at \d+ \w+ \d{4} \d\d:\d\d: [^.]*Purpose[^.]*\. Look again, then", page
    )
    assert "it now says: Ben&#x27;s purpose" in page
    assert "Ana&#x27;s purpose" in page and "Ben&#x27;s words" in page
    model = RegisteredModel.objects.get(slug="card-fraud")
    assert (model.purpose, model.tags) == ("Ben's purpose", [])
    seen = html.unescape(re.search(r'name="seen" value="([^"]*)"', page)[1])
    again = first | by_ana | {"seen": seen, "description": "Ben's words"}
    assert ana.post(address, again).status_code == 302
    model.refresh_from_db()
    assert (model.purpose, model.description) == ("Ana's purpose", "Ben's words")


@pytest.mark.parametrize("changed", [{"grace_hours": "31"}, {"features": "income ks 0.01"}])
def test_a_check_form_opened_earlier_saves_nothing(story, changed):
    address = "/m/card-fraud/checks/drift/"
    ana, other = client_of(story.people.ana), client_of(story.people.ana)
    late, early = opened(ana, address), opened(other, address)
    saved = other.post(address, early | changed)
    assert saved.status_code == 302, (early, wrongs(saved))
    versions = CheckVersion.objects.count()

    assert "Look again, then save" in text(ana.post(address, late), 400)
    assert CheckVersion.objects.count() == versions


def test_a_person_form_opened_earlier_gives_no_role_back(story):
    ann, pat = client_of(story.people.pat), client_of(story.people.pat)
    dora = person("dora", story.people.fraud, "owner")
    FleetRole.objects.create(person=dora, role="auditor")
    address = f"/settings/people/{dora.email}/"
    late, early = opened(ann, address), opened(pat, address)
    assert pat.post(address, early | {"fleet_roles": [], "roles_text": ""}).status_code == 302

    page = text(ann.post(address, late | {"name": "Dora Diaz"}), 400)

    assert "Pat changed this at" in page and "Look again, then save" in page
    assert not FleetRole.objects.filter(person=dora).exists()
    assert Person.objects.get(pk=dora.pk).name == "Dora"


@pytest.mark.parametrize("by", ["form", "text"])
def test_a_policy_form_opened_earlier_saves_nothing(story, by):
    address = f"/policies/{RetrainingPolicy.objects.get().slug}/"
    ana, other = client_of(story.people.ana), client_of(story.people.ana)
    late, early = opened(ana, address, by), opened(other, address, "form")
    saved = other.post(address, early | {"spec.cooldown_days": "99"})
    assert saved.status_code == 302, (early, wrongs(saved))
    versions = PolicyVersion.objects.count()

    assert "Look again, then save" in text(ana.post(address, late), 400)
    assert PolicyVersion.objects.count() == versions


def test_units_sources_records_and_decisions_are_held_too(story):
    ana, pat = client_of(story.people.ana), client_of(story.people.pat)
    source = Source.objects.filter(model__slug="card-fraud").first()
    tries = [
        (pat, "/settings/units/fraud/", BusinessUnit.objects.filter(slug="fraud"), "name"),
        (
            ana,
            f"/m/card-fraud/sources/{source.name}/",
            Source.objects.filter(pk=source.pk),
            "address",
        ),
    ]
    for client, address, rows, column in tries:
        late = opened(client, address)
        rows.update(**{column: "other"})
        assert "Somebody changed this" in text(client.post(address, late), 400).replace(
            "Ana changed this", "Somebody changed this"
        )
        assert rows.get().__dict__[column] == "other"
    late = opened(ana, "/m/card-fraud/record/identity/")
    RegisteredModel.objects.update(record={"legal_entity": "Acme SA"})
    assert "legal entity" in text(ana.post("/m/card-fraud/record/identity/", late), 400).lower()
    address = "/m/card-fraud/rulebooks/uk-ss1-23/"
    late = opened(ana, address)
    assert ana.post(address, late | {"result": "in", "reason": "a bank"}).status_code == 302
    assert ana.post(address, late | {"result": "out", "reason": "no"}).status_code == 400
    assert ScopeDecision.objects.count() == 1


def test_an_untouched_form_and_a_broken_token_go_through(story):
    ana = client_of(story.people.ana)
    sent = opened(ana, "/m/card-fraud/edit/")
    for seen in (sent["seen"], "[]", "{", json.dumps({"purpose": 3})):
        assert ana.post("/m/card-fraud/edit/", sent | {"seen": seen}).status_code == 302
