"""The contract is changed on its page, column by column, by the operation that the API uses."""

import pytest

from monitoring.models import ContractVersion
from monitoring.queries.checks import current_contract
from registry import clock
from registry.models import AuditEvent
from tests.dashboard.reading import text
from tests.dashboard.scene import FEATURES
from tests.factories import RegisteredModelFactory

pytestmark = pytest.mark.django_db
PAGE = "/m/card-fraud/contract/"


def filled(version=1, **more):
    """The page's inputs as they stand: columns in the order of their names."""
    data = {"version": str(version)}
    for index, name in enumerate(sorted(FEATURES)):
        data |= {f"name-{index}": name, f"low-{index}": "0", f"nulls-{index}": "0.1"}
        data |= {f"must-{index}": "on"}
    for index in range(len(FEATURES), len(FEATURES) + 3):
        data |= {f"name-{index}": "", f"family-{index}": "number", f"must-{index}": "on"}
    return data | more


def test_the_page_shows_the_contract_and_what_saving_does(ana):
    page = text(ana.get(PAGE))

    assert "learned from the reference" in page
    assert 'name="name-0" value="age"' in page
    assert "not learned from a new champion" in page
    assert "Change the contract" in text(ana.get("/m/card-fraud/"))


def test_columns_are_changed_added_and_dropped_in_one_audited_version(ana, story):
    data = filled(**{"high-1": "250.5", "drop-2": "on", "min_rows": "300"})
    data |= {"name-5": "region", "family-5": "category", "categories-5": "EU\r\nUS, rest"}

    assert ana.post(PAGE, data).status_code == 302

    newest = current_contract(story.people.model)
    columns = newest.spec["columns"]
    assert (newest.number, newest.by) == (2, story.people.ana)
    assert columns["amount"]["high"] == 250.5
    assert columns["amount"]["low"] == 0
    assert "hour" not in columns
    assert columns["region"]["categories"] == ["EU", "US, rest"]
    assert newest.spec["min_rows"] == 300
    assert AuditEvent.objects.get(action="contract.changed").unit == story.people.fraud


@pytest.mark.parametrize(
    ("wrong", "beside", "told"),
    [
        ({"low-1": "much"}, "Lowest amount", "is no number"),
        ({"low-1": "7", "high-1": "3"}, "Lowest amount", "is above the highest"),
        ({"nulls-1": "3"}, "Share of missing values, amount", "less than or equal to 1"),
        ({"name-5": "age"}, "Name of a new column", "is in the contract already"),
        ({"high-5": "4"}, "Name of a new column", "needs its name"),
        ({"min_rows": "none"}, 'id="f-min_rows"', "is no number"),
        ({"version": "0"}, "to mend", "changed the contract meanwhile"),
    ],
)
def test_what_is_wrong_stands_beside_its_input(ana, wrong, beside, told):
    page = text(ana.post(PAGE, filled(**wrong)), 400)

    assert "nothing has been saved yet" in page
    after = page[page.index(beside) :]
    assert told in after[: after.index('class="wrong"') + 200 if "version" not in wrong else 400]
    assert ContractVersion.objects.count() == 1


def test_before_one_is_learned_the_page_says_that_only_what_is_written_holds(client, story):
    people = story.people
    fresh = RegisteredModelFactory.create(slug="fresh", unit=people.fraud, owner=people.ana)
    client.force_login(people.ana)
    page = "/m/fresh/contract/"
    assert "exactly the columns you write" in text(client.get(page))
    blank = {"version": "0", "name-0": "", "family-0": "number"}
    assert "demands nothing" in text(client.post(page, blank), 400)

    assert client.post(page, {**blank, "name-0": "age", "low-0": "18"}).status_code == 302

    assert list(current_contract(fresh).spec["columns"]) == ["age"]


def test_many_columns_are_found_by_name_and_the_others_stay(ana, story):
    contract = story.people.model.contract
    columns = {f"f{n:03}": {"family": "number"} for n in range(150)}
    ContractVersion.objects.create(
        contract=contract, number=2, spec={"columns": columns}, at=clock.now()
    )
    assert "50 columns not shown" in text(ana.get(PAGE))
    assert 'value="f149"' in text(ana.get(f"{PAGE}?q=149"))

    data = {"version": "2", "name-0": "f149", "high-0": "3", "must-0": "on"}
    assert ana.post(f"{PAGE}?q=149", data).status_code == 302

    after = current_contract(story.people.model).spec["columns"]
    assert len(after) == 150
    assert after["f149"]["high"] == 3


def test_who_may_not_watch_does_not_write(client, story):
    client.force_login(story.people.vera)

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, filled()).status_code == 403
