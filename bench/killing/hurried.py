"""A compressed clock for the processes of the harness: what takes half a minute takes two seconds.

Leases, pauses and beats are shortened by the same factor; nothing else differs from what
production runs, but for two things that the harness itself would trip over: a run is not given up
after three dead workers (here everything dies many times), and the doorbell asks for the three
duties that are measured, not for the evaluation of policies beside them.
"""

FACTOR = 15.0
DUTIES = ("plan", "judge", "deliver")


def hurry() -> None:
    """Shorten the times of this process, before it forks."""
    from config import duties, tasks
    from monitoring import leases, runs
    from monitoring.alerts import claims

    leases.LEASE_SECONDS = int(leases.LEASE_SECONDS / FACTOR)
    leases.BEAT_SECONDS /= FACTOR
    claims.FIRST_PAUSE_SECONDS /= FACTOR * 3
    claims.LONGEST_PAUSE_SECONDS /= FACTOR * 20
    runs.MAX_ATTEMPTS = 1_000_000
    chosen = tuple(duty for duty in duties.DUTIES if duty.name in DUTIES)
    vars(tasks)["DUTIES"] = chosen
