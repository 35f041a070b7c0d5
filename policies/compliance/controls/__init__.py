"""One pure function a control: frozen facts, the control's validity and a time in, finding out.

The catalogue says which controls there are; `unknown` is what a function answers when it could
not see, and it never counts as satisfied.
"""

from datetime import datetime
from typing import Protocol

from policies.compliance.controls import batches, change, inventory, outcomes, versions, watching
from policies.compliance.seen import ControlFacts
from policies.results import Finding


class Control(Protocol):
    """Judge one control; `days` is how long evidence holds, None where it is looked at anew."""

    def __call__(self, facts: ControlFacts, *, days: int | None, at: datetime) -> Finding: ...


CONTROLS: dict[str, Control] = {
    "INV-02": inventory.record_complete,
    "INV-03": inventory.owner_present,
    "CLS-02": inventory.tier_from_rule,
    "DEV-02": versions.version_can_be_rebuilt,
    "DEV-04": versions.artifact_identity,
    "DAT-03": batches.contract_checked,
    "VAL-02": versions.tested_out_of_time,
    "VAL-03": outcomes.outcomes_compared,
    "REL-03": versions.rollback_proven,
    "REL-04": versions.live_equals_approved,
    "CHG-02": change.retraining_inside_envelope,
    "MON-01": watching.plan_with_numbers,
    "MON-02": watching.monitor_alive,
    "MON-03": batches.drift_by_segment,
    "MON-04": outcomes.performance_inside_limits,
    "MON-05": watching.breach_acted_on,
}
