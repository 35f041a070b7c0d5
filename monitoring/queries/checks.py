"""Which version of a check or contract is in force, and what it says."""

from monitoring.checks.shapes import MetricSpec
from monitoring.models import Check, CheckVersion, ContractVersion, Source
from monitoring.specs import CheckSpec, stored_check
from registry.models import RegisteredModel


def current_version(check: Check) -> CheckVersion:
    """Return the newest version, which is in force; a check always has one."""
    return CheckVersion.objects.filter(check_ref=check).latest("number")


def current_spec(check: Check) -> CheckSpec:
    """Return the typed spec that is in force."""
    return stored_check(check.kind, current_version(check).spec)


def current_contract(model: RegisteredModel) -> ContractVersion | None:
    """Return the newest version of the model's contract, or None while there is none."""
    return ContractVersion.objects.filter(contract__model=model).order_by("-number").first()


def source_of(check: Check, spec: CheckSpec) -> Source | None:
    """Return the source whose batches a check looks at; a check on a metric has none."""
    if isinstance(spec, MetricSpec):
        return None
    return Source.objects.filter(model_id=check.model_id, name=spec.source).first()


def readers_of(source: Source) -> list[tuple[Check, CheckSpec]]:
    """Return the checks that look at a source, with what they say."""
    checks = [(check, current_spec(check)) for check in Check.objects.filter(model=source.model_id)]
    return [(check, spec) for check, spec in checks if source.name in _sources(spec)]


def _sources(spec: CheckSpec) -> tuple[str, str]:
    return getattr(spec, "source", ""), getattr(spec, "offline", "")
