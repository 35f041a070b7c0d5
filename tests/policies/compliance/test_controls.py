"""Every result each control can give, and why."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from policies.compliance.controls import CONTROLS
from policies.compliance.controls.watching import working_days_after
from policies.compliance.seen import PersonSeen, RetrainingSeen
from tests.policies.compliance.scenes import (
    ANA,
    BEN,
    DAY,
    MONDAY,
    RECORD,
    case,
    champion,
    check,
    facts,
    find,
    window,
)
from tests.policies.releases.scenes import PROOF, version

PICKLED = ("model/MLmodel", "model/model.pkl", "model/requirements.txt")
EXPECTED = [
    ("INV-02", {"record": {"missing": ("Origin",), "wanted": 40}}, "failed"),
    ("INV-02", {"record": {"missing": (), "wanted": 40}}, "satisfied"),
    ("INV-03", {"record": {"owner": replace(ANA, active=False)}}, "failed"),
    ("INV-03", {"record": {"deputy": replace(BEN, active=False)}}, "failed"),
    ("INV-03", {"record": {"deputy": None}}, "failed"),
    ("INV-03", {"record": {"deputy": PersonSeen(ANA.email, True)}}, "failed"),
    ("CLS-02", {"tier": {"unanswered": ("harm",)}}, "failed"),
    ("CLS-02", {"tier": {"assessed_at": None}}, "unknown"),
    ("CLS-02", {"tier": {"rule_version": "2025.9"}}, "expired"),
    ("CLS-02", {"days": 5}, "expired"),
    ("CLS-02", {"days": 365}, "satisfied"),
    ("DEV-02", {"champion": champion(git_commit="")}, "failed"),
    ("DEV-02", {"champion": champion(evidence_fault="timed out", files=())}, "unknown"),
    ("DEV-02", {"champion": None}, "unknown"),
    ("DEV-02", {"champion": None, "record": {"lifecycle": "proposed"}}, "not_applicable"),
    ("DEV-04", {"approved_digest": ""}, "unknown"),
    ("DEV-04", {"approved_digest": "c" * 64}, "failed"),
    ("DEV-04", {"champion": champion(digest="")}, "unknown"),
    ("DEV-04", {"champion": champion(evidence_read=False, digest="")}, "unknown"),
    ("DEV-04", {"champion": champion(files=PICKLED)}, "failed"),
    ("DEV-04", {"champion": champion(files=PICKLED), "tier": {"tier": 3}}, "satisfied"),
    ("DEV-04", {"champion": None}, "unknown"),
    ("DAT-03", {"checks": ()}, "failed"),
    ("DAT-03", {"checks": (check(paused=True),)}, "failed"),
    ("DAT-03", {"checks": (check(windows=()),)}, "unknown"),
    ("DAT-03", {"checks": (check(state="data_fault"),)}, "failed"),
    ("DAT-03", {"checks": (check(state="drift"),)}, "satisfied"),
    ("DAT-03", {"checks": (check(state="source_fault"),)}, "unknown"),
    ("DAT-03", {"checks": (check(state="missed"),)}, "unknown"),
    ("DAT-03", {"at": MONDAY + 15 * DAY}, "expired"),
    ("VAL-02", {"champion": champion(created_at=MONDAY - 300 * DAY)}, "failed"),
    ("VAL-02", {"champion": champion(documents={"muster/oot.json": None})}, "unknown"),
    ("VAL-02", {"champion": champion(tier=4)}, "not_applicable"),
    ("VAL-02", {"champion": None}, "unknown"),
    ("VAL-03", {"checks": (check("data"),)}, "failed"),
    ("VAL-03", {"checks": (check("performance", windows=()),)}, "unknown"),
    ("VAL-03", {"checks": (check("performance", "not_evaluated"),)}, "unknown"),
    ("VAL-03", {"checks": (check("performance", "breach"),)}, "satisfied"),
    ("VAL-03", {"days": 90, "at": MONDAY + 92 * DAY}, "expired"),
    ("REL-03", {"champion": champion(keep_previous=False)}, "failed"),
    ("REL-03", {"champion": champion(documents={"muster/rollback.json": None})}, "unknown"),
    ("REL-03", {"champion": champion(documents={"muster/rollback.json": PROOF})}, "unknown"),
    ("REL-03", {"days": 10}, "expired"),
    ("REL-03", {"days": 180}, "satisfied"),
    ("REL-03", {"champion": None}, "unknown"),
    ("REL-04", {"approved_version": None}, "failed"),
    ("REL-04", {"approved_version": 1}, "failed"),
    ("REL-04", {"champion": None}, "unknown"),
    ("REL-04", {"champion": None, "record": {"lifecycle": "in_development"}}, "not_applicable"),
    ("CHG-02", {"policy": ""}, "not_applicable"),
    ("MON-01", {"checks": ()}, "failed"),
    ("MON-01", {"checks": (check("data"),)}, "failed"),
    ("MON-01", {"checks": (check("data"), check("metric"))}, "satisfied"),
    ("MON-01", {"checks": (check("data"), check("metric", has_limits=False))}, "failed"),
    ("MON-01", {"checks": (check("data", has_severity=False), check("metric"))}, "failed"),
    ("MON-01", {"record": {"owner": replace(ANA, active=False)}}, "failed"),
    ("MON-01", {"days": 10}, "expired"),
    (
        "MON-01",
        {"checks": (check(), check("performance"), check("fairness", has_limits=False))},
        "failed",
    ),
    ("MON-02", {"checks": ()}, "failed"),
    ("MON-02", {"checks": (check(windows=()),)}, "unknown"),
    ("MON-02", {"checks": (check(state="missed"),)}, "failed"),
    ("MON-02", {"checks": (check(state="data_fault"),)}, "satisfied"),
    ("MON-02", {"checks": (check(), check("fairness", "missed"))}, "failed"),
    ("MON-02", {"at": MONDAY + 15 * DAY}, "failed"),
    ("MON-03", {"checks": (check("performance"),)}, "failed"),
    ("MON-03", {"checks": (check(segments_wanted=()),)}, "failed"),
    ("MON-03", {"checks": (check(windows=()),)}, "unknown"),
    ("MON-03", {"checks": (check(state="data_fault"),)}, "unknown"),
    ("MON-03", {"checks": (check(segments_read=0),)}, "unknown"),
    ("MON-03", {"checks": (check(state="drift"),)}, "satisfied"),
    ("MON-03", {"days": 7, "at": MONDAY + 8 * DAY}, "expired"),
    ("MON-04", {"checks": (check("data"),)}, "failed"),
    ("MON-04", {"checks": (check("performance", "breach"),)}, "failed"),
    (
        "MON-04",
        {"checks": (check("performance", "breach"),), "days": 31, "at": MONDAY + 40 * DAY},
        "failed",
    ),
    ("MON-04", {"checks": (check("performance", "not_evaluated"),)}, "unknown"),
    ("MON-04", {"days": 31, "at": MONDAY + 40 * DAY}, "expired"),
    ("MON-05", {"cases": (case(),)}, "satisfied"),
    ("MON-05", {"cases": (case(opened_at=MONDAY - 9 * DAY),)}, "failed"),
    (
        "MON-05",
        {"cases": (case(opened_at=MONDAY - 9 * DAY, acknowledged_at=MONDAY - 8 * DAY),)},
        "satisfied",
    ),
    ("MON-05", {"cases": (case(closed_at=MONDAY, verdict="real_drift"),)}, "failed"),
    ("MON-05", {"cases": (case(closed_at=MONDAY, verdict="recovered"),)}, "satisfied"),
]


@pytest.mark.parametrize("control", CONTROLS)
def test_a_sound_model_satisfies_every_control(control):
    assert find(control).result == "satisfied"


@pytest.mark.parametrize(("control", "spoiled", "expected"), EXPECTED)
def test_what_is_spoiled_shows(control, spoiled, expected):
    found = find(control, **spoiled)

    assert found.result == expected
    assert found.reason.endswith(".")


@pytest.mark.parametrize("control", [c for c in CONTROLS if c[:3] in ("MON", "DAT", "VAL")])
def test_a_model_nobody_uses_yet_is_not_asked(control):
    found = find(control, champion=None, record={"lifecycle": "proposed"}, checks=())

    assert found.result == "not_applicable"


@pytest.mark.parametrize("state", ["source_fault", "not_evaluated", "missed", "failed", "waiting"])
@pytest.mark.parametrize("control", ["DAT-03", "MON-03", "MON-04", "VAL-03"])
def test_what_could_not_be_looked_at_is_never_satisfied(control, state):
    spoiled = (check("data", state), check("performance", state))

    assert find(control, checks=spoiled).result == "unknown"


def retraining(days_ago, cause="drift", cooldown=14, budget=2):
    return RetrainingSeen(MONDAY - days_ago * DAY, cause, cooldown, budget)


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ((retraining(30), retraining(2)), "satisfied"),
        ((retraining(10), retraining(2)), "failed"),
        ((retraining(40), retraining(20), retraining(2)), "failed"),
        ((retraining(2, cause=""),), "failed"),
    ],
)
def test_retrainings_outside_their_envelope_fail(jobs, expected):
    assert find("CHG-02", retrainings=jobs).result == expected


def test_retrainings_of_a_policy_that_is_gone_are_still_judged():
    assert find("CHG-02", policy="", retrainings=(retraining(2),)).result == "satisfied"


def test_a_satisfied_result_holds_until_what_it_rests_on_is_too_old():
    found = find("MON-03", days=7)

    assert found.holds_until == window().end + 9 * DAY
    just_before, then = found.holds_until - timedelta(seconds=1), found.holds_until
    assert find("MON-03", days=7, at=just_before).result == "satisfied"
    assert find("MON-03", days=7, at=then).result == "expired"


def test_the_monitors_coverage_is_a_share_of_the_latest_windows():
    missed_one = tuple(
        window(weeks, "missed" if weeks == 5 else "ok") for weeks in range(19, -1, -1)
    )
    missed_two = (window(20, "missed"), *missed_one[1:])

    assert find("MON-02", checks=(check(windows=missed_one),)).result == "satisfied"
    assert find("MON-02", checks=(check(windows=missed_two),)).result == "failed"


def test_the_newest_of_several_checks_speaks():
    old = check("data", slug="old", windows=(window(9, "data_fault"),))

    assert find("DAT-03", checks=(old, check("data"))).result == "satisfied"


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-16", 2, "2026-11-18"),
        ("2026-11-20", 2, "2026-11-24"),
        ("2026-11-21", 1, "2026-11-23"),
    ],
)
def test_working_days_leave_out_weekends(start, days, end):
    assert working_days_after(datetime.fromisoformat(start), days) == datetime.fromisoformat(end)


def test_the_scenes_are_sound():
    assert facts().champion.version == version(
        documents={"muster/rollback.json": {**PROOF, "checked_at": "2026-11-01T00:00:00Z"}}
    )
    assert RECORD.owner is ANA
