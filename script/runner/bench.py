"""`script/bench`: give a module of bench/ servers of its own and print what it measured."""

import argparse
import ast
import importlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from script.runner.binaries import public_place
from script.runner.demo import Demo, Stopped, say, stop_on_signals
from script.runner.part import RunnerError
from script.runner.state import State

BENCHES = Path(__file__).resolve().parents[2] / "bench"


def names() -> dict[str, str]:
    """Map each measurement to what it says it measures."""
    found = {}
    for path in sorted(BENCHES.glob("[a-z]*.py")):
        found[path.stem] = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]
    return found


@contextmanager
def stand(*, database_only: bool = False) -> Iterator[Demo]:
    """A demo in a folder of its own, with PostgreSQL, Valkey, MLflow, mail and judge running."""
    folder = Path(tempfile.mkdtemp(prefix="muster-bench-"))
    state = State(folder, say)
    demo: Demo | None = None
    try:
        state.open()
        # Addresses in the environment are for people's own servers: a bench never fills those.
        kept_out = ("DATABASE_URL", "REDIS_URL", "MLFLOW_TRACKING_URI", "EMAIL_URL")
        demo = Demo(state, {key: val for key, val in os.environ.items() if key not in kept_out})
        demo.supervisor.keeper.remove(folder)
        if os.getuid() == 0:
            demo.supervisor.keeper.remove(public_place(folder))
        if database_only:
            demo.start_database()
            demo.tasks.migrate()
        else:
            demo.start_servers()
        yield demo
    finally:
        if demo is not None:
            demo.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if os.getuid() == 0:
            shutil.rmtree(public_place(folder), ignore_errors=True)


def own_options(
    name: str, known: Mapping[str, tuple[type, Any, str]], rest: Sequence[str]
) -> dict[str, Any]:
    """Read what a measurement itself lets one choose: name to type, default and meaning."""
    parser = argparse.ArgumentParser(prog=f"script/bench {name}")
    for option, (kind, default, meaning) in known.items():
        parser.add_argument(
            f"--{option}", type=kind, default=default, help=f"{meaning} (default {default})"
        )
    return vars(parser.parse_args(rest))


def main() -> int:
    """Run the measurement that the command line names."""
    known = names()
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__, add_help=False)
    parser.add_argument("-h", "--help", action="store_true", help="of a measurement: its options")
    parser.add_argument("name", nargs="?", choices=sorted(known))
    parser.add_argument("--list", action="store_true", help="name the measurements")
    options, rest = parser.parse_known_args()
    if options.help and options.name:
        rest = ["--help"]
    elif options.help:
        parser.print_help()
        return 0
    if options.list or options.name is None:
        if rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        for name, meaning in known.items():
            print(f"{name:<12} {meaning}")
        return 0 if options.list else 2
    stop_on_signals()
    try:
        module = importlib.import_module(f"bench.{options.name}")
        given = own_options(options.name, getattr(module, "OPTIONS", {}), rest)
        if getattr(module, "NO_SERVERS", False):
            figures = module.run(**given)
        else:
            with stand(database_only=getattr(module, "DATABASE_ONLY", False)) as demo:
                figures = module.run(demo, **given)
    except Stopped as stopped:
        say(f"asked to stop ({stopped})")
        return 130
    except RunnerError as error:
        say(f"script/bench cannot go on: {error}")
        return 1
    print(json.dumps({"bench": options.name, "figures": figures}), flush=True)
    return 0
