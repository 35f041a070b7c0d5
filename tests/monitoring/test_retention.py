"""Stored files go once nothing needs them, what is needed stays, and every row says which it is."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring import definitions, files, rejudging, retention, windows
from monitoring.models import (
    Alert,
    Analysis,
    Batch,
    Check,
    Expectation,
    Incident,
    LabelSet,
    Run,
    Window,
)
from registry import clock
from registry.models import AuditEvent
from registry.problems import Invalid
from tests.cast import bearer, cast
from tests.monitoring import storing, tables
from tests.monitoring.storing import ACTOR, OLD, batch, labels, monday, old_windows, source

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def people(settings, tmp_path):
    settings.MUSTER_DATA_DIR = tmp_path / "data"
    settings.MUSTER_DATA_DIR.mkdir()
    return cast()


@pytest.fixture
def model(people):
    return people.model


def tidy(at=None, seconds=20.0) -> int:
    found = retention.tidy_due(at=at or clock.now(), seconds=seconds)
    storing.require_no_row_without_its_file()
    return found


def here(rows) -> list[bool]:
    return [Path(row.path).exists() for row in rows]


def events() -> list[dict]:
    return list(AuditEvent.objects.filter(action="files.deleted").values_list("after", flat=True))


def check(model, slug="data", **spec) -> Check:
    base = {**tables.SPEC, "start": monday(90).isoformat(), "source": "sent"}
    made, _ = definitions.put_check(
        ACTOR, model, slug, at=clock.now(), kind="data", spec={**base, **spec}
    )
    return made


def judged(made: Check, of: Batch, state="drift", *, days_ago=401, **fields) -> Run:
    """A verdict on a batch's window, so many days ago."""
    over = clock.now() - days_ago * DAY
    window, _ = Window.objects.get_or_create(
        check_ref=made,
        start=of.window_start,
        defaults={"end": of.window_start + storing.WEEK, "due_at": clock.now() - OLD},
    )
    return Run.objects.create(
        window=window, batch=of, state=state, queued_at=over, finished_at=over, **fields
    )


def test_old_files_go_except_those_of_the_latest_windows_and_rows_say_so(model):
    rows = old_windows(model, 13)
    young = batch(source(model), monday(10), landed=clock.now() - 399 * DAY)

    assert tidy() == 4
    assert tidy() == 0

    assert here(rows) == [False] * 4 + [True] * 9
    assert here([young]) == [True]
    gone = Batch.objects.get(pk=rows[0].pk)
    assert "401 days after it came" in files.gone(gone)
    assert [(one["batches"], one["keep_days"]) for one in events()] == [(4, 400)]
    tidy(clock.now() + DAY)
    assert len(events()) == 1


def test_nothing_goes_for_its_age_when_all_is_to_be_kept(model, settings):
    settings.MUSTER_KEEP_FILES_DAYS = 0
    rows = old_windows(model, 13)

    assert tidy() == 0
    assert here(rows) == [True] * 13


def test_what_was_judged_waits_or_is_due_lately_stays(model):
    rows, made = old_windows(model, 15), check(model)
    judged(made, rows[0], days_ago=399)
    judged(made, rows[1], state="queued")
    Window.objects.create(
        check_ref=made,
        start=rows[2].window_start,
        end=rows[2].window_start + storing.WEEK,
        due_at=clock.now() - 10 * DAY,
    )
    judged(made, rows[3])

    tidy()

    assert here(rows) == [True, True, True, False, False] + [True] * 10


def test_an_open_incident_keeps_the_files_since_it_began(model):
    rows, made = old_windows(model, 14), check(model)
    run = judged(made, rows[2])
    case = Incident.objects.create(
        cause="model:1:drift", title="x", severity="critical", opened_at=clock.now() - OLD
    )
    Alert.objects.create(
        model=model, check_ref=made, condition="drift", dedup_key="1", incident=case,
        severity="critical", headline="x", opened_by_run=run, opened_at=case.opened_at,
        since=rows[2].window_start,
    )  # fmt: skip

    tidy()
    assert here(rows) == [False, False] + [True] * 12

    Incident.objects.update(state="closed", closed_at=clock.now())
    tidy(clock.now() + DAY)
    assert here(rows) == [False] * 4 + [True] * 10


def test_what_is_expected_keeps_its_file_until_that_day(people):
    rows, made = old_windows(people.model, 13), check(people.model)
    judged(made, rows[0])
    judged(made, rows[1], state="ok")
    Expectation.objects.create(
        check_ref=made, reason="sale", until=clock.now() + DAY, by=people.ana, at=clock.now()
    )

    tidy()
    assert here(rows)[:3] == [True, False, False]
    tidy(clock.now() + 2 * DAY)
    assert here(rows)[:3] == [False, False, False]


def test_the_window_that_a_check_is_compared_with_stays(model):
    rows = old_windows(model, 13)
    check(model, baseline="window", baseline_window=rows[1].window_start.isoformat())

    tidy()

    assert here(rows)[:3] == [False, True, False]


def test_replaced_content_of_a_kept_window_goes(model):
    old = clock.now() - OLD
    first = batch(source(model), monday(70), landed=old, content=b"first")
    second = batch(source(model), monday(70), landed=old + DAY / 2, content=b"second")

    tidy()

    assert here([first, second]) == [False, True]


def test_labels_stay_as_long_as_a_batch_that_they_may_label(model):
    rows, old = old_windows(model, 12), clock.now() - OLD
    of_gone = labels(source(model), f"{rows[0].window_start:%Y-%m-%d}", landed=old)
    of_kept = labels(source(model), f"{rows[5].window_start:%Y-%m-%d}", landed=old)
    of_any = labels(source(model), "all", landed=old)

    tidy()
    assert here([of_gone, of_kept, of_any]) == [False, True, True]

    Batch.objects.update(file_deleted_at=clock.now())
    tidy(clock.now() + DAY)
    assert here([of_kept, of_any]) == [False, False]
    assert sum(one["label_sets"] for one in events()) == 3


def test_files_of_folders_and_of_other_places_are_never_touched(model, settings, tmp_path):
    mine = tmp_path / "landing" / "2025-01-06.parquet"
    mine.parent.mkdir()
    mine.write_bytes(b"x")
    rows = old_windows(model, 12)
    Batch.objects.filter(pk=rows[0].pk).update(path=str(mine))
    moved = tmp_path / "moved"
    Path(settings.MUSTER_DATA_DIR).rename(moved)
    settings.MUSTER_DATA_DIR = moved
    for path in moved.rglob("*.parquet"):
        os.utime(path, (1, 1))

    retention.tidy_due(at=clock.now(), seconds=20)

    assert mine.exists()
    assert len(list(moved.rglob("*.parquet"))) == 11  # of rows[0] no row knows any more


def test_strays_go_after_a_day_or_a_week_and_what_rows_know_stays(model, settings):
    kept = batch(source(model), monday(1), landed=clock.now())
    place = Path(kept.path).parent
    data = Path(settings.MUSTER_DATA_DIR)
    (data / "uploads" / ".aside-1").write_bytes(b"x")
    (data / "baselines").mkdir()
    (data / "reports").mkdir()
    for name in (".half", "whole.parquet"):
        for folder in (place, data / "baselines", data / "reports"):
            (folder / name).write_bytes(b"x")
    (data / "checkpoints.jsonl").write_bytes(b"x")
    every = [path for path in data.rglob("*") if path.is_file()]

    def left(days: float, *, look: int) -> set[str]:
        for path in every:
            if path.exists():
                os.utime(path, (time.time() - days * 86_400,) * 2)
        tidy(clock.now() + look * DAY)
        return {str(path.relative_to(data)) for path in every if path.exists()}

    assert len(left(0.9, look=0)) == len(every)
    whole = left(1.1, look=1)
    assert sorted(Path(path).name for path in whole if "." in Path(path).name[:1]) == []
    assert len(whole) == len(every) - 4
    assert left(8, look=2) == {
        "checkpoints.jsonl",
        "baselines/whole.parquet",
        str(Path(kept.path).relative_to(data)),
    }
    assert sum(one["strays"] for one in events()) == 6


def test_a_file_that_could_not_be_deleted_goes_with_the_next_look(model, monkeypatch):
    rows = old_windows(model, 11)
    monkeypatch.setattr(Path, "unlink", lambda *rest, **more: (_ for _ in ()).throw(OSError("no")))
    tidy()
    assert here(rows[:1]) == [True]
    assert Batch.objects.get(pk=rows[0].pk).file_deleted_at is not None

    monkeypatch.undo()
    tidy(clock.now() + DAY)
    assert here(rows[:1]) == [False]
    assert sum(one["strays"] for one in events()) == 0


def test_small_steps_make_one_day_with_one_event(model, monkeypatch):
    monkeypatch.setattr(retention, "_A_PART", 2)
    rows = old_windows(model, 15)

    steps = [tidy(seconds=0.0) for _ in range(9)]

    assert steps[:4] == [2, 2, 1, 0]
    assert here(rows) == [False] * 5 + [True] * 10
    assert [one["batches"] for one in events()] == [5]


def test_the_same_content_that_comes_again_brings_the_file_back_for_as_long(model, client, people):
    rows = old_windows(model, 11)
    gone = rows[0]
    content = Path(gone.path).read_bytes()
    tidy()
    again = client.post(
        f"/api/v1/models/{model.slug}/sources/sent/batches/?window={gone.window_start:%Y-%m-%d}",
        content,
        content_type="application/vnd.apache.parquet",
        headers=bearer(people.ana),
    )

    assert again.status_code == 201, again.content
    assert again.json()["file_deleted_at"] is None
    assert Batch.objects.get(pk=gone.pk).landed_at > gone.landed_at
    tidy(clock.now() + DAY)
    assert here([gone]) == [True]


def test_content_that_comes_again_while_it_is_deleted_keeps_its_file(model):
    row = old_windows(model, 1)[0]
    Batch.objects.update(file_deleted_at=clock.now())  # marked, its file is to go now
    batch(source(model), row.window_start, landed=clock.now())

    retention._delete(row, Path(row.path))
    storing.require_no_row_without_its_file()
    assert here([row]) == [True]


def test_a_run_says_that_its_file_is_gone_and_is_not_judged_again(model, client, people):
    rows, made = old_windows(model, 11), check(model)
    run = judged(made, rows[0])
    document = files.root() / "reports" / "one.html"
    document.parent.mkdir()
    document.write_text("x")
    Analysis.objects.create(
        kind="report", model=model, run=run, digest="1", requested_at=clock.now() - OLD,
        finished_at=clock.now() - OLD, path="reports/one.html", size=1,
    )  # fmt: skip
    tidy()

    client.force_login(people.ana)
    page = client.get(f"/m/{model.slug}/runs/{run.pk}/").content.decode()
    refused = client.post(f"/m/{model.slug}/runs/{run.pk}/again/")
    asked = client.post(f"/m/{model.slug}/runs/{run.pk}/report/ask/")

    assert not document.exists()
    assert "was deleted on" in page and "upload the window" in page
    assert "for its age" in page and "Judge this window again" not in page
    assert (refused.status_code, asked.status_code) == (400, 400)
    with pytest.raises(Invalid) as error:
        rejudging.rejudge(ACTOR, run, reason="", at=clock.now())
    assert error.value.errors[0].code == "file_deleted"
    assert Run.objects.count() == 1


def test_a_check_that_is_made_later_says_why_it_cannot_look(model):
    rows = old_windows(model, 11)
    tidy()
    made = check(model, start=rows[0].window_start.isoformat())
    Check.objects.update(next_plan_at=clock.now())

    windows.plan_due(at=clock.now(), seconds=20)

    run = Run.objects.get(window__check_ref=made, window__start=rows[0].window_start)
    assert run.state == "not_evaluated"
    assert "was deleted on" in run.reason
    assert LabelSet.objects.count() == 0
