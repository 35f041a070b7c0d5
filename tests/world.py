"""One unit with one of everything in it, each thing marked with a word nobody else's has.

The isolation matrix asks whether the word ever reaches somebody outside the unit.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from monitoring import models as m
from monitoring.states import RunState, Severity
from policies import models as p
from registry import actors, history
from registry import models as r

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass
class World:
    """The objects of one unit; `mark` stands in every text of theirs."""

    mark: str
    unit: r.BusinessUnit
    owner: r.Person
    model: r.RegisteredModel
    server: r.MLflowServer
    version: r.ModelVersion
    source: m.Source
    check: m.Check
    run: m.Run
    alert: m.Alert
    incident: m.Incident
    channel: m.Channel
    delivery: m.Delivery
    trainer: p.Trainer
    policy: p.RetrainingPolicy
    decision: p.Decision
    job: p.Job


@transaction.atomic
def make(mark: str) -> World:
    """Build the unit `mark` with everything in it, by plain inserts."""
    unit = r.BusinessUnit.objects.create(slug=f"unit-{mark}", name=f"Unit {mark}")
    owner = r.Person.objects.create_user(f"owner@{mark}.example", name=f"Owner {mark}")
    r.Membership.objects.create(person=owner, unit=unit, role="owner")
    server = r.MLflowServer.objects.create(
        slug=f"mlflow-{mark}", origin=f"http://{mark}.example", next_sweep_at=MONDAY
    )
    model = r.RegisteredModel.objects.create(
        slug=f"model-{mark}",
        name=f"Model {mark}",
        unit=unit,
        owner=owner,
        purpose=f"Purpose {mark}",
        task="classification",
        decision_role="one_input",
        mlflow_server=server,
        mlflow_name=f"mlflow {mark}",
        tags=[mark],
    )
    r.SlugHistory.objects.create(slug=model.slug, model=model)
    r.ModelUse.objects.create(model=model, purpose=f"Use {mark}", is_default=True)
    history.note(actors.system("tests"), model, history.snapshot(model), at=MONDAY)
    version = _version(mark, server, model)
    source, check, run = _run(mark, model, version)
    incident, alert, channel, delivery = _alert(mark, model, check, run, unit)
    trainer, policy, decision, job = _decision(mark, unit, model, run)
    return World(
        mark,
        unit,
        owner,
        model,
        server,
        version,
        source,
        check,
        run,
        alert,
        incident,
        channel,
        delivery,
        trainer,
        policy,
        decision,
        job,
    )


def _version(mark: str, server: r.MLflowServer, model: r.RegisteredModel) -> r.ModelVersion:
    source_model = r.SourceModel.objects.create(
        server=server,
        name=f"mlflow {mark}",
        created_ms=1,
        registered_model=model,
        aliases={"champion": 1},
        first_seen_at=MONDAY,
        seen_at=MONDAY,
    )
    r.SourceModel.objects.create(
        server=server,
        name=f"unregistered {mark}",
        created_ms=2,
        tags={"bu": model.unit.slug},
        first_seen_at=MONDAY,
        seen_at=MONDAY,
    )
    r.Operation.objects.create(
        kind="import_mlflow",
        person=model.owner,
        body={"work": {"server": server.slug}, "by_token": False},
        total=1,
        results=[{"row": 1, "model": mark, "slug": "", "status": "refused", "errors": []}],
        state="done",
        created_at=MONDAY,
        finished_at=MONDAY,
    )
    version = r.ModelVersion.objects.create(
        source_model=source_model,
        number=1,
        run_id=f"run{mark}",
        metrics={f"auc_{mark}": {"value": "0.9", "at": MONDAY.isoformat()}},
        created_at=MONDAY,
        first_seen_at=MONDAY,
    )
    r.MetricPoint.objects.create(
        server=server, run_id=f"run{mark}", key=f"auc_{mark}", step=0, at=MONDAY, value="0.9"
    )
    r.ModelEvent.objects.create(
        kind="version_added", model=model, version=version, detail={"m": mark}, at=MONDAY
    )
    return version


def _run(
    mark: str, model: r.RegisteredModel, version: r.ModelVersion
) -> tuple[m.Source, m.Check, m.Run]:
    source = m.Source.objects.create(
        model=model, name="requests", address=f"/landing/{mark}", next_scan_at=MONDAY
    )
    contract = m.Contract.objects.create(model=model)
    contract_version = m.ContractVersion.objects.create(
        contract=contract, number=1, spec={"columns": {f"income_{mark}": {}}}, at=MONDAY
    )
    check = m.Check.objects.create(
        model=model,
        slug="data",
        kind="data",
        next_window_start=MONDAY + timedelta(days=7),
        next_plan_at=MONDAY + timedelta(days=15),
    )
    check_version = m.CheckVersion.objects.create(
        check_ref=check,
        number=1,
        spec={
            "source": "requests",
            "every_days": 7,
            "start": MONDAY.isoformat(),
            "baseline": "training",
        },
        at=MONDAY,
    )
    window = m.Window.objects.create(
        check_ref=check,
        start=MONDAY,
        end=MONDAY + timedelta(days=7),
        due_at=MONDAY + timedelta(days=8),
    )
    run = m.Run.objects.create(
        window=window,
        state=RunState.DRIFT,
        reason=f"income_{mark} drifted",
        check_version=check_version,
        contract_version=contract_version,
        model_version=version,
        queued_at=MONDAY,
        finished_at=MONDAY + timedelta(days=7),
        rows=900,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_ensure_partition(%s)", [run.finished_at])
    m.Reading.objects.create(
        at=run.finished_at,
        run=run,
        feature=f"income_{mark}",
        method="psi",
        method_version="1",
        value=0.4,
        limit=0.2,
        direction="max",
        crossed=True,
    )
    m.Histogram.objects.create(
        run=run, feature=f"income_{mark}", edges=[0, 1, 2], reference=[1, 2], current=[2, 1]
    )
    m.Analysis.objects.create(
        kind="report", model=model, run=run, digest=mark, by=model.owner, requested_at=MONDAY,
        finished_at=MONDAY, fault=f"The file {mark} is gone",
    )  # fmt: skip
    m.Analysis.objects.create(
        kind="forecast", model=model, digest=mark, by=model.owner, requested_at=MONDAY,
        body={"check": check.slug, "spec": {"time": f"clock_{mark}"}},
    )  # fmt: skip
    m.Silence.objects.create(
        unit=model.unit, model=model, starts_at=MONDAY, ends_at=datetime(2099, 1, 1, tzinfo=UTC),
        reason=f"Feed {mark} moves", made_by=model.owner, made_at=MONDAY,
    )  # fmt: skip
    m.Expectation.objects.create(
        check_ref=check, feature=f"income_{mark}", reason=f"Campaign {mark}",
        until=datetime(2099, 1, 1, tzinfo=UTC), by=model.owner, at=MONDAY,
    )  # fmt: skip
    m.Health.objects.create(
        model=model, state="watch", reasons=[f"income_{mark} drifted"], since=MONDAY
    )
    m.HealthSpan.objects.create(model=model, state="watch", reason=mark, started_at=MONDAY)
    return source, check, run


def _alert(
    mark: str, model: r.RegisteredModel, check: m.Check, run: m.Run, unit: r.BusinessUnit
) -> tuple[m.Incident, m.Alert, m.Channel, m.Delivery]:
    incident = m.Incident.objects.create(
        cause=f"model:{model.pk}:drift",
        title=f"Drift {mark}",
        severity=Severity.WATCH,
        opened_at=MONDAY,
    )
    alert = m.Alert.objects.create(
        model=model,
        check_ref=check,
        condition="drift",
        severity=Severity.WATCH,
        dedup_key=f"key-{mark}",
        incident=incident,
        headline=f"income_{mark} drifted",
        opened_by_run=run,
        latest_run=run,
        opened_at=MONDAY,
        since=MONDAY,
    )
    channel = m.Channel.objects.create(
        slug=f"hook-{mark}",
        kind="webhook",
        unit=unit,
        address=f"https://{mark}.example/hook",
        secret=f"whsec_{mark}",
    )
    delivery = m.Delivery.objects.create(
        alert=alert,
        channel=channel,
        kind="firing",
        sequence=1,
        idempotency_key=f"idem-{mark}",
        owed_at=MONDAY,
        due_at=MONDAY,
    )
    return incident, alert, channel, delivery


def _decision(
    mark: str, unit: r.BusinessUnit, model: r.RegisteredModel, run: m.Run
) -> tuple[p.Trainer, p.RetrainingPolicy, p.Decision, p.Job]:
    trainer = p.Trainer.objects.create(
        slug=f"trainer-{mark}", unit=unit, url=f"https://{mark}.example/train", secret=mark
    )
    policy = p.RetrainingPolicy.objects.create(slug=f"policy-{mark}", unit=unit)
    version = p.PolicyVersion.objects.create(
        policy=policy,
        number=1,
        selector={"models": [model.slug]},
        spec={"signals": [], "trainer": trainer.slug},
        at=MONDAY,
    )
    decision = p.Decision.objects.create(
        policy_version=version,
        model=model,
        trigger_run=run,
        action="retrain",
        reasons=[f"because {mark}"],
        facts={"m": mark},
        at=MONDAY,
    )
    job = p.Job.objects.create(
        decision=decision,
        model=model,
        trainer=trainer,
        requested_at=MONDAY,
        due_at=MONDAY,
        times_out_at=MONDAY + timedelta(days=1),
    )
    return trainer, policy, decision, job
