"""The real sweep on the compressed clock, which nobody kills: `python -m bench.killing.calm`."""

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from bench.killing.hurried import hurry  # noqa: E402


def main() -> None:
    """Shorten the times, then sweep until told to stop."""
    hurry()
    call_command("sweep", "--every=0.2", "--only=plan,judge,deliver")


if __name__ == "__main__":
    main()
