"""A tenth of the poison batches of `script/bench poison`: never `ok`, and the judge lives on."""

import itertools

import pytest

from bench.poison import Judge, Tally, feed
from bench.poisons import bombs, corpus

# These take no second to make.
CHEAP = ("an endless header", "columns", "lists of lists", "20,000 columns")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    started = Judge(tmp_path_factory.mktemp("poison"))
    started.start()
    yield started
    started.stop()


def fed(own, poisons):
    tally = Tally()
    assert feed(own, iter(poisons), tally) == 0, "the judge is gone"
    return tally


def test_a_poison_batch_is_never_ok_and_kills_nobody(own):
    tally = fed(own, itertools.islice(corpus(bombs_too=False), 0, None, 10))

    assert tally.batches >= 200
    assert tally.false_ok == []
    assert tally.others == []
    assert tally.died == []
    assert tally.late == []


def test_what_unpacks_beyond_all_measure_is_told_too_large(own):
    tally = fed(own, [one for one in bombs.poisons() if any(name in one.name for name in CHEAP)])

    assert tally.batches >= 5
    assert (tally.false_ok, tally.others, tally.died, tally.late) == ([], [], [], [])


def test_the_memory_of_the_parent_stays_flat(own):
    assert own.memory() - own.began_with < 50
