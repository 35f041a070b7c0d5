"""A model with a past of nine days: two champions, and one change of its record on the way."""

from datetime import datetime, timedelta
from typing import Any

from registry import catalogue
from registry.models import AliasEvent, RegisteredModel
from tests import factories
from tests.cast import CHURN, Cast, acting

DAY = timedelta(days=1)
TRACKED = {**CHURN, "mlflow": {"server": "lab", "model": "churn"}}


def changed_model(
    people: Cast, *, now: datetime, first: dict[str, Any], later: dict[str, Any]
) -> RegisteredModel:
    """Register Ana's model 9 days ago, changed 5 ago; champion 1 since 8, champion 2 since 2."""
    server = factories.MLflowServerFactory.create(slug="lab")
    source = factories.SourceModelFactory.create(
        server=server, name="churn", first_seen_at=now - 9 * DAY, aliases={"champion": 2}
    )
    ana = acting(people.ana)
    model, _ = catalogue.put_model(ana, "churn", first, at=now - 9 * DAY)
    for number, days in ((1, 9), (2, 4)):
        factories.ModelVersionFactory.create(
            source_model=source, number=number, first_seen_at=now - days * DAY
        )
    for start, end, days in ((None, 1, 8), (1, 2, 2)):
        AliasEvent.objects.create(
            source_model=source,
            alias="champion",
            from_number=start,
            to_number=end,
            seen_at=now - days * DAY,
        )
    catalogue.patch_model(ana, model, later, at=now - 5 * DAY)
    return model
