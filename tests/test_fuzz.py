"""No request makes the API fail, answer against its own document, or show another unit's words."""

import os

import pytest

from tests import world
from tests.fuzzing import Fuzzer, callers, places

# 20,000 in the build (`.ci/run`); a tenth of it while one works.
REQUESTS = int(os.environ.get("MUSTER_FUZZ_REQUESTS", "2000"))
PARTS = 8


@pytest.mark.timeout(1200)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_api_withstands_what_no_client_sends(part):
    ours, theirs = world.make("zebra"), world.make("heron")
    fuzzer = Fuzzer(callers(ours, b"heron"), places([ours, theirs]), seed=part)
    tally = fuzzer.run(REQUESTS // PARTS, part=part, parts=PARTS)
    broken = (tally.server_errors, tally.schema_violations, tally.foreign_bytes)
    assert broken == (0, 0, 0), "\n".join(tally.examples)
    assert tally.requests >= REQUESTS // PARTS * 0.8
    assert tally.codes.get(200, 0) > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("planted", ["error", "shape", "leak"])
def test_the_fuzzer_sees_what_is_broken(planted, monkeypatch):
    def broken(self, request):
        if planted == "error":
            raise RuntimeError("planted")
        return self.answer({"slug": 3} if planted == "shape" else {"email": "heron"})

    ours = world.make("zebra")
    fuzzer = Fuzzer(callers(ours, b"heron"), places([ours]))
    monkeypatch.setattr("registry.api.people.Me.get", broken)
    fuzzer.operations = [one for one in fuzzer.operations if one.path == "/api/v1/me/"]
    tally = fuzzer.run(10)
    counts = {
        "error": tally.server_errors,
        "shape": tally.schema_violations,
        "leak": tally.foreign_bytes,
    }
    assert counts[planted] > 0
    assert tally.examples
