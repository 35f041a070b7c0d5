"""A compressed clock for the processes of the harness: what takes half a minute takes two seconds.

Leases, pauses and beats are shortened by the same factor; nothing else differs from what
production runs, but for two things that the harness itself would trip over: a run is not given up
after three dead workers (here everything dies many times), and the doorbell asks for the three
duties that are measured, not for the evaluation of policies beside them.
"""

import gc

FACTOR = 15.0
DUTIES = ("plan", "judge", "deliver")


def hurry() -> None:
    """Shorten the times of this process, before it forks."""
    from config import duties, tasks
    from monitoring import leases, runs
    from monitoring.alerts import claims, messages

    leases.LEASE_SECONDS = int(leases.LEASE_SECONDS / FACTOR)
    leases.BEAT_SECONDS /= FACTOR
    claims.FIRST_PAUSE_SECONDS /= FACTOR * 3
    claims.LONGEST_PAUSE_SECONDS /= FACTOR * 20
    messages.OVERDUE /= FACTOR * 2
    runs.MAX_ATTEMPTS = 1_000_000
    chosen = tuple(duty for duty in duties.DUTIES if duty.name in DUTIES)
    vars(tasks)["DUTIES"] = chosen


def warm() -> None:
    """Do a little of the work in this process, so that no fork has to load what it needs."""
    from django.db import connections

    from monitoring import windows
    from monitoring.alerts import delivery
    from monitoring.runs import execute_due
    from registry import clock

    for duty in (windows.plan_due, execute_due, delivery.deliver_due):
        duty(at=clock.now(), seconds=1.0)
    connections.close_all()
    gc.collect()
    gc.freeze()
