"""Runs of checks with `engine: spark`: who claims them, and what comes without Spark."""

import pytest
from django.core.management import call_command

from monitoring import definitions, leases
from monitoring.models import Check, Run
from registry import clock
from registry.problems import Invalid
from tests.monitoring import watching

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_engine_claims_its_own_runs_and_missing_java_is_said(tmp_path, judge, monkeypatch):
    made = watching.watched(tmp_path)
    check = watching.check(made, segments=[], engine="spark")
    made.land(watching.week())

    watching.look(watching.after(1))

    (run,) = made.runs(check)
    assert (Check.objects.get(pk=check.pk).engine, run.state) == ("spark", "queued")
    assert leases.claim_run() is None
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    call_command("spark", "--once")
    run = Run.objects.get(pk=run.pk)
    assert (run.state, run.attempts) == ("not_evaluated", 1)
    assert "judged on Spark, but" in run.reason

    watching.check(made, segments=[], engine="local")
    assert Check.objects.get(pk=check.pk).engine == "local"


def test_what_needs_rows_is_refused_with_a_remedy(tmp_path):
    made = watching.watched(tmp_path, reference=False)

    with pytest.raises(Invalid, match="take out segments, or use `engine: local`"):
        definitions.put_check(
            watching.ACTOR, made.model, "data", at=clock.now(), kind="data",
            spec={**watching.DATA, "engine": "spark", "segments": ["region"]},
        )  # fmt: skip
