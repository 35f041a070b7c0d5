"""Find the models whose cadence asks for a decision that no verdict has led to."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import IntegerField, Max
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from policies.models import Decision, Job
from policies.retraining import cadence
from policies.retraining.selection import Candidate
from policies.retraining.signals import ANSWERING
from registry import queries
from registry.models import ModelVersion, RegisteredModel

# Whoever registers an old model sets up its checks first: what they find may be a fault to hold on.
SETTLING = timedelta(days=1)


def asking(
    chosen: Mapping[RegisteredModel, Candidate], *, at: datetime
) -> dict[RegisteredModel, datetime]:
    """Return when the cadence asked, for each model on which nothing was decided since."""
    ages = {model: c.longest_age for model, c in chosen.items() if c.longest_age is not None}
    settled = [model for model in ages if model.created_at <= at - SETTLING]
    starts = _starts([model.pk for model in settled])
    asked = {
        model: moment
        for model in settled
        if (moment := cadence.asked_at(starts.get(model.pk), ages[model], at)) is not None
    }
    latest = _latest_decisions([model.pk for model in asked], at)
    return {
        model: moment
        for model, moment in asked.items()
        if latest.get((chosen[model].version_id, model.pk), moment - SETTLING) < moment
    }


def _starts(model_ids: list[int]) -> dict[int, datetime]:
    """Return the champion's birth or the latest request for a training, whichever is later."""
    if not model_ids:
        return {}
    number = Cast(KeyTextTransform(queries.CHAMPION, "source_model__aliases"), IntegerField())
    champions = ModelVersion.objects.filter(
        source_model__registered_model__in=model_ids, number=number, deleted_at=None
    ).order_by("source_model__created_ms")
    # Of a model that was made anew in MLflow the newer twin speaks.
    found = dict(champions.values_list("source_model__registered_model", "created_at"))
    answers = Job.objects.filter(model__in=model_ids, state__in=ANSWERING).order_by()
    for model_id, asked in answers.values_list("model").annotate(latest=Max("requested_at")):
        found[model_id] = max(asked, found.get(model_id, asked))
    return found


def _latest_decisions(model_ids: list[int], at: datetime) -> dict[tuple[int, int], datetime]:
    # The cadence asked within the last REPEAT, so older decisions cannot have answered it.
    rows = Decision.objects.filter(model__in=model_ids, at__gt=at - cadence.REPEAT).order_by()
    latest = rows.values_list("policy_version", "model").annotate(latest=Max("at"))
    return {(version, model): moment for version, model, moment in latest}
