"""Gather from stored rows what the gates look at."""

import json
from typing import Any

from policies.releases.documents import mapping
from policies.releases.seen import GateFacts, VersionSeen
from registry import queries
from registry.models import AliasEvent, ModelVersion, RegisteredModel


def gather(model: RegisteredModel, version: ModelVersion) -> GateFacts:
    """Return what is known about a version and the one that served before it."""
    before = served_before(model, version)
    return GateFacts(
        tier=model.tier,
        judges_people=judges_people(model),
        version=see(version),
        previous=see(before) if before else None,
    )


def served_before(model: RegisteredModel, version: ModelVersion) -> ModelVersion | None:
    """Return what would be gone back to: the champion now, or the one that it followed."""
    champion = queries.champion(model)
    if champion is not None and champion.pk != version.pk:
        return champion
    moves = AliasEvent.objects.filter(
        source_model_id=version.source_model_id,
        alias=queries.CHAMPION,
        to_number=version.number,
        from_number__isnull=False,
    ).exclude(from_number=version.number)
    latest = moves.order_by("-seen_at", "-pk").first()
    if latest is None or latest.from_number is None:
        return None
    return ModelVersion.objects.filter(
        source_model_id=version.source_model_id, number=latest.from_number
    ).first()


def judges_people(model: RegisteredModel) -> bool | None:
    """Say whether the model's answers concern people; None where nobody has answered."""
    answers = mapping(model.tier_answers)
    if answers.get("significant_effect_on_people") or answers.get("eu_high_risk"):
        return True
    bias = answers.get("bias")
    return None if bias is None else bias > 0


def see(version: ModelVersion) -> VersionSeen:
    """Return a version as plain values."""
    tags = mapping(version.run_tags)
    return VersionSeen(
        number=version.number,
        created_at=version.created_at,
        run_id=version.run_id,
        # Read once and due to be read again: what is there still counts.
        evidence_read=version.evidence_read_at is not None or bool(version.files),
        evidence_fault=version.evidence_fault,
        digest=version.digest,
        files=tuple(sorted(mapping(version.files))),
        deleted=version.deleted_at is not None,
        params=len(mapping(version.params)),
        inputs=input_names(version.signature),
        dataset_digests=tuple(_digests(version.datasets)),
        git_commit=str(tags.get("mlflow.source.git.commit", "")),
        tags={key: str(value) for key, value in tags.items() if key.startswith("muster.")},
        documents=mapping(version.documents),
    )


def _digests(datasets: Any) -> list[str]:
    rows = datasets if isinstance(datasets, list) else []
    return [str(row["digest"]) for row in rows if mapping(row).get("digest")]


def input_names(signature: Any) -> tuple[str, ...] | None:
    """Return the columns a signature asks for; None when there is no signature.

    MLflow keeps the columns as JSON inside a string; a tensor has no names.
    """
    inputs = mapping(signature).get("inputs")
    if isinstance(inputs, str):
        try:
            inputs = json.loads(inputs)
        except ValueError:
            return None
    if not isinstance(inputs, list) or not inputs:
        return None
    return tuple(str(mapping(row)["name"]) for row in inputs if "name" in mapping(row))
