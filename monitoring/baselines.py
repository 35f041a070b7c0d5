"""Keep the references that batches are compared with, and learn contracts from them."""

import os
import uuid
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from monitoring.judging import client
from monitoring.judging.protocol import Job, Roles
from monitoring.models import Baseline, Check, Contract, ContractVersion
from monitoring.queries.checks import current_contract, current_spec
from monitoring.specs import as_json, parse_contract
from registry.mlflow.client import Client, MlflowError
from registry.models import ModelVersion, RegisteredModel

REFERENCE = "muster/reference.parquet"


class NoReference(Exception):
    """There is nothing to compare with yet; `state` is what the run becomes if it stays so."""

    def __init__(self, message: str, *, state: str = "not_evaluated") -> None:
        super().__init__(message)
        self.state = state


def path_of(baseline: Baseline) -> Path:
    """Return where a baseline's file lies."""
    return Path(settings.MUSTER_DATA_DIR) / baseline.path


def ensure(model: RegisteredModel, version: ModelVersion | None, *, at: datetime) -> Baseline:
    """Return the stored reference of the version, fetched from MLflow when it is not here yet."""
    if version is None:
        raise NoReference("no version has the alias champion in MLflow")
    stored = _stored(model, version)
    if stored is not None and path_of(stored).exists():
        return stored
    listed = version.files.get(REFERENCE)
    if listed is None and version.evidence_read_at is None:
        raise NoReference(f"what version {version.number} logged has not been read yet")
    if listed is None:
        raise NoReference(f"the run of version {version.number} logged no {REFERENCE}")
    return _fetch(model, version, at=at)


def possible(model: RegisteredModel, version: ModelVersion | None) -> bool:
    """Say whether a reference can be had now."""
    return version is not None and (
        REFERENCE in version.files or _stored(model, version) is not None
    )


def _stored(model: RegisteredModel, version: ModelVersion) -> Baseline | None:
    found = Baseline.objects.filter(model=model, version=version).order_by("-pk").first()
    digest = (version.files.get(REFERENCE) or {}).get("digest")
    if digest and (found is None or found.digest != digest):
        # Another version may have been trained on the very same bytes.
        found = Baseline.objects.filter(model=model, digest=digest).first()
    return found


def _fetch(model: RegisteredModel, version: ModelVersion, *, at: datetime) -> Baseline:
    folder = Path(settings.MUSTER_DATA_DIR) / "baselines"
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{uuid.uuid4().hex}"
    try:
        size, digest = Client(version.source_model.server).download(
            version.run_id, REFERENCE, aside
        )
        os.replace(aside, folder / f"{digest}.parquet")
    except MlflowError as error:
        message = f"the reference could not be fetched from MLflow: {error}"
        raise NoReference(message, state="source_fault") from error
    finally:
        aside.unlink(missing_ok=True)
    baseline, _ = Baseline.objects.get_or_create(
        model=model,
        digest=digest,
        defaults={
            "version": version,
            "path": f"baselines/{digest}.parquet",
            "size": size,
            "created_at": at,
        },
    )
    return baseline


def roles(model: RegisteredModel, version: ModelVersion | None) -> Roles:
    """Return which columns are no features: the run's tags, and what the checks name."""
    tags = version.run_tags if version else {}
    label, time, prediction = (
        str(tags.get(f"muster.{name}", "")) for name in ("label", "time", "prediction")
    )
    groups = set()
    for check in Check.objects.filter(model=model).order_by("pk"):
        spec = current_spec(check)
        label = label or getattr(spec, "label", "")
        if group := getattr(spec, "group", None):
            groups.add(group)
        if check.kind == Check.Kind.DATA:
            time = time or getattr(spec, "time", "")
    return Roles(
        prediction=prediction or "prediction",
        label=label or "label",
        time=time or "time",
        leave_out=tuple(sorted(groups)),
    )


def contract_for(
    model: RegisteredModel, baseline: Baseline, found: Roles, *, at: datetime
) -> ContractVersion:
    """Return the contract in force; learn it from the reference when nobody has written one."""
    newest = current_contract(model)
    by_hand = newest is not None and newest.learned_from_id is None
    if newest is not None and (by_hand or newest.learned_from_id == baseline.pk):
        return newest
    job = Job(kind="learn", reference=str(path_of(baseline)), roles=found)
    result = client.judge(job, socket=str(settings.MUSTER_JUDGE_SOCKET))
    if result.state != "learned":
        raise NoReference(f"no contract could be learned: {result.reason}")
    return _keep(model, baseline, result.contract, at=at)


@transaction.atomic
def _keep(
    model: RegisteredModel, baseline: Baseline, spec: dict[str, object], *, at: datetime
) -> ContractVersion:
    contract, _ = Contract.objects.get_or_create(model=model)
    Contract.objects.select_for_update().get(pk=contract.pk)
    newest = current_contract(model)
    # Two workers may have learned at once, or a person may have written one meanwhile.
    if newest is not None and newest.learned_from_id in (None, baseline.pk):
        return newest
    return ContractVersion.objects.create(
        contract=contract,
        number=newest.number + 1 if newest else 1,
        spec=as_json(parse_contract(spec)),
        learned_from=baseline,
        at=at,
    )
