"""The check list a version must stand before it may serve. Pure: facts in, findings out.

What is missing is unknown or failed, never satisfied, and every line says what mends it.
"""

from collections.abc import Callable
from typing import Any

from policies.releases.documents import mapping, moment, number
from policies.releases.fairness import fairness
from policies.releases.seen import GateFacts, VersionSeen, unread
from policies.results import Finding, failed, not_applicable, satisfied, unknown

DE_MINIMIS = 4
ENVIRONMENT_FILES = (
    "requirements.txt",
    "conda.yaml",
    "python_env.yaml",
    "uv.lock",
    "poetry.lock",
    "pylock.toml",
)
_OOT_MEND = (
    'mlflow.log_dict({"metric": "roc_auc", "direction": "min", "value": 0.81, "limit": 0.75,'
    ' "limit_set_at": "2026-01-31T00:00:00Z", "train_end": "...", "oot_start": "...",'
    ' "oot_end": "...", "n": 5000}, "muster/oot.json")'
)
_IMPORTANCE_MEND = 'mlflow.log_dict({"<column>": 0.42, ...}, "muster/importance.json")'


def out_of_time(facts: GateFacts) -> Finding:
    """Ask for a measurement on a later period against a limit that was set before the run."""
    if facts.tier >= DE_MINIMIS:
        return not_applicable("A de minimis model needs no out-of-time test.")
    document = mapping(facts.version.documents.get("muster/oot.json"))
    if not document:
        return unread(facts.version) or unknown(
            "The run logged no out-of-time test (muster/oot.json).", _OOT_MEND
        )
    value, limit = number(document.get("value")), number(document.get("limit"))
    train_end, start = moment(document.get("train_end")), moment(document.get("oot_start"))
    set_at = moment(document.get("limit_set_at"))
    direction, metric = document.get("direction"), str(document.get("metric", "the metric"))
    seen: dict[str, Any] = {
        key: document.get(key) for key in ("metric", "direction", "value", "limit", "n")
    }
    if value is None or limit is None or direction not in ("min", "max"):
        return failed("muster/oot.json holds no usable value, limit or direction.", _OOT_MEND)
    if train_end is None or start is None:
        return failed(
            "muster/oot.json does not say when training ended and the test began.", _OOT_MEND
        )
    if start <= train_end:
        return failed(
            f"The test period begins on {start:%Y-%m-%d}, not after the training data ends"
            f" ({train_end:%Y-%m-%d}); the model may have seen it.",
            "Measure on a period that starts after train_end.",
            **seen,
        )
    if set_at is None or set_at > facts.version.created_at:
        when = "carries no date" if set_at is None else f"was set on {set_at:%Y-%m-%d}"
        return failed(
            f"The limit of {limit:g} for {metric} {when}; it counts only when it was set before"
            f" the run of {facts.version.created_at:%Y-%m-%d}.",
            "Fix the limit first (limit_set_at), then train.",
            **seen,
        )
    inside = value >= limit if direction == "min" else value <= limit
    word = "at least" if direction == "min" else "at most"
    text = f"{metric} is {value:.4g} out of time from {start:%Y-%m-%d} on; it must be {word}"
    if not inside:
        mend = "Train again, or have the limit changed before the next run."
        return failed(f"{text} {limit:g}.", mend, **seen)
    return satisfied(f"{text} {limit:g}.", **seen)


def explainability(facts: GateFacts) -> Finding:
    """Ask for the share that each input column has in the answers."""
    if facts.tier >= DE_MINIMIS:
        return not_applicable("A de minimis model needs no importance document.")
    document = facts.version.documents.get("muster/importance.json")
    if not document:
        return unread(facts.version) or unknown(
            "The run logged no importances (muster/importance.json).", _IMPORTANCE_MEND
        )
    shares = {str(name): number(share) for name, share in mapping(document).items()}
    sound = {name: share for name, share in shares.items() if share is not None and share >= 0}
    total = sum(sound.values())
    if len(sound) < len(shares) or not 0.9 <= total <= 1.1:
        return failed(
            "muster/importance.json must hold one share for each column, none negative, that add"
            f" up to 1 (they add up to {total:.3g}).",
            _IMPORTANCE_MEND,
        )
    missing = sorted(set(facts.version.inputs or ()) - set(sound))
    if missing:
        return failed(
            f"{len(missing)} input columns have no importance: {', '.join(missing[:5])}.",
            "Log a share for every input column of the signature, 0 where it has none.",
            missing=missing[:50],
        )
    top = sorted(sound.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
    listed = ", ".join(f"{name} ({share:.0%})" for name, share in top)
    if facts.version.inputs is None:
        return unknown(
            f"Importances are logged ({listed}), but without a signature nobody can say whether"
            " they cover all inputs.",
            "Log the model with a signature: log_model(..., signature=infer_signature(X, y)).",
        )
    return satisfied(f"The answers rest mostly on {listed}.", top=dict(top), columns=len(sound))


def lacking(version: VersionSeen) -> dict[str, str]:
    """Return what is missing to build a version again, each with what would record it."""
    files = {path.rsplit("/", 1)[-1] for path in version.files}
    present = {
        "the run": bool(version.run_id),
        "the git commit": bool(version.git_commit),
        "a training dataset with a digest": bool(version.dataset_digests),
        "an environment file": bool(files & set(ENVIRONMENT_FILES)),
        "parameters": version.params > 0,
        "a signature": version.inputs is not None,
    }
    how = {
        "the run": "register the model from a run: log_model(..., registered_model_name=...)",
        "the git commit": 'mlflow.set_tag("mlflow.source.git.commit", "<sha>")',
        "a training dataset with a digest": 'mlflow.log_input(dataset, context="training")',
        "an environment file": "log_model(..., pip_requirements=[...])",
        "parameters": "mlflow.log_params({...})",
        "a signature": "log_model(..., signature=infer_signature(X, y))",
    }
    return {name: how[name] for name, there in present.items() if not there}


def reproducibility(facts: GateFacts) -> Finding:
    """Ask for everything that is needed to build the version again."""
    missing = lacking(facts.version)
    if missing and (finding := unread(facts.version)):
        return finding
    if missing:
        names = ", ".join(missing)
        return failed(
            f"Version {facts.version.number} cannot be built again: {names} not recorded.",
            "; ".join(missing.values()),
            missing=list(missing),
        )
    return satisfied(
        f"Commit {facts.version.git_commit[:10]}, data, environment, {facts.version.params}"
        " parameters and signature are recorded.",
        git_commit=facts.version.git_commit,
        datasets=list(facts.version.dataset_digests),
    )


def rollback_target(facts: GateFacts) -> Finding:
    """Ask for an earlier version that is kept whole and has been shown to load and answer alike."""
    target = facts.previous
    if target is None:
        return failed(
            f"No other version served before version {facts.version.number}, so there is nothing"
            " to go back to.",
            "Keep the version that serves now registered when this one takes over.",
        )
    seen: dict[str, Any] = {
        "target": target.number,
        "digest": target.digest,
        "files": len(target.files),
    }
    if target.deleted:
        return failed(
            f"Version {target.number} served before, but is deleted in MLflow.",
            "Register the former version again.",
            **seen,
        )
    if (not target.files or not target.digest) and (finding := unread(target)):
        return finding
    if not target.files or not target.digest:
        return failed(
            f"No files of version {target.number} are kept, so it cannot come back.",
            "Log the model's files to MLflow and register them.",
            **seen,
        )
    proof = mapping(facts.version.documents.get("muster/rollback.json"))
    mend = (
        "In an outside job: load the target, score the fixed cases, then mlflow.log_dict("
        f'{{"target": {target.number}, "digest": "{target.digest}", "loads": True,'
        ' "max_difference": 0.0, "tolerance": 1e-6}, "muster/rollback.json")'
    )
    kept = f"Version {target.number} is kept with {len(target.files)} files ({target.digest[:10]})"
    if not proof:
        return unknown(
            f"{kept}, but no job has shown that it loads and answers as before.", mend, **seen
        )
    if proof.get("target") != target.number or proof.get("digest") != target.digest:
        return failed(
            f"{kept}, but the logged proof is about another version or other files.", mend, **seen
        )
    difference, tolerance = number(proof.get("max_difference")), number(proof.get("tolerance"))
    if proof.get("loads") is not True or difference is None or tolerance is None:
        return failed(
            f"{kept}, but the logged proof does not say that it loads and answers.", mend, **seen
        )
    if difference > tolerance:
        return failed(
            f"{kept}, but it answers differently: by {difference:g}, more than the"
            f" {tolerance:g} allowed.",
            mend,
            **seen,
        )
    return satisfied(f"{kept}, loads, and answers within {tolerance:g} of before.", **seen)


GATES: dict[str, Callable[[GateFacts], Finding]] = {
    "out_of_time": out_of_time,
    "fairness": fairness,
    "explainability": explainability,
    "reproducibility": reproducibility,
    "rollback_target": rollback_target,
}
