"""A source of kind mlflow is set by API and page; what no run could log is refused."""

import pytest

from registry.mlflow import scored
from registry.mlflow.records import Malformed
from tests.cast import bearer, cast

pytestmark = pytest.mark.django_db
URL = "/api/v1/models/card-fraud/sources/runs/"


@pytest.fixture
def people():
    return cast()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"artifact": None}, "/artifact"),
        ({"artifact": "../scored.json"}, "/artifact"),
        ({"artifact": "/etc/passwd.csv"}, "/artifact"),
        ({"artifact": "model.pkl"}, "/artifact"),
        ({"artifact": "a'b.json"}, "/artifact"),
        ({"artifact": "dataset:"}, "/artifact"),
        ({"labels_artifact": "scored.json"}, "/labels_artifact"),
        ({"labels_artifact": "labels"}, "/labels_artifact"),
        ({"query": "SELECT 1"}, "/query"),
        ({"secret": "a:b"}, "/secret"),
        ({"address": "x" * 501}, "/address"),
        ({"kind": "folder", "artifact": "scored.json"}, "/artifact"),
        ({"kind": "upload", "artifact": "scored.json"}, "/artifact"),
    ],
)
def test_a_wrong_source_is_refused(client, people, change, pointer):
    body = {"kind": "mlflow", "artifact": "scored.json", **change}
    sent = {key: value for key, value in body.items() if value is not None}
    answer = client.put(URL, sent, content_type="application/json", headers=bearer(people.ana))

    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    assert (error["pointer"], bool(error["fix"])) == (pointer, True)


def test_a_model_that_is_tied_to_no_server_cannot_have_one(client, people):
    people.model.source_models.update(registered_model=None)
    body = {"kind": "mlflow", "artifact": "scored.json"}
    answer = client.put(URL, body, content_type="application/json", headers=bearer(people.ana))

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_tied")


def test_it_is_set_on_the_page_and_shown_by_the_api(client, people):
    client.force_login(people.ana)
    page = "/m/card-fraud/sources/runs/"
    first = {"kind": "mlflow", "artifact": "scored.json", "address": "scoring"}
    made = client.post(page, {**first, "format": "parquet"})
    changed = client.post(page, {**first, "labels_artifact": "dataset:paid"})
    shown = client.get(page).content.decode()
    cleared = client.post(page, {**first, "address": ""})
    told = client.get(URL, headers=bearer(people.ana)).json()

    assert [one.status_code for one in (made, changed, cleared)] == [302, 302, 302], made.content
    assert "dataset:paid" in shown and "Experiment" in shown
    assert (told["kind"], told["artifact"], told["format"]) == ("mlflow", "scored.json", "table")
    assert (told["address"], told["labels_artifact"]) == ("", "")


@pytest.mark.parametrize("run_id", ["../../etc/cron", "", "a b", None, "\u0660"])
def test_a_server_cannot_choose_where_a_file_is_written(run_id):
    with pytest.raises(Malformed):
        scored.scored_run({"info": {"run_id": run_id, "end_time": 1}})


def test_what_a_server_says_stands_in_one_line():
    source = '{"uri": "/data/a\\nb.csv"}'
    inputs = {"dataset_inputs": [{"dataset": {"name": "n", "source": source}}]}
    tags = [{"key": "muster.window", "value": "a\r\nBcc: b"}]
    run = scored.scored_run({"info": {"run_id": "a1"}, "data": {"tags": tags}, "inputs": inputs})

    assert run.tags == {"muster.window": "a\ufffd\ufffdBcc: b"}
    assert run.datasets[0].address == "/data/a\ufffdb.csv"
