"""A spec typed as text is saved, or told beside the text why it cannot be."""

import pytest

from monitoring.models import CheckVersion

pytestmark = pytest.mark.django_db


def test_a_date_without_quotes_is_taken_as_it_was_typed(client, story):
    client.force_login(story.people.ana)
    data = {"key": "weekly", "every_days": "7", "start": "2026-08-17T00:00:00Z"}
    data |= {"numeric.method": "ks", "numeric.limit": "0.05"}
    assert client.post("/m/card-fraud/checks/new/?kind=data", data).status_code == 302
    versions = CheckVersion.objects.filter(check_ref__slug="weekly").order_by("-number")
    assert versions.count() == 1
    sent = data | {"start": "", "rest": "start: 2026-08-24T00:00:00Z\n"}

    changed = client.post("/m/card-fraud/checks/weekly/", sent)

    assert changed.status_code == 302
    assert versions[0].spec["start"].startswith("2026-08-24T00:00")


@pytest.mark.parametrize(
    "given", ['a: "b\\0c"', "a: !!set {b}", "a: !!binary aGk=", "a: &a [*a]", "[" * 3000, "a: .nan"]
)
@pytest.mark.parametrize(
    ("address", "name"),
    [("m/card-fraud/checks/drift", "rest"), ("policies/drift-standard", "text")],
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
    [("m/card-fraud/checks/drift", "rest"), ("policies/drift-standard", "text")],
)
def test_a_date_where_none_belongs_is_no_failure_of_ours(client, story, address, name):
    client.force_login(story.people.ana)

    response = client.post(f"/{address}/", {"by": "text", name: "start: 2026-08-17"})

    assert response.status_code == 400
    assert "nothing has been saved" in response.content.decode()


@pytest.mark.parametrize(
    ("address", "name", "given", "told"),
    [
        (
            "m/card-fraud/checks/drift",
            "rest",
            "every_days: 7\nwhen:\n  bad: 2\n  often: 3\n",
            "Line 4, when, often: there is no field",
        ),
        (
            "policies/drift-standard",
            "text",
            "selector: {}\nspec:\n  cadence_days: 30\n  signals:\n"
            "  - {signal: drift_share, at_least: 0.2, oft: 3}\n",
            "Line 5, spec, signals, 0, drift_share, oft: there is no field",
        ),
        ("policies/drift-standard", "text", "speck: {}\n", "Line 1, speck: there is no field"),
    ],
)
def test_a_wrong_key_is_told_beside_the_text_with_its_line(
    client, story, address, name, given, told
):
    client.force_login(story.people.ana)

    page = client.post(f"/{address}/", {"by": "text", name: given}).content.decode()

    field = page[page.index(f'id="f-{name}-more"') :]
    assert told in field[: field.index("</div>")]
