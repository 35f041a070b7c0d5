"""Which of two versions is better, metric by metric."""

import pytest

from policies.releases.comparison import compare


@pytest.mark.parametrize(
    ("metric", "champion", "challenger", "better"),
    [
        ("roc_auc", 0.8, 0.82, "challenger"),
        ("roc_auc", 0.8, 0.7, "champion"),
        ("test_rmse", 12.0, 11.0, "challenger"),
        ("log_loss", 0.3, 0.4, "champion"),
        ("latency_p95_ms", 80, 120, "champion"),
        ("f1", 0.5, 0.5, "same"),
    ],
)
def test_better_depends_on_what_the_metric_means(metric, champion, challenger, better):
    stored = {metric: {"value": str(champion), "at": "2026-08-01T00:00:00Z"}}

    (row,) = compare(stored, {metric: challenger})

    assert (row.metric, row.better) == (metric, better)
    assert row.change == pytest.approx((challenger - champion) / champion)


def test_a_metric_only_one_logged_or_that_is_no_number_is_shown_without_a_verdict():
    rows = compare({"a": 1.0, "b": "NaN"}, {"b": 2.0, "c": {"value": "3"}})

    assert [(r.metric, r.champion, r.challenger, r.better) for r in rows] == [
        ("a", 1.0, None, ""),
        ("b", None, 2.0, ""),
        ("c", None, 3.0, ""),
    ]
