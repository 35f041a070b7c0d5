"""Take away the second factors of somebody who lost them; sessions end, the audit records it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry import actors, clock
from registry.models import Person
from registry.sign_in import company, factors


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="whose factors")
        parser.add_argument("--reason", required=True, help="why, for the audit")
        parser.add_argument(
            "--identity",
            action="store_true",
            help="forget the identity at the company's server instead; it is bound anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor, at, email = actors.system("reset_factors"), clock.now(), options["email"].lower()
        person = Person.objects.filter(email=email).first()
        if person is None:
            raise CommandError(f"Nobody has the address {email}.")
        undo = company.release if options["identity"] else factors.reset
        try:
            undo(actor, person, at=at, reason=options["reason"])
        except (factors.NoFactors, company.NoIdentity) as error:
            raise CommandError(f"{email}: {error}") from error
        what = "identity is" if options["identity"] else "second factors are"
        self.stdout.write(f"{email}: the {what} gone and every session has ended")
