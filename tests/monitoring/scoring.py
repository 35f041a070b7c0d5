"""Score batches inside runs of a real MLflow server, the way a team's job does."""

import io
import json
from datetime import datetime, timedelta

import pandas as pd

from monitoring import sourcing
from monitoring.models import Source
from registry import clock
from registry.models import MLflowServer
from tests.monitoring import watching
from tests.monitoring.tables import START, WEEK
from tests.monitoring.watching import Watched
from tests.registry.training import Team

LOGGED = "scored.json"


def table(rows: pd.DataFrame, path: str = LOGGED) -> bytes:
    """What `mlflow.log_table(rows, path)` writes."""
    if path.endswith(".json"):
        return rows.to_json(orient="split", index=False, date_format="iso").encode()
    sink = io.BytesIO()
    rows.to_parquet(sink, index=False)
    return sink.getvalue()


def tie(made: Watched, team: Team) -> None:
    """Let the model's MLflow be the real server, its champion trained in the team's experiment."""
    MLflowServer.objects.update(origin=team.origin)
    version = made.version
    version.run_id = team.run()
    version.save(update_fields=["run_id"])


def scored(
    team: Team,
    rows: pd.DataFrame | bytes | None,
    *,
    week: int | None = 0,
    path: str = LOGGED,
    model: str | None = "credit",
    window: str = "",
    started: datetime | None = None,
    status: str = "FINISHED",
    minutes: int = 1,
    **more: bytes,
) -> str:
    """Log one scoring run; `minutes` after the window's end it is over."""
    start = START + (week or 0) * WEEK
    begun = started or start + WEEK
    over = begun + timedelta(minutes=minutes)
    tags = {"muster.model": model} if model else {}
    if window or (started is None and week is not None):
        tags["muster.window"] = window or start.strftime("%Y-%m-%d")
    made = team.post(
        "runs/create",
        {
            "experiment_id": team.experiment,
            "start_time": int(begun.timestamp() * 1000),
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        },
    )
    run_id = str(made["run"]["info"]["run_id"])
    if rows is not None:
        content = rows if isinstance(rows, bytes) else table(rows, path)
        team.upload(run_id, path, content)
    for name, content in more.items():
        team.upload(run_id, name.replace("__", "."), content)
    finish(team, run_id, over, status)
    return run_id


def finish(team: Team, run_id: str, at: datetime, status: str = "FINISHED") -> None:
    ended = {} if status == "RUNNING" else {"end_time": int(at.timestamp() * 1000)}
    team.post("runs/update", {"run_id": run_id, "status": status, **ended})


def put(made: Watched, name: str = "runs", **fields: str) -> Source:
    """Define the source."""
    given = {"kind": "mlflow", "artifact": LOGGED, **fields}
    found, _ = sourcing.put_source(watching.ACTOR, made.model, name, at=clock.now(), **given)
    return found


def dataset(team: Team, run_id: str, address: str, context: str = "inference") -> None:
    """Log a dataset as `mlflow.log_input` does."""
    source = json.dumps({"uri": address}) if address else json.dumps({"tags": {}})
    logged = {"name": "rows", "digest": context, "source_type": "local", "source": source}
    tags = [{"key": "mlflow.data.context", "value": context}]
    body = {"run_id": run_id, "datasets": [{"dataset": logged, "tags": tags}]}
    team.post("runs/log-inputs", body)


def faults() -> str:
    """What the latest look at the source has to say."""
    return Source.objects.get(name="runs").fault
