"""An inventory file comes back: CSV and JSON, guarded cells, wrong headers, each row for itself."""

import json

import pytest
from django.test import Client

from registry import catalogue, inventory, tiering
from registry.imports import from_file
from registry.models import Membership, RegisteredModel, SlugHistory
from tests.cast import acting, bearer
from tests.factories import NOW
from tests.registry.api import pointers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]
HEADER = "model_id,model_name,business_line,model_owner,intended_purpose,model_task,decision_role"
CHURN = "churn,Churn,fraud,ana@example.com,Tell who may leave,classification,one_input"


@pytest.fixture
def send(people):
    headers = bearer(people.ana)

    def sent(body, query="", kind="text/csv"):
        data = body.encode() if isinstance(body, str) else body
        address = f"/api/v1/imports/inventory/{query}"
        return Client().post(address, data, content_type=kind, headers=headers)

    return sent


def rows(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_csv_registers_and_repeating_changes_nothing(send):
    first, second = (rows(send(f"{HEADER}\n{CHURN}\n")) for _ in range(2))
    third = rows(send("model_id,model_name\nchurn,Churn of customers\n"))

    assert [r[0]["status"] for r in (first, second, third)] == ["created", "unchanged", "updated"]
    assert RegisteredModel.objects.get(slug="churn").name == "Churn of customers"


def test_semicolons_a_byte_order_mark_and_quoted_cells_are_read(send):
    header, row = HEADER.replace(",", ";"), CHURN.replace(",", ";")
    row = row.replace("Tell who may leave", '"Line one; still\r\nline ""two"""')

    assert rows(send(b"\xef\xbb\xbf" + f"{header};tags\r\n{row};a|b\r\n".encode()))
    model = RegisteredModel.objects.get(slug="churn")
    assert model.purpose == 'Line one; still\r\nline "two"'


def test_cells_that_our_export_guarded_lose_their_apostrophe(send):
    named = inventory.cell(inventory.BY_NAME["model_name"], "=1+1")

    rows(send(f"{HEADER}\n{CHURN.replace('Churn', named)}\n"))

    assert named == "'=1+1"
    assert RegisteredModel.objects.get(slug="churn").name == "=1+1"


def test_json_is_read_with_types_and_lists(send):
    row = dict(zip(HEADER.split(","), CHURN.split(","), strict=True))
    body = json.dumps({"results": [{**row, "tags": ["a", "b"], "answer_exposure": 0}]})

    assert rows(send(body, kind="application/json"))[0]["status"] == "created"
    assert RegisteredModel.objects.get(slug="churn").tags == ["a", "b"]


def test_each_row_is_for_itself_and_errors_name_the_column(send):
    answer = send(
        f"{HEADER},answer_exposure\n{CHURN},0\n"
        "b,B,retail,ana@example.com,x,classification,one_input,\n"
        "c,C,fraud,nobody@example.com,x,guess,one_input,many\n"
        ",D,fraud,ana@example.com,x,ranking,one_input,\n"
        "card-fraud,,,chris@example.com,,,,\n"
    )
    found = rows(answer)

    assert [row["status"] for row in found] == ["created"] + ["refused"] * 4
    assert [[e["pointer"] for e in row["errors"]] for row in found[1:]] == [
        ["/business_line"],
        ["/answer_exposure"],
        ["/model_id"],
        ["/model_owner"],
    ]
    assert found[4]["slug"] == "card-fraud"


def test_another_units_model_is_neither_changed_nor_shown(people, send):
    RegisteredModel.objects.update(unit=people.retail)

    found = rows(send("model_id,model_name\ncard-fraud,Mine now\n"))[0]

    assert (found["status"], found["slug"]) == ("refused", "")
    assert not RegisteredModel.objects.filter(name="Mine now").exists()


def test_a_dry_run_writes_nothing(send):
    answer = send(f"{HEADER}\n{CHURN}\n", "?dry_run=true")

    assert (answer.json()["state"], rows(answer)[0]["status"]) == ("preview", "created")
    assert not RegisteredModel.objects.filter(slug="churn").exists()


@pytest.mark.parametrize(
    ("body", "kind", "pointer"),
    [
        ("model_id,colour\nx,red\n", "text/csv", "/colour"),
        ("model_name\nx\n", "text/csv", "/model_id"),
        ("model_id,model_id\nx,y\n", "text/csv", "/model_id"),
        ("", "text/csv", "/model_id"),
        ("model_id\n", "text/csv", "/"),
        ('model_id\n"x\n', "text/csv", "/"),
        (b"model_id\n\xff\n", "text/csv", "/"),
        (b"model_id\nx\x00\n", "text/csv", "/"),
        ("[1]", "application/json", "/"),
        ("[]", "application/json", "/"),
        (b"model_id\n" + b"x\n" * 5_001, "text/csv", "/"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(send, body, kind, pointer):
    assert pointers(send(body, kind=kind)) == [pointer]


def test_other_kinds_of_file_are_refused(send):
    assert send("x", kind="application/pdf").status_code == 415
    assert send("{", kind="application/json").status_code == 400


def test_a_second_row_about_a_model_names_the_first(people, send):
    RegisteredModel.objects.filter(slug="card-fraud").update(slug="cards")
    SlugHistory.objects.create(slug="cards", model=people.model)
    key = str(people.model.uuid).upper()
    found = rows(send(f"model_id,model_name\ncards,A\nother,B\ncard-fraud,C\n{key},D\nother,E\n"))

    told = [[(e["pointer"], e["code"]) for e in row["errors"]] for row in found]
    assert found[0]["status"] == "updated"
    assert told[2] == told[3] == told[4] == [("/model_id", "twice")]
    assert "row 1 is" in found[2]["errors"][0]["detail"]
    assert "row 2 is" in found[4]["errors"][0]["detail"]
    assert RegisteredModel.objects.get(pk=people.model.pk).name == "A"


def test_rows_of_a_later_batch_know_the_earlier_ones(people, send):
    body = {"rows": [{"model_id": "card-fraud", "model_name": name} for name in "AB"]}
    ana = acting(people.ana)

    (second,) = from_file.work(ana, {**body, "text": True}, start=1, stop=2, at=NOW)

    assert (second.row, second.errors[0].code) == (2, "twice")


def test_a_uuid_of_another_model_is_no_key(people, send):
    wrong = "00000000-0000-4000-8000-000000000000"
    right = str(people.model.uuid).upper()
    head = "model_id,model_uuid,model_name\n"

    for row in (f"card-fraud,{wrong},X", f"other,{right},X"):
        (found,) = rows(send(f"{head}{row}\n"))
        assert [(e["pointer"], e["code"]) for e in found["errors"]] == [("/model_uuid", "mismatch")]
    assert rows(send(f"{head}card-fraud,{right},Cards\n"))[0]["status"] == "updated"


def test_a_missing_right_and_lighter_answers_name_their_columns(people, send):
    light = {question.key: 0 for question in tiering.QUESTIONS}
    catalogue.patch_model(acting(people.ana), people.model, {"tier_answers": light}, at=NOW)
    catalogue.patch_model(acting(people.ana), people.model, {"tier_answers": {"harm": 4}}, at=NOW)
    answers = ",".join(f"answer_{name}" for name in light)

    (lighter,) = rows(send(f"model_id,{answers}\ncard-fraud{',0' * len(light)}\n"))
    Membership.objects.filter(person=people.ana).update(role="viewer")
    (refused,) = rows(send("model_id,model_name\ncard-fraud,X\n"))

    assert [(e["pointer"], e["code"]) for e in lighter["errors"]] == [
        ("/answer_exposure", "not_independent")
    ]
    assert [(e["pointer"], e["code"]) for e in refused["errors"]] == [
        ("/business_line", "not_allowed")
    ]
    assert all(e["fix"] for e in lighter["errors"] + refused["errors"])


def test_a_file_of_more_bytes_than_taken_is_a_413(send, monkeypatch):
    monkeypatch.setattr(from_file, "MAX_BYTES", 100)
    answer = send("x" * 101)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too_large")
