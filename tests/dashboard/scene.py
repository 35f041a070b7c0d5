"""A model with a past: thirteen windows, drift, an incident, decisions, a challenger, controls."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from monitoring import models as m
from monitoring.states import RunState
from policies import models as p
from registry import models as r
from registry.tokens import digest
from tests.cast import Cast, cast

WEEK = timedelta(days=7)
FEATURES = ["income", "merchant", "hour", "age", "amount"]


@dataclass
class Scene:
    """The cast with Ana's model, its newest data run and the open incident."""

    people: Cast
    run: m.Run
    fault: m.Run
    incident: m.Incident
    alert: m.Alert
    policy: p.RetrainingPolicy


def scene(*, now: datetime, passwords: bool = False) -> Scene:
    """Build the cast and give Ana's model a past that ends at `now`."""
    people = cast(passwords=passwords)
    model = people.model
    champion, challenger = _versions(model, now)
    start = (now - 14 * WEEK).replace(hour=0, minute=0, second=0, microsecond=0)
    _watching(model, start, now)
    fault, newest = _runs(model, champion, start)
    performance = _performance(model, champion, start)
    incident, alert = _incident(model, newest, now)
    policy = _policy(people, newest, challenger, now)
    _findings(model, challenger, now)
    m.Health.objects.create(
        model=model,
        state="watch",
        reasons=["income is 18 % higher than at training, 2 of 3 windows"],
        since=now - 2 * WEEK,
        observed_at=now - timedelta(minutes=12),
        stale_at=now + WEEK,
    )
    for state, begin, end in (("ok", 14, 6), ("unknown", 6, 5), ("ok", 5, 2), ("watch", 2, None)):
        m.HealthSpan.objects.create(
            model=model,
            state=state,
            started_at=now - begin * WEEK,
            ended_at=None if end is None else now - end * WEEK,
        )
    assert performance
    return Scene(people, newest, fault, incident, alert, policy)


def _versions(model: r.RegisteredModel, now: datetime) -> tuple[r.ModelVersion, r.ModelVersion]:
    source = model.source_models.get()
    r.SourceModel.objects.filter(pk=source.pk).update(aliases={"champion": 1, "challenger": 2})
    champion = source.versions.get()
    for key, value in {
        "metrics": {"roc_auc": {"value": "0.91"}, "latency_p95_ms": {"value": "88"}},
        "documents": {"muster/importance.json": {"income": 0.22, "merchant": 0.11}},
        "digest": digest("one"),
        "datasets": [{"name": "train-2026-q2", "digest": "abc"}],
    }.items():
        setattr(champion, key, value)
    champion.save()
    challenger = r.ModelVersion.objects.create(
        source_model=source,
        number=2,
        run_id="b" * 32,
        metrics={"roc_auc": {"value": "0.934"}, "latency_p95_ms": {"value": "NaN"}},
        created_at=now,
        first_seen_at=now,
        digest=digest("two"),
    )
    for week in range(13):
        for key, value in (("latency_p95_ms", 80 + week * 4), ("throughput", 900 - week)):
            r.MetricPoint.objects.create(
                server=source.server,
                run_id=champion.run_id,
                key=key,
                step=week,
                at=now - (13 - week) * WEEK,
                value=str(value),
                number=float(value),
            )
    r.ModelEvent.objects.create(
        kind="serving_without_approval", model=model, version=champion, at=now - WEEK
    )
    return champion, challenger


def _watching(model: r.RegisteredModel, start: datetime, now: datetime) -> None:
    m.Source.objects.create(
        model=model,
        name="requests",
        address="/landing/card-fraud",
        next_scan_at=now,
        scanned_at=now,
    )
    contract = m.Contract.objects.create(model=model)
    columns = {name: {"family": "number", "low": 0, "max_null_share": 0.1} for name in FEATURES}
    m.ContractVersion.objects.create(
        contract=contract, number=1, spec={"columns": columns}, at=start
    )


def _check(model: r.RegisteredModel, slug: str, kind: str, start: datetime, **spec: object):
    check = m.Check.objects.create(
        model=model,
        slug=slug,
        kind=kind,
        next_window_start=start + 14 * WEEK,
        next_plan_at=start + 15 * WEEK,
    )
    common = {"every_days": 7, "start": start.isoformat(), "when": {"bad": 2, "of": 3, "good": 2}}
    version = m.CheckVersion.objects.create(
        check_ref=check, number=1, spec={**common, **spec}, at=start
    )
    return check, version


def _run(check, version, champion, start: datetime, week: int, state: str, **fields) -> m.Run:
    begin = start + week * WEEK
    window = m.Window.objects.create(
        check_ref=check, start=begin, end=begin + WEEK, due_at=begin + WEEK + timedelta(days=1)
    )
    source = check.model.sources.get()
    batch, _ = m.Batch.objects.get_or_create(
        source=source,
        window_start=begin,
        digest=digest(str(week)),
        defaults={"path": f"/landing/batches/{begin:%Y-%m-%d}.parquet", "size": 120_000}
        | {"landed_at": begin + WEEK},
    )
    return m.Run.objects.create(
        window=window,
        state=state,
        check_version=version,
        contract_version=check.model.contract.versions.get(),
        model_version=champion,
        batch=batch,
        queued_at=begin + WEEK,
        started_at=begin + WEEK,
        finished_at=begin + WEEK + timedelta(minutes=1),
        rows=4_810,
        made_with={"evidently": "0.7.23", "seed": 7},
        **fields,
    )


def _read(run: m.Run, feature: str, value: float, limit: float, segment: str = "", **fields):
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_ensure_partition(%s)", [run.finished_at])
    m.Reading.objects.create(
        at=run.finished_at,
        run=run,
        feature=feature,
        segment=segment,
        value=value,
        limit=limit,
        **{"method": "psi", "method_version": "1", "direction": "max", "n_current": 4810}
        | {"crossed": value > limit}
        | fields,
    )


def _runs(model, champion, start: datetime) -> tuple[m.Run, m.Run]:
    check, version = _check(model, "drift", "data", start, source="requests", baseline="training")
    fault = newest = None
    for week in range(13):
        if week == 8:
            violation = {
                "column": "hour",
                "rule": "missing_column",
                "detail": "The column hour is missing",
            }
            fault = _run(
                *(check, version, champion, start, week, RunState.DATA_FAULT),
                reason="The column hour is missing",
                summary={"violations": [violation], "notes": ["age has 2 odd values"]},
            )
            continue
        state = RunState.DRIFT if week > 10 else RunState.OK
        reason = "income is 18 % higher than at training" if week > 10 else ""
        newest = _run(check, version, champion, start, week, state, reason=reason)
        for place, feature in enumerate(FEATURES):
            value = 0.41 if (week > 10 and place == 0) else 0.02 * (place + 1) + week * 0.003
            _read(
                newest, feature, value, 0.2, note="median 36.8k against 31.2k" if place == 0 else ""
            )
        _read(newest, "income", 0.55 if week > 10 else 0.1, 0.35, "region=EU")
    m.Histogram.objects.create(
        run=newest,
        feature="income",
        edges=[0, 10_000, 20_000, 30_000, 40_000, 50_000],
        reference=[120, 340, 500, 300, 90],
        current=[40, 200, 420, 460, 240],
    )
    m.Histogram.objects.create(
        run=newest,
        feature="merchant",
        labels=["food", "travel", "electronics & home"],
        reference=[500, 300, 200],
        current=[480, 250, 270],
    )
    m.Window.objects.create(
        check_ref=check,
        start=start + 13 * WEEK,
        end=start + 14 * WEEK,
        due_at=start + 14 * WEEK + timedelta(days=1),
    )
    return fault, newest


def _performance(model, champion, start: datetime) -> m.Run:
    check, version = _check(model, "performance", "performance", start, label="label")
    run = None
    for week in range(9):
        run = _run(check, version, champion, start, week, RunState.OK, completeness=0.93)
        _read(
            run,
            "roc_auc",
            0.91 - week * 0.005,
            0.7,
            method="roc_auc",
            direction="min",
            crossed=False,
        )
    return run


def _incident(model, newest: m.Run, now: datetime) -> tuple[m.Incident, m.Alert]:
    incident = m.Incident.objects.create(
        cause=f"model:{model.pk}:drift",
        title="Drift of card-fraud",
        severity="watch",
        opened_at=now - timedelta(days=2),
    )
    alert = m.Alert.objects.create(
        model=model,
        check_ref=newest.window.check_ref,
        condition="drift",
        severity="watch",
        dedup_key="drift-1",
        incident=incident,
        headline="PSI income 0.41 > 0.20, 2 of 3 windows",
        opened_by_run=newest,
        latest_run=newest,
        opened_at=now - timedelta(days=2),
        since=newest.window.start - WEEK,
    )
    m.AlertNote.objects.create(alert=alert, kind="policy", text="Retraining was asked for.", at=now)
    channel = m.Channel.objects.create(
        slug="mail-ana", kind="mail", person=model.owner, address=model.owner.email
    )
    message = m.Message.objects.create(
        channel=channel,
        incident=incident,
        key="message-one",
        state="sent",
        made_at=now,
        due_at=now,
        sent_at=now,
    )
    m.Delivery.objects.create(
        message=message,
        alert=alert,
        channel=channel,
        kind="firing",
        sequence=1,
        state="sent",
        idempotency_key="one",
        owed_at=now,
        due_at=now,
    )
    return incident, alert


def _policy(people: Cast, newest: m.Run, challenger, now: datetime) -> p.RetrainingPolicy:
    trainer = p.Trainer.objects.create(
        slug="fleet", unit=people.fraud, url="http://trainer.example/train"
    )
    policy = p.RetrainingPolicy.objects.create(slug="drift-standard", unit=people.fraud)
    signal = {"signal": "drift_share", "at_least": 0.2, "windows": 2, "of": 3}
    version = p.PolicyVersion.objects.create(
        policy=policy,
        number=1,
        selector={"business_unit": "fraud"},
        spec={"signals": [signal], "cadence_days": 90, "trainer": "fleet"},
        at=now - 10 * WEEK,
    )
    decision = p.Decision.objects.create(
        policy_version=version,
        model=people.model,
        trigger_run=newest,
        action="retrain",
        reasons=["The share of drifted columns was at least 20 % in 2 of 3 windows."],
        facts={"drift_share": [0.2, 0.2]},
        at=now - timedelta(hours=3),
    )
    p.Job.objects.create(
        decision=decision,
        model=people.model,
        trainer=trainer,
        state="succeeded",
        requested_at=now - timedelta(hours=3),
        due_at=now,
        times_out_at=now + timedelta(days=1),
        result_version=challenger,
    )
    return policy


def _findings(model, challenger, now: datetime) -> None:
    use = r.ModelUse.objects.create(model=model, purpose=model.purpose, is_default=True)
    for control, result, reason in (
        ("out_of_time", "satisfied", "AUC 0.914 on 2026-10, at least 0.90"),
        ("fairness", "satisfied", "Smallest ratio of rates 0.86, at least 0.80"),
        ("explainability", "failed", "muster/importance.json is not among the run's artifacts"),
        ("rollback_target", "unknown", "Nobody has proved that version 1 loads"),
    ):
        p.GateResult.objects.create(
            version=challenger, use=use, control=control, result=result, reason=reason, at=now
        )
    for control, result, reason in (
        ("INV-02", "failed", "Missing: approved uses, data provenance"),
        ("MON-01", "satisfied", "A data check runs every 7 days"),
        ("CLS-02", "expired", "The tier was computed 400 days ago"),
    ):
        p.ControlResult.objects.create(
            model=model,
            control=control,
            catalogue_version="1",
            result=result,
            reason=reason,
            at=now,
        )
