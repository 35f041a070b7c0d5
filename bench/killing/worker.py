"""The real Celery worker on the compressed clock: `python -m bench.killing.worker`."""

import sys

import django

django.setup()

from bench.killing.hurried import hurry, warm  # noqa: E402
from config.celery import app  # noqa: E402


def main() -> None:
    """Shorten the times, then be what `celery -A config worker` is."""
    hurry()
    warm()
    app.worker_main(["worker", "--loglevel=WARNING", *sys.argv[1:]])


if __name__ == "__main__":
    main()
