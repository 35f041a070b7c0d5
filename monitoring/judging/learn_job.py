"""Learn a contract from a stored reference."""

from monitoring.checks.learning import learn
from monitoring.data import readers
from monitoring.data.columns import load
from monitoring.data.profiling import profile
from monitoring.judging.protocol import Job, Result


def learn_contract(job: Job) -> Result:
    """Return the contract that the reference suggests."""
    try:
        frame = readers.read(job.reference)
    except readers.Unreadable as error:
        return Result("not_evaluated", str(error))
    leave_out = {"request_id", job.roles.label, *job.roles.leave_out} - {""}
    table = frame.table
    columns = {
        name: load(table[name], as_time=name == job.roles.time)
        for name in table.column_names
        if name not in leave_out
    }
    spec = learn(profile(frame, columns), leave_out=leave_out)
    return Result("learned", rows=frame.rows, contract=spec)
