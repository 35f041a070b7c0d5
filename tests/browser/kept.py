"""What the newer pages show: a model found in MLflow, an import, an app, news, a wished tier."""

from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP

from monitoring import events
from registry import actors, catalogue, clock, operations, tokens
from registry.models import ModelEvent, Operation, Person, TierOverride
from tests.dashboard.scene import Scene
from tests.factories import MembershipFactory, SourceModelFactory


@dataclass
class Kept:
    """Somebody who may see all of it, and the numbers in the addresses."""

    person: Person
    numbers: dict[str, object]


def keep(story: Scene) -> Kept:
    """Add to a scene what its platform admin then finds on the newer pages."""
    now, pat, model = clock.now(), story.people.pat, story.people.model
    MembershipFactory.create(person=pat, unit=model.unit, role="approver")
    catalogue.patch_model(
        actors.of_person(story.people.ana), model, {"purpose": "Stops fraud."}, at=now
    )
    source = model.source_models.get()
    long = "left-over-from-a-notebook-" * 3
    found = SourceModelFactory.create(server=source.server, name=long, tags={"bu": "fraud"})
    work = {"server": source.server.slug, "models": [found.name], "map": {}, "defaults": {}}
    row = operations.start(
        actors.of_person(pat), Operation.Kind.IMPORT_MLFLOW, work, total=1, token=None, at=now
    )
    token, _ = tokens.issue(actors.system("tests"), person=pat, name="nightly", at=now)
    TOTP.activate(pat, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(pat)
    TierOverride.objects.create(
        model=model,
        tier=3,
        computed_tier=model.computed_tier,
        reason="It only sorts a queue.",
        requested_by=story.people.ana,
        requested_at=now,
        ends_at=now + timedelta(days=90),
    )
    ModelEvent.objects.create(
        kind=ModelEvent.Kind.ARTIFACT_CHANGED,
        source_model=source,
        model=model,
        version=source.versions.order_by("number").last(),
        detail={"number": 2, "files": ["model.skops", "MLmodel"]},
        at=now,
    )
    events.answer_due(at=now, seconds=5)
    incident = model.alerts.get(check_ref=None).incident
    numbers = {
        "server": source.server.slug,
        "found": found.pk,
        "operation": row.uuid,
        "token": token.pk,
        "incident": incident.pk,
        "moment": now.isoformat().replace("+00:00", "Z"),
    }
    return Kept(pat, numbers)
