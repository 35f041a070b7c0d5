"""Write the whole audit with its chain as lines of JSON, for the stand-alone verifier."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from registry import chain


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="standard output when absent")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["file"]
        if path is None:
            for line in chain.export():
                self.stdout.write(line)
            return
        count = 0
        aside = path.with_name(f".{path.name}.new")
        with aside.open("w", encoding="utf-8") as file:
            for count, line in enumerate(chain.export(), start=1):  # noqa: B007 -- told below
                file.write(line + "\n")
        aside.replace(path)
        self.stdout.write(f"{count} rows are in {path}")
