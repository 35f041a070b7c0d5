"""Gate lines as rows: one a change, for champion and challenger."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from policies.models import Evaluation, GateResult
from policies.releases.evaluation import evaluate_due
from policies.releases.facts import input_names
from registry.models import AliasEvent, ModelUse
from tests.factories import NOW, ModelVersionFactory, tracked_model
from tests.policies.releases.scenes import GROUPS, OOT

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def evaluate(at=NOW):
    return evaluate_due(at=at, seconds=30)


@pytest.fixture
def model():
    made = tracked_model(slug="card-fraud", tier=2)
    ModelUse.objects.create(model=made, purpose="x", is_default=True)
    version = made.source_models.get().versions.get()
    fill(version)
    return made


def fill(version, **more):
    fields = {
        "run_tags": {
            "mlflow.source.git.commit": "abc123",
            "muster.fairness_limit": "0.8",
            "muster.limits_set_at": "2026-07-01T00:00:00Z",
        },
        "params": {"depth": "3"},
        "signature": {"inputs": '[{"name": "age", "type": "double"}]'},
        "datasets": [{"name": "d", "digest": "123", "context": "training"}],
        "files": {"model/requirements.txt": {"size": 9, "digest": "e" * 64}},
        "digest": "f" * 64,
        "documents": {
            "muster/oot.json": OOT,
            "muster/importance.json": {"age": 1.0},
            "muster/groups.json": GROUPS,
        },
        "evidence_read_at": NOW,
        **more,
    }
    type(version).objects.filter(pk=version.pk).update(**fields)
    version.refresh_from_db()


def results(number=1):
    rows = GateResult.objects.filter(version__number=number).order_by("control", "-pk")
    return {row.control: row.result for row in rows.distinct("control")}


def test_the_champion_gets_a_line_for_each_gate(model):
    assert evaluate() == 5

    assert results() == {
        "explainability": "satisfied",
        "fairness": "satisfied",
        "out_of_time": "satisfied",
        "reproducibility": "satisfied",
        "rollback_target": "failed",
    }
    assert set(GateResult.objects.values_list("digest", flat=True)) == {"f" * 64}


def test_a_challenger_would_go_back_to_the_champion(model):
    source = model.source_models.get()
    challenger = ModelVersionFactory.create(source_model=source, number=2, evidence_read_at=NOW)
    source.aliases = {"champion": 1, "challenger": 2}
    source.save(update_fields=["aliases"])

    evaluate()

    assert results(2)["rollback_target"] == "unknown"
    assert results(2)["reproducibility"] == "failed"
    line = GateResult.objects.get(version=challenger, control="rollback_target")
    assert line.facts["seen"]["target"] == 1
    assert "muster/rollback.json" in line.facts["mend"]


def test_the_champion_would_go_back_to_the_one_before(model):
    source = model.source_models.get()
    fill(ModelVersionFactory.create(source_model=source, number=2))
    AliasEvent.objects.create(
        source_model=source, alias="champion", from_number=1, to_number=2, seen_at=NOW
    )
    source.aliases = {"champion": 2}
    source.save(update_fields=["aliases"])

    evaluate()

    line = GateResult.objects.get(version__number=2, control="rollback_target")
    assert (line.result, line.facts["seen"]["target"]) == ("unknown", 1)


def test_the_same_facts_write_nothing_twice(model):
    assert (evaluate(), evaluate(), evaluate(NOW + 2 * HOUR)) == (5, 0, 0)
    assert Evaluation.objects.get().evaluated_at == NOW + 2 * HOUR


def test_what_changed_gets_a_new_line_and_the_old_one_stays(model):
    evaluate()
    version = model.source_models.get().versions.get()
    fill(version, documents={"muster/oot.json": {**OOT, "value": 0.1}}, evidence_read_at=NOW + HOUR)

    assert evaluate(NOW + HOUR) == 3

    assert results() == {
        "explainability": "unknown",
        "fairness": "unknown",
        "out_of_time": "failed",
        "reproducibility": "satisfied",
        "rollback_target": "failed",
    }
    assert GateResult.objects.filter(control="out_of_time").count() == 2


def test_a_line_cannot_be_changed_or_deleted(model):
    evaluate()

    with pytest.raises(DatabaseError), transaction.atomic():
        GateResult.objects.update(result="satisfied")
    with pytest.raises(DatabaseError), transaction.atomic():
        GateResult.objects.all()._raw_delete("default")


def test_a_model_that_mlflow_does_not_know_has_no_lines(model):
    model.source_models.update(aliases={})

    assert evaluate() == 0


@pytest.mark.parametrize(
    ("signature", "names"),
    [
        ({}, None),
        (None, None),
        ({"inputs": "not json"}, None),
        ({"inputs": '[{"name": "a"}, {"type": "tensor"}]'}, ("a",)),
        ({"inputs": [{"name": "a"}, {"name": "b"}]}, ("a", "b")),
    ],
)
def test_signatures_in_every_shape(signature, names):
    assert input_names(signature) == names
