"""Learn a contract from a stored reference."""

from monitoring.checks.learning import learn
from monitoring.data import readers
from monitoring.data.columns import load_all
from monitoring.data.profiling import profile
from monitoring.judging.protocol import Job, Result


def learn_contract(job: Job) -> Result:
    """Return the contract that the reference suggests."""
    try:
        frame = readers.read(job.reference)
    except readers.Unreadable as error:
        return Result("not_evaluated", str(error))
    leave_out = {"request_id", job.roles.label, *job.roles.leave_out} - {""}
    columns = load_all(frame.table, time=job.roles.time, leave_out=leave_out)
    spec = learn(profile(frame, columns), leave_out=leave_out)
    return Result("learned", rows=frame.rows, contract=spec)
