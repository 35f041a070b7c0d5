"""One real team for the journeys: a model in a real MLflow, registered by REST, batches landing."""

import io
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from django.conf import settings
from django.test import Client

from registry import clock
from registry.models import FleetRole, Person
from tests.cast import bearer
from tests.monitoring import tables
from tests.registry.training import Team

OWNER = "ana@example.org"
WEEK = timedelta(days=7)


@dataclass
class Stage:
    """What a story needs: the API as the platform admin sees it, and the landing folder."""

    mlflow: str
    folder: Path
    weeks: int

    def __post_init__(self) -> None:
        admin = Person.objects.create_user("admin@example.org", name="Admin")
        FleetRole.objects.create(person=admin, role="platform_admin")
        self.headers = bearer(admin)
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        self.first = today - timedelta(days=today.weekday()) - self.weeks * WEEK

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = Client().put(
            f"/api/v1/{path}", json.dumps(body), "application/json", headers=self.headers
        )
        assert answer.status_code in (200, 201), answer.content
        return dict(answer.json())

    def get(self, path: str) -> Any:
        answer = Client().get(f"/api/v1/{path}", headers=self.headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def train(self, name: str) -> None:
        """Log a run with its reference and register it as champion, as a team would."""
        team = Team(self.mlflow)
        run = team.run(muster_prediction="prediction", muster_time="time", muster_segments="region")
        content = io.BytesIO()
        reference = tables.reference()
        reference["time"] += pd.Timedelta(self.first - tables.START)
        reference.to_parquet(content, index=False)
        team.upload(run, "muster/reference.parquet", content.getvalue())
        team.log(run, "auc", 0.9)
        team.model(name)
        team.alias(name, "champion", team.version(name, run))

    def register(self, slug: str) -> None:
        """Make the unit, its owner, the server, the model, its source and its data check."""
        self.put("business-units/credit/", {"name": "Credit"})
        member = {"business_unit": "credit", "role": "owner"}
        self.put(f"people/{OWNER}/", {"name": "Ana", "memberships": [member]})
        self.put("mlflow-servers/default/", {"origin": self.mlflow})
        self.put(
            f"models/{slug}/",
            {
                "name": slug,
                "business_unit": "credit",
                "owner": OWNER,
                "purpose": "Says who pays back.",
                "task": "classification",
                "decision_role": "one_input",
                "mlflow": {"server": "default", "model": slug},
            },
        )
        source = {"address": str(self.folder / slug), "format": "parquet"}
        self.put(f"models/{slug}/sources/requests/", source)
        spec = {"source": "requests", "every_days": 7, "start": self.first.isoformat()}
        spec |= {"min_rows": 200, "segments": [], "when": {"bad": 2, "of": 3, "good": 2}}
        self.put(f"models/{slug}/checks/data/", {"kind": "data", "spec": spec})

    def land(self, slug: str, week: int, *, shift: float = 1.0) -> None:
        """Write the batch of a week aside and rename it; `shift` multiplies income."""
        start = self.first + week * WEEK
        table = tables.batch(900, seed=50 + week, start=start)
        table["income"] *= shift
        path = self.folder / slug / "batches" / f"{start:%Y-%m-%d}.parquet"
        aside = path.with_name(f".{path.name}")
        tables.write(table, aside)
        aside.rename(path)


def make(mlflow: str, folder: Path, *, weeks: int) -> Stage:
    """Allow the landing folder and MLflow's address, and return the stage."""
    settings.MUSTER_SOURCE_ROOTS = [*settings.MUSTER_SOURCE_ROOTS, str(folder)]
    return Stage(mlflow, folder, weeks)
