"""The small bars of the latest windows: a gap, a bad one and the limit can be told apart."""

from dashboard import charts


def test_each_window_has_its_bar_and_a_gap_is_no_bar():
    drawn = charts.trend([0.1, None, 0.3], limit=0.2)

    assert drawn.count('class="bar"') == 1
    assert drawn.count('class="bad"') == 1
    assert drawn.count('class="gap"') == 1
    assert drawn.count('class="limit"') == 1


def test_below_the_limit_is_bad_for_a_p_value():
    drawn = charts.trend([0.01, 0.5], limit=0.05, direction="min")

    assert drawn.index('class="bad"') < drawn.index('class="bar"')


def test_nothing_known_draws_nothing():
    assert charts.trend([None, None], limit=1.0) == ""
    assert charts.trend([]) == ""


def test_all_zero_without_a_limit_still_draws():
    assert charts.trend([0.0, 0.0]).count('class="bar"') == 2
