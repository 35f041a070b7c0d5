"""A check's form says each key in one place: a field, or the text for what no field says."""

import html
import re
from typing import get_args

import pytest
import yaml

from dashboard.pages import check_body, check_lines
from dashboard.shapes import checks as shapes
from monitoring import specs
from monitoring.checks.shapes import DataSpec, Multivariate
from monitoring.models import Analysis, CheckVersion
from tests.dashboard.reading import text
from tests.dashboard.test_forms import DRIFT
from tests.dashboard.test_meanwhile import opened

pytestmark = pytest.mark.django_db
NEW = "/m/card-fraud/checks/new/?kind=data"
PAGE = "/m/card-fraud/checks/weekly/"
FINE = {
    "numeric.limit": "0.1",
    "baseline": "window",
    "baseline_window": "2026-08-03T00:00:00Z",
    "match": ["weekday", "hour"],
    "times": ["@weekday"],
    "segment_min_rows": "500",
    "segment_limits": "region=EU 0.3\r\nregion=North, East 0.4",
    "features": "income ks 0.01\r\nannual spend 0.3\r\nage wasserstein",
    "multivariate": "mmd\r\ndomain_classifier 0.65: income, age",
    "correction": "none",
    "min_effect": "0.1",
    "importance": "none",
    "prediction.column": "score",
    "time": "seen_at",
    "severity.data_fault": "critical",
    "severity.source_fault": "watch",
}


def spec_of(slug="weekly"):
    versions = CheckVersion.objects.filter(check_ref__slug=slug).order_by("-number")
    return versions[0].spec


def field(page, name):
    start = page.index(f'id="f-{name}-more"')
    return page[start : page.index("</div>", start)]


def test_every_key_of_a_data_check_has_a_field():
    groups = shapes.check("data", (("requests", "requests"),))
    names = {item.name for group in groups for item in group.fields}

    assert shapes.left(specs.usual("data"), names) == {}


@pytest.mark.parametrize("kind", shapes.KINDS)
def test_choices_are_those_of_the_schema(kind):
    for group in shapes.check(kind, (("requests", "requests"),)):
        for item in group.fields:
            allowed = specs.allowed(kind, *item.name.split("."))
            if item.choices and item.name not in ("source", "times"):
                for value, _ in item.choices:
                    assert not value or re.search(rf"\b{value}\b", allowed), (item.name, value)
    if kind == "data":
        methods = get_args(DataSpec.model_fields["baseline"].annotation)
        assert len(methods) == 4


def test_the_finer_keys_are_set_with_fields(ana):
    assert ana.post(NEW, DRIFT | FINE).status_code == 302

    spec = spec_of()
    assert spec["baseline_window"].startswith("2026-08-03T00:00")
    assert spec["match"] == ["weekday", "hour"]
    assert spec["segments"] == ["region", "cohort", "@weekday"]
    assert spec["segment_limits"] == {"region=EU": 0.3, "region=North, East": 0.4}
    assert spec["features"] == {
        "income": {"method": "ks", "limit": 0.01},
        "annual spend": {"method": None, "limit": 0.3},
        "age": {"method": "wasserstein", "limit": None},
    }
    assert spec["multivariate"] == [
        {"method": "mmd", "columns": [], "limit": None},
        {"method": "domain_classifier", "columns": ["income", "age"], "limit": 0.65},
    ]
    assert (spec["correction"], spec["min_effect"], spec["importance"]) == ("none", 0.1, "none")
    assert (spec["prediction"]["column"], spec["time"]) == ("score", "seen_at")
    assert spec["severity"] == {
        "drift": "critical", "data_fault": "critical", "source_fault": "watch",
    }  # fmt: skip


def test_saving_untouched_makes_no_version(ana):
    ana.post(NEW, DRIFT | FINE)

    assert opened(ana, PAGE)["rest"] == ""
    assert ana.post(PAGE, opened(ana, PAGE)).status_code == 302
    assert CheckVersion.objects.filter(check_ref__slug="weekly").count() == 1


def test_an_emptied_field_is_as_usual_again(ana):
    ana.post(NEW, DRIFT | FINE)
    sent = opened(ana, PAGE)
    emptied = {"features", "multivariate", "segment_limits", "min_effect", "severity.source_fault"}

    ana.post(PAGE, {**sent, **dict.fromkeys(emptied, ""), "match": [], "times": []})

    spec, usual = spec_of(), specs.usual("data")
    assert {name: spec[name] for name in ("features", "multivariate", "match")} == {
        "features": {}, "multivariate": [], "match": [],
    }  # fmt: skip
    assert (spec["segment_limits"], spec["min_effect"]) == ({}, usual["min_effect"])
    assert spec["segments"] == ["region", "cohort"]
    assert "source_fault" not in spec["severity"]


def test_a_required_field_that_was_emptied_is_told(ana):
    ana.post(NEW, DRIFT)

    page = text(ana.post(PAGE, opened(ana, PAGE) | {"start": ""}), 400)

    assert "cannot be empty" in field(page, "start")


@pytest.mark.parametrize(
    ("given", "name", "told"),
    [
        ({"features": "income"}, "features", "Line 1, &#x27;income&#x27;, needs a method"),
        ({"features": "income ks 0.1\r\nincome psi"}, "features", "two lines"),
        ({"features": "income ks -1"}, "features", "“income”, limit: "),
        ({"segment_limits": "region 0.2"}, "segment_limits", "needs column=value"),
        ({"segment_limits": "cohort=EU 0.2", "segments": "region"}, "segment_limits", "names coh"),
        ({"multivariate": "guess 0.2"}, "multivariate", "Line 1, method: "),
        ({"multivariate": "mmd 3"}, "multivariate", "Line 1, limit: "),
        ({"multivariate": "mmd\r\nmmd"}, "multivariate", "twice"),
        ({"baseline": "window"}, "baseline", "go together"),
        ({"when.bad": "3", "when.of": "2"}, "when-bad", "cannot be more than"),
        ({"engine": "spark"}, "engine", "judges whole batches"),
        ({"segments": "@month"}, "segments", "@month"),
        ({"min_effect": "3"}, "min_effect", "less than or equal to 1"),
        ({"rest": "often: 3"}, "rest", "Line 1, often: there is no field"),
        ({"rest": "min_rows: 3", "min_rows": "4"}, "rest", "Line 1, min_rows: this is said by"),
        ({"rest": "a: [b"}, "rest", "is not YAML"),
        ({"rest": "3"}, "rest", "list of keys"),
    ],
)
def test_what_is_wrong_stands_at_its_field(ana, given, name, told):
    page = text(ana.post(NEW, DRIFT | given), 400)

    assert told in field(page, name)
    assert not CheckVersion.objects.filter(check_ref__slug="weekly").exists()


def test_the_text_says_what_a_field_leaves_empty(ana):
    given = {"features": "", "rest": "features:\n  '3 psi':\n    limit: 0.1\n"}

    assert ana.post(NEW, DRIFT | given).status_code == 302
    page = ana.get(PAGE).content.decode()

    assert spec_of()["features"] == {"3 psi": {"method": None, "limit": 0.1}}
    shown = html.unescape(page[page.index('id="f-rest"') :])
    assert "features:\n  3 psi:" in shown
    assert ana.post(PAGE, opened(ana, PAGE)).status_code == 302
    assert spec_of()["features"] == {"3 psi": {"method": None, "limit": 0.1}}
    assert ana.post(PAGE, opened(ana, PAGE) | {"rest": ""}).status_code == 302
    assert spec_of()["features"] == {}


def test_a_forecast_is_asked_of_all_that_the_form_says(ana):
    ana.post(NEW, {**DRIFT, **FINE, "by": "forecast"})

    asked = Analysis.objects.get().body["spec"]
    assert asked["multivariate"][0]["method"] == "mmd"
    assert asked["segments"] == ["region", "cohort", "@weekday"]


def test_metrics_keep_what_belongs_to_them(ana):
    data = {"key": "auc", "every_days": "7", "start": "2026-08-17T00:00:00Z"}
    given = "fbeta min 0.6 beta=2, cost max 3 fp=1 fn=20, roc_auc min 0.7 segment_limit=0.6"

    new = "/m/card-fraud/checks/new/?kind=performance"
    assert ana.post(new, data | {"metrics": given, "rest": "k: 7"}).status_code == 302

    spec, page = spec_of("auc"), "/m/card-fraud/checks/auc/"
    assert [m["beta"] for m in spec["metrics"]] == [2, None, None]
    assert spec["metrics"][1]["costs"] == {"tp": 0, "fp": 1, "fn": 20, "tn": 0}
    assert (spec["metrics"][2]["segment_limit"], spec["k"]) == (0.6, 7)
    assert ana.post(page, opened(ana, page)).status_code == 302
    assert CheckVersion.objects.filter(check_ref__slug="auc").count() == 1


def test_features_of_a_skew_check_are_a_list(ana):
    data = {"key": "same", "every_days": "7", "start": "2026-08-17T00:00:00Z"}
    data |= {"offline": "store", "keys": "request_id", "features": "income, age"}
    new, page = "/m/card-fraud/checks/new/?kind=skew", "/m/card-fraud/checks/same/"

    assert ana.post(new, data).status_code == 302
    assert spec_of("same")["features"] == ["income", "age"]
    assert "features" not in opened(ana, page)["rest"]
    assert ana.post(page, opened(ana, page)).status_code == 302
    assert CheckVersion.objects.filter(check_ref__slug="same").count() == 1


def test_metrics_that_lines_cannot_say_stand_in_the_text(ana):
    one = {"name": "roc_auc", "direction": "min", "limit": 0.7, "segment_limits": {"region=EU": 1}}
    groups = shapes.check("performance", (("requests", "requests"),))

    found = check_body.values("performance", groups, {"metrics": [one]})

    assert "metrics" not in found
    assert found["rest"]["metrics"] == [one]


@pytest.mark.parametrize("limit", [None, 0.2, 0, 1e-06, 3])
def test_looks_are_read_as_they_were_written(limit):
    look = Multivariate(method="mmd", columns=["a b", "c"], limit=None).model_dump()
    looks = [{**look, "limit": limit}, {**look, "columns": ["x:y"]}]
    shown = check_lines.written("data", "multivariate", looks)

    assert shown is not None
    assert check_lines.of("data")["multivariate"].read("multivariate", shown) == looks


def test_decisions_that_are_numbers_stay_numbers(ana):
    data = {"key": "fair", "every_days": "7", "start": "2026-08-17T00:00:00Z"}
    data |= {"attributes": "sex", "limits.impact_ratio": "0.8"}
    new, page = "/m/card-fraud/checks/new/?kind=fairness", "/m/card-fraud/checks/fair/"

    told = ana.post(new, data | {"rest": yaml.safe_dump({"favorable": {"values": [0]}})})

    assert told.status_code == 302
    assert spec_of("fair")["favorable"]["values"] == [0]
    assert ana.post(page, opened(ana, page)).status_code == 302
    assert spec_of("fair")["favorable"]["values"] == [0]


def test_a_form_for_something_new_never_changes_what_is_there(ana):
    data = {"key": "same", "every_days": "7", "start": "2026-08-17T00:00:00Z"}
    data |= {"offline": "store", "keys": "request_id", "features": "income"}
    new = "/m/card-fraud/checks/new/?kind=skew"
    assert ana.post(new, data).status_code == 302

    again = ana.post(new, data | {"every_days": "1"})

    assert (again.status_code, spec_of("same")["every_days"]) == (400, 7)
    assert "exists already" in again.content.decode()
    taken = ana.post("/register/", {"key": "card-fraud", "name": "Mine"})
    assert (taken.status_code, "exists already" in taken.content.decode()) == (400, True)
