"""Ask a trainer for a retraining: one signed POST by the Standard Webhooks rules."""

import json
from datetime import datetime

from django.conf import settings
from standardwebhooks import Webhook

from policies.models import Job
from registry import outbound
from registry.outbound import OutboundError

# These say "later"; every other 4xx says that asking again would not help.
_LATER = (408, 409, 423, 425, 429)


class HandOverFailed(Exception):
    """The trainer did not take the job."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


def body_of(job: Job) -> dict[str, str]:
    """Return what the trainer is told; `data_until` is the end of the newest judged window.

    A model that no check looks at has no window: then it is the time of the decision.
    """
    model, trigger = job.model, job.decision.trigger_run
    until = trigger.window.end if trigger else job.decision.at
    seen = job.decision.facts.get("seen", {})
    ends = [str(window["end"]) for window in seen.get("windows", [])]
    return {
        "type": "retraining.requested",
        "job": str(job.uuid),
        "model": model.slug,
        "mlflow_model": model.mlflow_name,
        "reason": str(job.decision.reasons[0]) if job.decision.reasons else "",
        "data_until": max(ends, default=until.isoformat()),
    }


def send(job: Job, *, at: datetime) -> None:
    """Send the request, or raise HandOverFailed; the id is the same at every attempt."""
    body = json.dumps(body_of(job), sort_keys=True)
    message_id = f"job_{job.uuid}"
    signature = Webhook(job.trainer.secret).sign(message_id, at, body)
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    try:
        answer = outbound.request(
            "POST",
            job.trainer.url,
            headers=headers,
            body=body.encode(),
            allowed_origins=settings.MUSTER_ALLOWED_ORIGINS,
            seconds=10.0,
            max_bytes=65_536,
        )
    except OutboundError as error:
        raise HandOverFailed(str(error), permanent=error.permanent) from error
    if not 200 <= answer.status < 300:
        permanent = 400 <= answer.status < 500 and answer.status not in _LATER
        text = f"The trainer '{job.trainer.slug}' answered {answer.status}."
        raise HandOverFailed(text, permanent=permanent)
