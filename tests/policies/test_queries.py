"""What pages read about policies."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from policies import queries
from policies.compliance.controls import CONTROLS
from policies.compliance.evaluation import evaluate_due
from tests.cast import acting, cast
from tests.factories import ModelVersionFactory, tracked_model
from tests.policies.factories import START

pytestmark = pytest.mark.django_db


def test_the_summary_of_a_unit_counts_the_newest_results_of_visible_models():
    people = cast()
    tracked_model(slug="churn", unit=people.retail)
    evaluate_due(at=START, seconds=30)

    (ours,) = queries.compliance_by_unit(acting(people.ana))
    both = queries.compliance_by_unit(acting(people.pat))

    assert (ours.unit, ours.models) == ("fraud", 1)
    assert sum(ours.results.values()) == len(CONTROLS)
    assert ours.open == sum(ours.results.values()) - ours.results.get(
        "satisfied", 0
    ) - ours.results.get("not_applicable", 0)
    assert [summary.unit for summary in both] == ["fraud", "retail"]


def test_the_summary_takes_the_same_queries_however_many_models():
    people = cast()

    def count():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            queries.compliance_by_unit(acting(people.pat))
        return len(caught)

    few = count()
    for number in range(5):
        tracked_model(slug=f"churn-{number}", unit=people.retail)
    evaluate_due(at=START, seconds=30)

    assert count() == few


def test_versions_are_compared_when_both_are_there():
    version = ModelVersionFactory.create(metrics={"f1": {"value": "0.5"}})
    other = ModelVersionFactory.create(metrics={"f1": {"value": "0.6"}})

    (row,) = queries.comparison(version, other)

    assert (row.metric, row.better) == ("f1", "challenger")
    assert queries.comparison(version, None) == []
