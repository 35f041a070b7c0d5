"""Send a share of a fuzzing bench's requests; the last line is one JSON object."""

import argparse
import json
import sys

import django


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--part", type=int, required=True)
    parser.add_argument("--parts", type=int, required=True)
    given = parser.parse_args()
    django.setup()

    from django.test.utils import setup_test_environment

    from tests import fuzzing, world

    setup_test_environment()
    ours, theirs = world.make(f"zebra{given.part}"), world.make(f"heron{given.part}")
    fuzzer = fuzzing.Fuzzer(
        fuzzing.callers(ours, f"heron{given.part}".encode()),
        fuzzing.places([ours, theirs]),
        seed=given.part,
    )
    tally = fuzzer.run(given.requests, part=given.part, parts=given.parts)
    sys.stdout.write(json.dumps({"figures": tally.figures(), "examples": tally.examples}) + "\n")


if __name__ == "__main__":
    main()
