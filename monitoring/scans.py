"""Look where batches land: new batches and labels become rows, a broken folder a fault."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from monitoring import arrivals, fetching, keys, leases, logged, patience
from monitoring.data import landing
from monitoring.data.folder import File
from monitoring.leases import Lease, Stint
from monitoring.models import Source
from monitoring.patience import Sight
from registry.problems import Invalid
from registry.secrets import UnreadableSecret

logger = logging.getLogger(__name__)
_SQL_SECONDS = 300  # a query costs more than a listing
_MLFLOW_SECONDS = 60  # as often as MLflow's models are looked at
_HANGING_SECONDS = 60  # each look at a store that hangs costs the others some seconds


def scan_due(*, at: datetime, seconds: float) -> int:
    """Look into the sources that are due; return how many were looked at."""
    stint, done = Stint(at=at, seconds=seconds), set[int]()
    while not stint.over and (lease := leases.claim_source(done)):
        done.add(lease.pk)
        source = Source.objects.defer("secret").get(pk=lease.pk)
        started = stint.at
        with leases.kept(Source, [lease]):
            sight = _look(source, at=started)
        _note(source, lease, sight, at=started)
    return len(done)


def _look(source: Source, *, at: datetime) -> Sight:
    if source.kind == Source.Kind.UPLOAD:
        return Sight()  # what comes is noted as it comes
    try:
        if source.kind == Source.Kind.FOLDER:
            return patience.look(
                source.pk, source.address,
                format=source.format, known=_known(source), options=keys.options(source),
            )  # fmt: skip
        if source.kind == Source.Kind.MLFLOW:
            return logged.look(source, at=at)
        fetched = fetching.fetch(source, at=at)
    except UnreadableSecret:
        return Sight(fault="The secret of the source cannot be read any more; set it again")
    except Invalid as error:
        # The platform may allow less by now than when the source was made.
        return Sight(fault="; ".join(one.detail for one in error.errors))
    return Sight(fault=fetched.fault, fresh=fetched.files, whole=not fetched.more)


def _known(source: Source) -> dict[str, tuple[int, str]]:
    """Return size and modification of each path as of its newest row."""
    known: dict[str, tuple[int, str]] = {}
    for rows in (source.batches, source.label_sets):
        for path, size, modified in rows.order_by("landed_at", "pk").values_list(
            "path", "size", "modified"
        ):
            known[path] = (size, modified)
    return known


def _note(source: Source, lease: Lease, sight: Sight, *, at: datetime) -> None:
    """Write what was seen, unless somebody else has taken the source meanwhile."""
    with transaction.atomic():
        fields: dict[str, object] = {
            "lease_until": None,
            "next_scan_at": at + _interval(source, sight) if sight.whole else at,
            "fault": sight.fault,
            "fault_since": (source.fault_since or at) if sight.fault else None,
        }
        if sight.whole:
            # The start of the look: only what was due before it can be called absent.
            fields["scanned_at"] = at
        mine = Source.objects.filter(pk=lease.pk, lease_token=lease.token)
        if not mine.update(**fields):
            logger.info("source %s was taken over by another worker", lease.pk)
            return
        for file, digest in sight.fresh:
            _keep(source, file, digest, at=at)
        if sight.fresh or sight.fault != source.fault or source.scanned_at is None:
            arrivals.ring(source, at=at)


def _interval(source: Source, sight: Sight) -> timedelta:
    seconds = settings.MUSTER_SCAN_SECONDS
    if source.kind == Source.Kind.SQL:
        seconds = max(seconds, _SQL_SECONDS)
    if source.kind == Source.Kind.MLFLOW:
        seconds = max(seconds, _MLFLOW_SECONDS)
    if sight.hangs:
        seconds = max(seconds, _HANGING_SECONDS)
    return timedelta(seconds=seconds)


def _keep(source: Source, file: File, digest: str, *, at: datetime) -> None:
    start = landing.window_start(file.stem)
    if file.kind == "labels":
        name = file.stem[:200]
        arrivals.keep_labels(
            source, name, digest, start=start,
            path=file.path, size=file.size, modified=file.modified,
            format=file.format, origin=file.origin, at=at,
        )  # fmt: skip
    elif start is not None:
        arrivals.keep_batch(
            source, start, digest,
            path=file.path, size=file.size, modified=file.modified,
            format=file.format, origin=file.origin, at=at,
        )  # fmt: skip
