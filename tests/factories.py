"""Build single rows for tests; what a test does not care about has a harmless value."""

from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from registry import tiering
from registry.models import (
    BusinessUnit,
    FleetRole,
    Membership,
    MLflowServer,
    ModelVersion,
    Person,
    RegisteredModel,
    SlugHistory,
    SourceModel,
)
from registry.models.models import DecisionRole, Lifecycle, Task
from registry.models.people import UnitRole

# Monday, the middle of the test calendar; nothing may depend on the machine's own clock.
NOW = datetime(2026, 8, 17, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


class UnitFactory(DjangoModelFactory[BusinessUnit]):
    class Meta:
        model = BusinessUnit

    slug = factory.Sequence(lambda n: f"unit-{n}")
    name = factory.LazyAttribute(lambda unit: unit.slug.replace("-", " ").title())


class PersonFactory(DjangoModelFactory[Person]):
    class Meta:
        model = Person
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.LazyAttribute(lambda person: person.email.split("@")[0].title())

    @factory.post_generation
    def password(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        # Hashing is slow: only who signs in on pages needs one.
        if create and extracted:
            self.set_password(extracted)  # type: ignore[attr-defined]
            self.save(update_fields=["password"])  # type: ignore[attr-defined]


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    person = factory.SubFactory(PersonFactory)
    unit = factory.SubFactory(UnitFactory)
    role = UnitRole.DEVELOPER


class FleetRoleFactory(DjangoModelFactory[FleetRole]):
    class Meta:
        model = FleetRole

    person = factory.SubFactory(PersonFactory)


class MLflowServerFactory(DjangoModelFactory[MLflowServer]):
    class Meta:
        model = MLflowServer

    slug = factory.Sequence(lambda n: f"server-{n}")
    origin = factory.Sequence(lambda n: f"http://mlflow-{n}.example.com")
    next_sweep_at = datetime(2020, 1, 1, tzinfo=UTC)  # due, whatever the machine's clock says


class RegisteredModelFactory(DjangoModelFactory[RegisteredModel]):
    class Meta:
        model = RegisteredModel
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"model-{n}")
    name = factory.LazyAttribute(lambda model: model.slug.replace("-", " ").title())
    unit = factory.SubFactory(UnitFactory)
    owner = factory.SubFactory(PersonFactory)
    purpose = "Score requests for a test"
    task = Task.CLASSIFICATION
    lifecycle = Lifecycle.ACTIVE
    decision_role = DecisionRole.ONE_INPUT
    tier_reasons = factory.LazyAttribute(lambda model: [*tiering.assess({}).reasons])

    @factory.post_generation
    def remembered(self, create: bool, extracted: object, **kwargs: Any) -> None:
        if create:
            SlugHistory.objects.create(slug=self.slug, model=self)  # type: ignore[misc]


class SourceModelFactory(DjangoModelFactory[SourceModel]):
    class Meta:
        model = SourceModel

    server = factory.SubFactory(MLflowServerFactory)
    name = factory.Sequence(lambda n: f"source {n}")
    created_ms = 1_700_000_000_000
    first_seen_at = NOW
    seen_at = NOW


class ModelVersionFactory(DjangoModelFactory[ModelVersion]):
    class Meta:
        model = ModelVersion

    source_model = factory.SubFactory(SourceModelFactory)
    number = factory.Sequence(lambda n: n + 1)
    run_id = factory.Sequence(lambda n: f"{n:032x}")
    status = "READY"
    created_at = NOW
    first_seen_at = NOW


def tracked_model(**fields: Any) -> RegisteredModel:
    """Make a model whose MLflow twin has version 1 under the alias champion."""
    model = RegisteredModelFactory.create(**fields)
    source = SourceModelFactory.create(
        registered_model=model, name=model.slug, aliases={"champion": 1}
    )
    ModelVersionFactory.create(source_model=source, number=1)
    return model
