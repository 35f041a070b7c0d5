"""What is due at the top of a model's page: what is not known of it, and what to do about that."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import words
from monitoring import baselines
from monitoring.alerts.condition_words import words_of
from monitoring.models import Alert, Check, Source
from registry.access import Right
from registry.models import ModelVersion, RegisteredModel, SourceModel
from registry.models.models import Lifecycle

_CALM = ("ok", "paused")


@dataclass(frozen=True)
class Known:
    """What the page has read of the model."""

    model: RegisteredModel
    mlflow: SourceModel | None
    champion: ModelVersion | None
    sources: list[Source]
    checks: list[Check]
    rights: Collection[Right] = ()


def due(
    known: Known,
    health: dict[str, Any],
    waits: list[tuple[str, str]],
    now: datetime,
    *,
    alerts: Sequence[Alert],
) -> dict[str, Any]:
    """Return the first sentence, what checks wait for, and the steps that would end it.

    The worst open alert leads, whether a check or MLflow's news opened it.
    """
    told = " ".join(health["reasons"])
    waiting = [f"Check {check} waits: {what}." for check, what in waits if what not in told]
    steps = [_of_alert(_worst(alerts))] if alerts else []
    if waits or not _calm(health):
        steps += _steps(known, now)
    return {"lead": _lead(health, waiting, alerts=bool(alerts)), "waiting": waiting, "steps": steps}


def _worst(alerts: Sequence[Alert]) -> Alert:
    """Return the first, or the open one that explains it: mending that one mends both."""
    by_number = {alert.pk: alert for alert in alerts}
    return by_number.get(alerts[0].detail.get("muted_by"), alerts[0])


def _of_alert(alert: Alert) -> dict[str, str]:
    told = words_of(alert.condition, kind=alert.check_kind)
    number = alert.incident_id
    return _step(f"{told.label}: {told.do_now}", f"Incident {number}", f"/incidents/{number}/")


def _calm(health: dict[str, Any]) -> bool:
    return health["mark"].tone in _CALM


def _lead(health: dict[str, Any], waiting: list[str], *, alerts: bool) -> str:
    if alerts:
        return ""
    if health["mark"] == words.NO_DATA:
        return "Muster does not know how this model is."
    if not _calm(health):
        return "No alert is open, but something was seen."
    return "Something waits." if waiting else "Nothing needs you here."


def _steps(known: Known, now: datetime) -> list[dict[str, str]]:
    """Return what is missing until this model can be judged, first things first."""
    model, steps = known.model, list[dict[str, str]]()
    if model.lifecycle == Lifecycle.DECOMMISSIONED:
        return steps
    at = f"/m/{model.slug}/" if Right.EDIT_MONITORING in known.rights else ""
    edit = f"/m/{model.slug}/edit/" if Right.EDIT_MODELS in known.rights else ""
    if known.mlflow is None and not model.mlflow_name:
        steps.append(_step("Say which MLflow model this is.", "Edit the record", edit))
    elif known.mlflow is None:
        steps.append(_step(f"Log a version to MLflow under the name “{model.mlflow_name}”."))
    elif known.champion is None:
        steps.append(_step("In MLflow, give the version that serves the alias champion."))
    elif _lacks_reference(known):
        number = known.champion.number
        steps.append(
            _step(
                f"Log {baselines.REFERENCE} with the run of version {number}:"
                " batches are compared with it."
            )
        )
    needs_files = not known.checks or any(check.kind != "metric" for check in known.checks)
    if not known.sources and needs_files:
        steps.append(
            _step("Say where its batches land.", "Add a source", at and f"{at}sources/requests/")
        )
    if not known.checks:
        steps.append(_step("Say what is watched.", "Add a check", at and f"{at}checks/new/"))
    steps += [_look_into(source, now) for source in known.sources if needs_files and not steps]
    return steps


def _lacks_reference(known: Known) -> bool:
    watches_data = any(check.kind == Check.Kind.DATA for check in known.checks)
    return watches_data and not baselines.possible(known.model, known.champion)


def _look_into(source: Source, now: datetime) -> dict[str, str]:
    if source.fault:
        return _step(f"Mend the source {source.name} ({source.address}): {source.fault}")
    when = f"it was scanned {words.age(source.scanned_at, now)}" if source.scanned_at else "not yet"
    return _step(f"See that whole batches land in {source.address} ({when}).")


def _step(text: str, link: str = "", href: str = "") -> dict[str, str]:
    return {"text": text, "link": link, "href": href}
