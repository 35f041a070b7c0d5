"""Keep our picture of every MLflow server: read what is due, write what changed.

A sweep has five steps. Each commits by itself, and where a look is cut short is noted, so that
the next one goes on from there:
1. every model, version and alias (two lists; MLflow has no filter for what changed);
2. the runs of versions under champion or challenger, and of versions not read yet (in batches);
3. the metric points of the former, from where we stopped; now and then all of them;
4. files and documents of versions whose evidence was not read yet, while there is time;
5. what was read long enough ago once more: is it still what was recorded?
"""

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings

from registry import actors, audit
from registry.mlflow import evidence, integrity, lease, pages, reconcile, runs
from registry.mlflow.client import Client, MlflowError, OutOfTime
from registry.mlflow.records import Malformed
from registry.models import MLflowServer
from registry.outbound import OutboundError
from registry.secrets import UnreadableSecret

logger = logging.getLogger(__name__)
_LEAST_SECONDS = 10.0
_MOST_SECONDS = 110.0  # and the request that has begun by then: 120 together
_FULL_METRICS_EVERY = timedelta(hours=1)
_MOST_ADDRESSES = 50


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
    """Look at one server, and note on it how that went."""
    seconds = min(seconds, _MOST_SECONDS)
    end, failures = time.monotonic() + seconds, 0
    progress = pages.Progress(at)
    try:
        server = MLflowServer.objects.get(pk=held.server_id)
        failures = server.failures
        pause = timedelta(seconds=settings.MUSTER_SYNC_SECONDS)
        progress = pages.resume(server.progress, at=at, pause=pause)
        is_new = not progress.runs_are_read
        client = Client(server, seconds=seconds, beat=held.beat)
        _note_addresses(held, server, client, at=at)
        if is_new:
            _read_lists(held, server, client, progress)
        waiting, found = runs.read(held, server, client, progress)
        done = evidence.read(held, server, client, waiting, found, at=at, end=end)
        integrity.read(held, server, client, at=at, end=end)
        # Where nothing could be read now, looking again at once would not help.
        left = done > 0 and runs.waiting_versions(server).exists()
    except OutOfTime:
        held.pause(progress.plain())
    except (MlflowError, Malformed, OutboundError, UnreadableSecret) as error:
        logger.warning("server %s could not be read: %s", held.server_id, error)
        # What this look began with is not taken up again: it may be what breaks.
        held.fail(str(error)[:2000], at=at, failures=failures + 1)
    except lease.LeaseLost:
        raise
    except Exception:
        # One server must not keep the others from being read, whatever it makes us stumble over.
        logger.exception("Unable to make sense of server %s", held.server_id)
        fault = "Muster stumbled over what MLflow shows; its log says where."
        held.fail(fault, at=at, failures=failures + 1)
    else:
        read_at = progress.begun_at if is_new else None
        held.finish(
            read_at=read_at,
            progress=progress.plain() if left else {},
            # Rung for after the lists were read: what it was about may not be in them.
            hurried=server.deliveries.filter(received_at__gte=progress.begun_at).exists(),
        )


def _read_lists(
    held: lease.Lease, server: MLflowServer, client: Client, progress: pages.Progress
) -> None:
    if progress.is_listed:
        return
    models = client.search_registered_models(progress.models)
    versions = client.search_model_versions(progress.versions)
    reconcile.reconcile(held, server, client, models, versions, at=progress.begun_at)
    fully_at = server.metrics_read_fully_at
    progress.everything = fully_at is None or progress.begun_at - fully_at >= _FULL_METRICS_EVERY
    progress.is_listed = True


def _note_addresses(
    held: lease.Lease, server: MLflowServer, client: Client, *, at: datetime
) -> None:
    """Keep which addresses the server's name led to; one never seen before is audited."""
    known = list(server.resolved_addresses)
    fresh = [address for address in client.addresses() if address not in known]
    if not fresh:
        return
    now = (known + fresh)[-_MOST_ADDRESSES:]
    with held.transaction():
        MLflowServer.objects.filter(pk=server.pk).update(resolved_addresses=now)
        if known:
            audit.record(
                actors.system("sync"),
                "server.resolved",
                server,
                at=at,
                before={"addresses": known},
                after={"addresses": now},
                reason="the server's name leads to an address it never led to before",
            )
