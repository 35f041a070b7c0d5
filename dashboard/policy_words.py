"""Say a retraining policy in sentences; pure."""

from typing import Any

from dashboard import words


def rules(spec: dict[str, Any]) -> list[str]:
    """Return what the policy does, one sentence a rule."""
    said = [_signal(signal) for signal in spec.get("signals", [])]
    if spec.get("cadence_days"):
        grace = spec.get("cadence_grace_days") or 0
        late = f", {grace} days of grace" if grace else ""
        said.append(f"Retrain every {spec['cadence_days']} days{late}.")
    if spec.get("cooldown_days"):
        said.append(f"Not again within {spec['cooldown_days']} days.")
    if spec.get("max_per_quarter") is not None:
        said.append(f"At most {spec['max_per_quarter']} times a quarter.")
    if spec.get("hold_on_data_fault"):
        said.append("Hold while the data are faulty.")
    if spec.get("trainer"):
        said.append(f"The trainer {spec['trainer']} does it.")
    return said


def selector(chosen: dict[str, Any]) -> str:
    """Say which models a policy is for."""
    parts = []
    if chosen.get("models"):
        parts.append(", ".join(chosen["models"]))
    elif "models" in chosen:
        parts.append("models of other units")  # the reader may not see which
    if chosen.get("business_unit"):
        parts.append(f"models of {chosen['business_unit']}")
    if chosen.get("tier_at_most"):
        parts.append(f"tier {chosen['tier_at_most']} or riskier")
    if chosen.get("task"):
        parts.append(chosen["task"])
    if chosen.get("tag"):
        parts.append(f"tag {chosen['tag']}")
    return "; ".join(parts) or "all models"


def _signal(signal: dict[str, Any]) -> str:
    share = words.share(signal.get("at_least"))
    often = f"in {signal.get('windows')} of {signal.get('of')} windows"
    check = f" (check {signal['check']})" if signal.get("check") else ""
    if signal.get("signal") == "metric_drop":
        return (
            f"Retrain when {signal.get('metric')} is {share} worse than at training {often}{check}."
        )
    return f"Retrain when {share} of the columns drifted {often}{check}."
