"""Make the first platform admin and the first MLflow server, and print an API token."""

import getpass
import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry import actors, catalogue, clock, tokens
from registry.models import MLflowServer, Person
from registry.models.people import FleetRoleName
from registry.problems import Invalid

_TOKEN_DAYS = 90
_PASSWORD_FROM = "MUSTER_BOOTSTRAP_PASSWORD"  # noqa: S105 - its name only


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="Platform admin")
        parser.add_argument(
            "--reopen", action="store_true", help="let a closed account in again, as an admin"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor, at = actors.system("bootstrap"), clock.now()
        known = Person.objects.filter(email=options["email"].lower()).first()
        closed = known is not None and not known.is_active
        if closed and not options["reopen"]:
            raise CommandError(
                f"The account {options['email']} is closed, and this would open it again as a"
                " platform admin. Give --reopen if that is meant, or another --email."
            )
        account = {
            "name": options["name"],
            "password": _password(),
            "is_active": True,
            "fleet_roles": [FleetRoleName.PLATFORM_ADMIN.value],
        }
        try:
            person, created = catalogue.put_person(actor, options["email"], account, at=at)
            known_as = "open again" if closed else "known"
            self.stdout.write(f"{person.email} is {'made' if created else known_as}")
            self._seed_server(actor)
        except Invalid as error:
            raise CommandError(str(error)) from error
        _, key = tokens.issue(actor, person=person, name="bootstrap", at=at, days=_TOKEN_DAYS)
        self.stdout.write(json.dumps({"token": key}))

    def _seed_server(self, actor: actors.Actor) -> None:
        origin = settings.MLFLOW_TRACKING_URI
        known = MLflowServer.objects.filter(slug="default").first()
        if not origin or (known and known.origin == origin):
            return
        # A demo's MLflow may come back on another port; the environment is right, then.
        catalogue.put_server(actor, "default", {"origin": origin}, at=clock.now())
        self.stdout.write(f"MLflow server default is {origin}")


def _password() -> str:
    """Return the password from the environment or the keyboard: arguments show in `ps`."""
    if given := os.environ.get(_PASSWORD_FROM):
        return given
    if sys.stdin is None or not sys.stdin.isatty():
        raise CommandError(
            f"Set {_PASSWORD_FROM}, or run this at a terminal, where it asks for one."
        )
    first = getpass.getpass("Password of the platform admin: ")
    if first != getpass.getpass("Once more: "):
        raise CommandError("The two passwords differ; nothing was changed.")
    return first
