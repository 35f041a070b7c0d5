"""What one does on the page of a run: expect, judge again, ask for the full report."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from monitoring.models import Alert, Analysis, Baseline, Batch, Expectation, Reading, Run
from registry import clock
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(story):
    return f"/m/card-fraud/runs/{story.run.pk}/"


@pytest.fixture
def comparable(story):
    """Give the run the batch and the reference that a report compares."""
    check = story.run.window.check_ref
    source = check.model.sources.first()
    batch = Batch.objects.create(
        source=source, window_start=story.run.window.start, path="/landing/b.parquet", size=1,
        digest="b" * 64, landed_at=clock.now(),
    )  # fmt: skip
    baseline = Baseline.objects.create(
        model=check.model, path="baselines/x.parquet", digest="c" * 64, size=1,
        created_at=clock.now(),
    )  # fmt: skip
    contract = check.model.contract.versions.last()
    Run.objects.filter(pk=story.run.pk).update(
        batch=batch, baseline=baseline, contract_version=contract
    )


def day(days):
    return f"{clock.now() + timedelta(days=days):%Y-%m-%d}"


def test_an_owner_says_that_a_movement_is_expected(ana, here, story):
    assert "Expected until…" in text(ana.get(here))

    given = {"feature": "income", "until": day(20), "reason": "spring campaign"}
    page = text(ana.post(f"{here}expect/", given, follow=True))

    assert "income alerts nobody until" in page
    assert "spring campaign" in page
    made = Expectation.objects.get()
    assert (made.feature, made.by) == ("income", story.people.ana)

    assert "The next verdict counts again" in text(
        ana.post(f"{here}expect/{made.pk}/end/", follow=True)
    )
    made.refresh_from_db()
    assert made.ended_by == story.people.ana


@pytest.mark.parametrize("until", ["", "soon", "0001-01-01", "9999-12-31", "2026-02-31"])
def test_a_day_that_is_none_is_said_beside_the_field(ana, here, until):
    answer = ana.post(f"{here}expect/", {"until": until, "reason": "keep these words"})

    assert answer.status_code == 400
    page = answer.content.decode()
    assert "It must end, within 90 days" in page
    assert "keep these words" in page
    assert not Expectation.objects.exists()


def test_judging_again_makes_a_revision_and_says_so(ana, here, story):
    page = text(ana.post(f"{here}again/", {"reason": "the feed was mended"}, follow=True))

    assert "The window is judged again." in page
    fresh = Run.objects.get(window=story.run.window, current=True)
    assert (fresh.state, fresh.revision) == ("queued", story.run.revision + 1)
    page = text(ana.post(f"/m/card-fraud/runs/{fresh.pk}/again/", follow=True))
    assert "is being judged already" in page


def test_a_paused_check_judges_nothing_again(ana, here, story):
    check = story.run.window.check_ref
    type(check).objects.filter(pk=check.pk).update(paused=True)

    answer = ana.post(f"{here}again/")

    assert answer.status_code == 400
    assert "The check is paused" in answer.content.decode()


def test_who_answers_for_nothing_may_not_say_what_is_expected(client, story, here, comparable):
    client.force_login(story.people.pat)
    page = text(client.get(here))

    assert "Expected until…" not in page
    assert "Make the full report" not in page
    assert client.post(f"{here}expect/").status_code == 403
    assert client.post(f"{here}report/ask/").status_code == 403


def test_a_report_is_asked_for_waits_and_is_opened_in_a_sandbox(ana, here, comparable):
    page = text(ana.post(f"{here}report/ask/", follow=True))
    assert "Being made for Ana" in page
    assert ana.get(f"{here}report/")["Location"] == f"{here}#report"

    folder = Path(settings.MUSTER_DATA_DIR) / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "r.html").write_text("<html><script>alert(1)</script></html>")
    Analysis.objects.update(
        finished_at=clock.now(), path="reports/r.html", size=5_000_000,
        result={"columns": 6, "left_out": {"time": "neither numbers nor categories"}},
    )  # fmt: skip

    assert "Open the report ↗ (4.8" in text(ana.get(here))
    answer = ana.get(f"{here}report/")
    policy = answer["Content-Security-Policy"]
    assert answer.content.startswith(b"<html><script>")
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert "'unsafe-eval'" not in policy


def test_a_report_that_failed_says_why_and_can_be_asked_for_again(ana, here, comparable):
    ana.post(f"{here}report/ask/")
    Analysis.objects.update(finished_at=clock.now(), fault="The file b.parquet is gone")
    assert "It could not be made: The file b.parquet is gone" in text(ana.get(here))

    assert "Being made for" in text(ana.post(f"{here}report/ask/", follow=True))


def test_alerts_about_what_is_expected_end(ana, here, story):
    assert Alert.objects.exclude(state="resolved").filter(pk=story.alert.pk).exists()

    ana.post(f"{here}expect/", {"until": day(20), "reason": "campaign"})

    story.alert.refresh_from_db()
    assert story.alert.state == "resolved"
    assert "closed" in text(ana.get(f"/incidents/{story.incident.pk}/")).lower()


def test_the_numbers_of_a_run_are_a_file_no_spreadsheet_trips_over(ana, here, story):
    Reading.objects.filter(run=story.run, feature="hour").update(note="=cmd|' /C calc'!A0")

    answer = ana.get(f"{here}readings.csv")

    assert answer["Content-Disposition"].endswith(f'-run-{story.run.pk}.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    income = next(row for row in rows if (row["feature"], row["segment"]) == ("income", ""))
    assert (income["value"], income["method"], income["crossed"]) == ("0.41", "psi", "True")
    assert next(row for row in rows if row["feature"] == "hour")["note"].startswith("'=cmd")


def test_the_page_says_which_segment_holds_the_change(ana, here, story):
    parts = [{"feature": "income", "column": "@weekday", "value": "Sunday", "share": 0.81}]
    Run.objects.filter(pk=story.run.pk).update(summary={"explained_by": parts})

    assert "81 % of the change of income lies in weekday = Sunday" in text(ana.get(here))
