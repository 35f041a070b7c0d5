"""A whole spec typed as text is saved, or told beside the text why it cannot be."""

import pytest
import yaml

from monitoring.models import CheckVersion
from registry import clock
from tests.dashboard.scene import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def story():
    return scene(now=clock.now())


def test_a_date_without_quotes_is_taken_as_it_was_typed(client, story):
    client.force_login(story.people.ana)
    data = {"key": "weekly", "every_days": "7", "start": "2026-08-17T00:00:00Z"}
    data |= {"numeric.method": "ks", "numeric.limit": "0.05"}
    assert client.post("/m/card-fraud/checks/new/?kind=data", data).status_code == 302
    versions = CheckVersion.objects.filter(check_ref__slug="weekly").order_by("-number")
    spec = {key: value for key, value in versions.get().spec.items() if key != "start"}
    body = f"{yaml.safe_dump(spec)}\nstart: 2026-08-24T00:00:00Z\n"

    changed = client.post("/m/card-fraud/checks/weekly/", {"by": "text", "spec": body})

    assert changed.status_code == 302
    assert versions[0].spec["start"].startswith("2026-08-24T00:00")


@pytest.mark.parametrize(
    "given", ['a: "b\\0c"', "a: !!set {b}", "a: !!binary aGk=", "a: &a [*a]", "[" * 3000, "a: .nan"]
)
@pytest.mark.parametrize(
    ("address", "name"),
    [("m/card-fraud/checks/drift", "spec"), ("policies/drift-standard", "text")],
)
def test_a_text_that_cannot_be_taken_says_so_beside_it(client, story, address, name, given):
    client.force_login(story.people.ana)

    response = client.post(f"/{address}/", {"by": "text", name: given})

    page = response.content.decode()
    assert response.status_code == 400
    assert "nothing has been saved" in page
    assert 'class="wrong"' in page[page.index(f'id="f-{name}"') :]


@pytest.mark.parametrize(
    ("address", "name"),
    [("m/card-fraud/checks/drift", "spec"), ("policies/drift-standard", "text")],
)
def test_a_date_where_none_belongs_is_no_failure_of_ours(client, story, address, name):
    client.force_login(story.people.ana)

    response = client.post(f"/{address}/", {"by": "text", name: "start: 2026-08-17"})

    assert response.status_code == 400
    assert "nothing has been saved" in response.content.decode()
