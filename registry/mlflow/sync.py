"""Keep our picture of every MLflow server: read what is due, write what changed.

A sweep has four steps. Each commits by itself, so that a sweep that is cut short loses nothing:
1. every model, version and alias (two lists; MLflow has no filter for what changed);
2. the runs of versions under champion or challenger, and of versions not read yet (in batches);
3. the metric points of the former, from where we stopped;
4. files and documents of versions whose evidence was not read yet, while there is time.
"""

import logging
import time
from datetime import datetime

from registry.mlflow import evidence, lease, reconcile, runs
from registry.mlflow.client import Client, MlflowError
from registry.models import MLflowServer
from registry.outbound import OutboundError
from registry.secrets import UnreadableSecret

logger = logging.getLogger(__name__)
_LEAST_SECONDS = 20.0
_MOST_SECONDS = 120.0
_GRACE_SECONDS = 30.0


def sweep_due(*, at: datetime, seconds: float) -> int:
    """Read every server that is due; return how many were read, with success or not."""
    end, done = time.monotonic() + seconds, 0
    while (held := lease.claim()) is not None:
        try:
            sweep(held, at=at, seconds=max(_LEAST_SECONDS, end - time.monotonic()))
        except lease.LeaseLost:
            logger.info("gave up reading server %s: %s", held.server_id, lease.LeaseLost.__doc__)
        done += 1
        if time.monotonic() >= end:
            break
    return done


def sweep(held: lease.Lease, *, at: datetime, seconds: float) -> None:
    """Read one server, and note on it how that went."""
    seconds = min(seconds, _MOST_SECONDS)
    end = time.monotonic() + seconds
    failures = 0
    try:
        server = MLflowServer.objects.get(pk=held.server_id)
        failures = server.failures + 1
        # Beyond its time only what is being read is read to its end.
        client = Client(server, seconds=seconds + _GRACE_SECONDS)
        models, versions = client.search_registered_models(), client.search_model_versions()
        reconcile.reconcile(held, server, client, models, versions, at=at)
        found = runs.read(held, server, client)
        left = evidence.read(held, server, client, found, at=at, end=end)
    except (MlflowError, OutboundError, UnreadableSecret) as error:
        logger.warning("server %s could not be read: %s", held.server_id, error)
        held.fail(str(error)[:2000], at=at, failures=failures)
    else:
        held.finish(at=at, soon=left > 0)
