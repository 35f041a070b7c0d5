"""The Celery application: it hurries work that the database already knows is due."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("muster")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def refuse_to_start(**kwargs: object) -> None:
    """End a worker whose settings are wrong; of an ordinary exception Celery makes a log line."""
    from config import checks  # needs the settings

    try:
        checks.refuse_to_start()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


worker_init.connect(refuse_to_start)
beat_init.connect(refuse_to_start)

from config.consuming import Consuming  # noqa: E402  (Celery reads its settings first)

app.steps["consumer"].add(Consuming)
