"""A row of the register survives being written and read, and is never a formula."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import inventory
from registry.problems import Invalid

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30)
WORDS = TEXT.map(str.strip).filter(bool)
DANGEROUS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001
SNAPSHOT = {
    "uuid": "0c5f",
    "slug": "churn",
    "name": "Churn",
    "business_unit": "fraud",
    "owner": "ana@example.com",
    "deputy": None,
    "purpose": "Tell who may leave",
    "description": "",
    "task": "classification",
    "lifecycle": "active",
    "decision_role": "one_input",
    "jurisdictions": ["US", "CA-ON"],
    "tags": ["a; b", "[c]"],
    "tier": 2,
    "computed_tier": 3,
    "tier_answers": {"harm": 2, "eu_high_risk": False},
    "mlflow": "default: churn: v2",
    "record": {"origin": "vendor", "developers": ["ana@example.com"], "eu_role": "deployer"},
}


def through_csv(row):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, [c.name for c in inventory.COLUMNS])
    writer.writeheader()
    writer.writerow({c.name: inventory.cell(c, row[c.name]) for c in inventory.COLUMNS})
    file.seek(0)
    return next(csv.DictReader(file))


def test_a_row_reads_back_as_the_body_it_was_written_from():
    row = inventory.values(SNAPSHOT, {"model_version": 3, "as_of": "2026-06-30"})

    for read in (inventory.body(row, text=False), inventory.body(through_csv(row), text=True)):
        assert read == (
            "churn",
            {
                "name": "Churn",
                "business_unit": "fraud",
                "owner": "ana@example.com",
                "purpose": "Tell who may leave",
                "task": "classification",
                "lifecycle": "active",
                "decision_role": "one_input",
                "jurisdictions": ["US", "CA-ON"],
                "tags": ["a; b", "[c]"],
                "tier_answers": {"harm": 2, "eu_high_risk": False},
                "mlflow": {"server": "default", "model": "churn: v2"},
                "record": SNAPSHOT["record"],
            },
        )


# Drawing texts of every alphabet is slow on a busy machine, which says nothing of ours.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(name=WORDS, tags=st.lists(WORDS, max_size=4, unique=True), other=st.dictionaries(TEXT, TEXT))
def test_any_text_survives_and_no_cell_is_a_formula(name, tags, other):
    snapshot = {"slug": "m", "name": name, "tags": tags, "record": other}
    row = inventory.values(snapshot, {})
    read = through_csv(row)

    assert all(text[:1] not in DANGEROUS for text in read.values() if text)
    slug, body = inventory.body(read, text=True)
    assert (slug, body["name"], body.get("tags", [])) == ("m", name, tags)
    assert body.get("record", {}) == other


@pytest.mark.parametrize(
    ("cells", "pointer"),
    [
        ({"model_id": "m", "answer_harm": "two"}, "/answer_harm"),
        ({"model_id": "m", "answer_eu_high_risk": "perhaps"}, "/answer_eu_high_risk"),
        ({"model_id": "m", "other_fields": "{"}, "/other_fields"),
        ({"model_id": "m", "other_fields": ["a"]}, "/other_fields"),
        ({"model_id": "m", "colour": "red"}, "/colour"),
        ({"model_name": "m"}, "/model_id"),
    ],
)
def test_a_cell_that_cannot_be_read_names_its_column(cells, pointer):
    with pytest.raises(Invalid) as refused:
        inventory.body(cells, text=isinstance(cells.get("other_fields", ""), str))

    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_what_is_only_told_is_not_read():
    assert inventory.body({"model_id": "m", "risk_rating": "4", "as_of": "today"}, text=True) == (
        "m",
        {},
    )
