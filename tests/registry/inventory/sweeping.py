"""Let one sweep happen now, and see what it said."""

from datetime import timedelta

from registry import clock
from registry.mlflow import sync
from tests import factories


def sweep(server, *, at=factories.NOW):
    type(server).objects.filter(pk=server.pk).update(next_sweep_at=clock.now() - timedelta(hours=1))
    done = sync.sweep_due(at=at, seconds=60)
    server.refresh_from_db()
    assert server.fault == ""
    assert done == 1


def events(model, kind):
    return list(model.events.filter(kind=kind).order_by("pk").values_list("detail", flat=True))
