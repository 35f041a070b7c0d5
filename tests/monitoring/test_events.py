"""What happens to a model in MLflow reaches its owner, once, and ends when it is undone."""

from datetime import timedelta
from typing import Any

import pytest

from monitoring import events, incidents
from monitoring.alerts import message, stories
from monitoring.alerts.condition_words import words_of
from monitoring.models import Alert, Delivery, Health, Incident
from monitoring.states import AlertState, IncidentState
from registry import actors, clock
from registry.models import EventAnswer, ModelEvent, RegisteredModel
from tests.factories import MembershipFactory, SourceModelFactory, tracked_model

pytestmark = pytest.mark.django_db
Kind = ModelEvent.Kind


@pytest.fixture
def model() -> RegisteredModel:
    model = tracked_model()
    MembershipFactory.create(person=model.owner, unit=model.unit, role="owner")
    return model


def happen(model: RegisteredModel, kind: str, **detail: Any) -> ModelEvent:
    return ModelEvent.objects.create(
        kind=kind,
        source_model=model.source_models.get(),
        model=model,
        detail=detail,
        at=clock.now(),
    )


def answer() -> int:
    return events.answer_due(at=clock.now(), seconds=5)


def moved(model: RegisteredModel, start: int | None, end: int | None) -> None:
    happen(model, Kind.ALIAS_MOVED, alias="champion", **{"from": start, "to": end})
    answer()


def open_alerts() -> list[str]:
    rows = Alert.objects.exclude(state=AlertState.RESOLVED).order_by("pk")
    return [f"{alert.condition} {alert.segment}".strip() for alert in rows]


def test_a_champion_moved_in_mlflow_is_told_to_the_owner_once(model: RegisteredModel) -> None:
    happen(model, Kind.ALIAS_MOVED, alias="champion", **{"from": 1, "to": 2})
    assert answer() == 1
    assert answer() == 0
    alert = Alert.objects.get()
    assert alert.headline == "Champion moved from v1 to v2 in MLflow; who did it is not known"
    owed = Delivery.objects.get()
    assert owed.channel.person == model.owner
    letter = message.compose(stories.tell(owed))
    assert "WATCH" in letter.subject
    assert dict(letter.parts)["Do now"][0].startswith("Ask the team who moved it")
    assert not any("window" in line for _, lines in letter.parts for line in lines)
    health = Health.objects.get(model=model)
    assert any("Champion moved from v1 to v2" in reason for reason in health.reasons)


def test_the_first_champion_and_other_aliases_are_no_news(model: RegisteredModel) -> None:
    moved(model, None, 1)
    happen(model, Kind.ALIAS_MOVED, alias="challenger", **{"from": 1, "to": 2})
    answer()
    assert open_alerts() == []
    assert EventAnswer.objects.count() == 2


@pytest.mark.parametrize(
    ("moves", "left"),
    [
        ([(1, 2), (2, 1)], []),
        ([(1, 2), (2, 3)], ["champion_moved v2", "champion_moved v3"]),
        ([(1, 2), (2, 3), (3, 2)], ["champion_moved v2"]),
        ([(1, 2), (2, 3), (3, 1)], []),
        ([(1, None)], ["champion_removed"]),
        ([(1, None), (None, 1)], []),
    ],
)
def test_moving_back_undoes_the_move(
    model: RegisteredModel, moves: list[tuple[int | None, int | None]], left: list[str]
) -> None:
    for start, end in moves:
        moved(model, start, end)
    assert open_alerts() == left
    assert Incident.objects.exclude(state=IncidentState.CLOSED).count() == bool(left)


def test_a_champion_that_was_removed_is_not_told_as_moved(model: RegisteredModel) -> None:
    moved(model, 1, None)
    alert = Alert.objects.get()
    assert alert.headline == "Champion removed from v1 in MLflow; who did it is not known"
    assert words_of(alert.condition, kind="").label == "Champion removed outside Muster"
    assert alert.segment == ""


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        (Kind.ARTIFACT_CHANGED, "files_changed v1"),
        (Kind.RUN_DELETED, "run_deleted v1"),
        (Kind.LOGGED_MODEL_DELETED, "logged_model_deleted v1"),
    ],
)
def test_a_version_that_is_no_longer_what_it_was(
    model: RegisteredModel, kind: str, condition: str
) -> None:
    happen(model, kind, number=1, files=["model.pkl"])
    happen(model, kind, number=1, files=["model.pkl"])
    assert answer() == 2
    assert open_alerts() == [condition]
    happen(model, Kind.INTEGRITY_RESTORED, number=2, over=[kind])
    answer()
    assert open_alerts() == [condition]
    happen(model, Kind.INTEGRITY_RESTORED, number=1, over=["other"])
    answer()
    assert open_alerts() == [condition]
    happen(model, Kind.INTEGRITY_RESTORED, number=1, over=[kind])
    answer()
    assert open_alerts() == []
    kinds = set(Delivery.objects.values_list("kind", flat=True))
    assert kinds == {"firing", "resolved"}


def test_overwritten_files_make_the_model_critical(model: RegisteredModel) -> None:
    happen(model, Kind.ARTIFACT_CHANGED, number=1, files=["a", "b", "c", "d", "e"])
    answer()
    assert Health.objects.get(model=model).state == "critical"
    assert Alert.objects.get().headline.endswith("(a, b, c and 2 more)")


def test_a_model_missing_from_mlflow_and_back(model: RegisteredModel) -> None:
    happen(model, Kind.MODEL_MISSING, presence="forbidden")
    answer()
    assert Alert.objects.get().headline == "MLflow no longer lets Muster read the model"
    happen(model, Kind.MODEL_RETURNED)
    answer()
    assert open_alerts() == []


def test_an_event_without_a_record_waits_and_one_before_it_is_no_news() -> None:
    source = SourceModelFactory.create(aliases={"champion": 2})
    early = ModelEvent.objects.create(
        kind=Kind.ALIAS_MOVED,
        source_model=source,
        detail={"alias": "champion", "from": 1, "to": 2},
        at=clock.now() - timedelta(days=3),
    )
    assert answer() == 0
    model = tracked_model()
    type(source).objects.filter(pk=source.pk).update(registered_model=model)
    assert answer() == 1
    assert EventAnswer.objects.get().event == early
    assert open_alerts() == []


def test_a_person_may_close_what_nothing_undoes(model: RegisteredModel) -> None:
    moved(model, 1, 2)
    incidents.close(
        actors.of_person(model.owner),
        Incident.objects.get().pk,
        verdict="expected",
        root_cause="We moved it for the release of Monday.",
        at=clock.now(),
    )
    assert open_alerts() == []
    moved(model, 2, 3)
    assert open_alerts() == ["champion_moved v3"]
    assert Incident.objects.count() == 2
