"""Small groups' counts stay hidden, also from subtraction."""

from hypothesis import given
from hypothesis import strategies as st

from monitoring.checks.disclosure import hidden


def test_nothing_is_hidden_among_large_groups():
    assert hidden({"a": 50, "b": 31}, min_cell=30) == frozenset()


def test_one_small_group_takes_the_next_smaller_with_it():
    assert hidden({"a": 500, "b": 6, "c": 90}, min_cell=30) == {"b", "c"}


def test_two_small_groups_hide_each_other():
    assert hidden({"a": 500, "b": 6, "c": 9}, min_cell=30) == {"b", "c"}


def test_a_cell_cannot_be_had_from_the_sums_of_its_parts():
    sizes = {"f x old": 4, "f x young": 96, "m x old": 80, "m x young": 120}

    assert hidden(sizes, min_cell=30) == set(sizes)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")).map(" x ".join),
        st.integers(1, 200),
    )
)
def test_no_shown_sum_has_exactly_one_hidden_part(sizes):
    found = hidden(sizes, min_cell=30)

    assert {group for group, n in sizes.items() if n < 30} <= found
    for place in (0, 1):
        for part in "abcxyz":
            line = [group for group in sizes if group.split(" x ")[place] == part]
            assert len(line) < 2 or len(found & set(line)) != 1
    assert len(sizes) < 2 or len(found) != 1
