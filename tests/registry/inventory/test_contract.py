"""What Muster holds is what MLflow says, for the pinned MLflow 3 and for the newest MLflow 2."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from registry import queries
from registry.mlflow.doorbell import sign
from registry.models import ModelVersion, SourceModel
from tests import factories
from tests.registry.inventory import elder
from tests.registry.inventory.sweeping import sweep
from tests.registry.training import Team
from tests.starting import start_on_free_port

pytestmark = pytest.mark.django_db
NAMES = ["plain", "with space", "hundred % of it", "größe 模型", "a%2Fb", 'quote\'s "name"', "v1"]


@pytest.fixture(scope="module")
def elder_server(supervisor, test_root):
    folder = test_root / "mlflow-2"
    folder.mkdir()
    return f"http://127.0.0.1:{start_on_free_port(supervisor, lambda p: elder.part(p, folder))}"


@pytest.fixture(params=["pinned", "newest 2.x"])
def team(request):
    name = "mlflow_server" if request.param == "pinned" else "elder_server"
    return Team(request.getfixturevalue(name))


@pytest.fixture
def server(team):
    return factories.MLflowServerFactory.create(origin=team.origin)


def told(team, place, **query):
    asked = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in query.items())
    return team.call("GET", f"/api/2.0/mlflow/{place}?{asked}", b"")


def test_a_sweep_holds_what_mlflow_says_one_by_one(team, server):
    for name in NAMES:
        team.model(name)
        for _ in range(2):
            team.version(name, team.run(muster_note=name))
        team.alias(name, "champion", 1)
        team.alias(name, "Champion", 2)
        team.post("registered-models/set-tag", {"name": name, "key": "unit", "value": "retail"})
    run_id = team.run()
    for number, (value, step, at) in enumerate([("NaN", 9, 1), (1.5, 3, 2), (0.5, 2, 300)]):
        team.log(run_id, "auc", value, step=step, at=at)
        team.log(run_id, "long", number, step=number, at=number + 1)
    team.model("watched")
    team.alias("watched", "champion", team.version("watched", run_id))
    record = factories.RegisteredModelFactory.create(mlflow_server=server, mlflow_name="watched")
    team.call("DELETE", "/api/2.0/mlflow/model-versions/delete", {"name": "plain", "version": "2"})
    team.post("runs/delete", {"run_id": run_id})
    sweep(server)

    for source in SourceModel.objects.filter(name__in=NAMES):
        there = told(team, "registered-models/get", name=source.name)["registered_model"]
        assert source.created_ms == there["creation_timestamp"]
        assert source.aliases == {a["alias"]: int(a["version"]) for a in there["aliases"]}
        assert source.tags == {"unit": "retail"}
        for version in source.versions.all():
            one = told(team, "model-versions/get", name=source.name, version=version.number)
            assert version.run_id == one["model_version"]["run_id"]
            assert version.source == one["model_version"]["source"]
    assert SourceModel.objects.filter(name__in=NAMES).count() == len(NAMES)
    assert ModelVersion.objects.filter(source_model__name="plain").count() == 1
    champion = queries.champion(record)
    series = queries.metric_series(champion, "auc")
    assert [point.value for point in series] == ["NaN", "1.5", "0.5"]
    assert champion.metrics["auc"]["value"] == "0.5"
    assert len(queries.metric_series(champion, "long")) == 3

    team.post("registered-models/rename", {"name": "v1", "new_name": "v1 renamed"})
    team.call("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": "plain"})
    team.model("plain")
    before = SourceModel.objects.get(name="v1").pk
    for minutes in range(1, 4):
        sweep(server, at=factories.NOW + timedelta(minutes=minutes))

    assert SourceModel.objects.get(name="v1 renamed").pk == before
    rows = SourceModel.objects.filter(name="plain").order_by("created_ms")
    assert [row.presence for row in rows] == ["missing", "present"]


def test_prompts_are_no_models(team, server):
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    team.post("registered-models/create", {"name": "a prompt", "tags": tags})
    sweep(server)

    assert not SourceModel.objects.filter(name="a prompt").exists()


def test_webhooks_are_signed_as_mlflow_signs_them():
    from mlflow.webhooks.delivery import _generate_hmac_signature

    theirs = _generate_hmac_signature("s" * 20, "id-1", "1700000000", '{"ä": 1}')

    assert sign("s" * 20, "id-1", "1700000000", '{"ä": 1}'.encode()) == theirs
