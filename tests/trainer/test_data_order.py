"""Order: sample n of epoch e depends on nothing but seed, e and n, and nothing is seen twice too early."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuffs.errors import ConfigError
from trainer.data.batches import StepPlaces
from trainer.data.order import epoch_counts, epoch_order

SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=4)
SEED = st.integers(0, 2**31)


@given(SIZES, SEED, st.integers(0, 5))
def test_an_epoch_by_size_shows_every_sample_once(sizes, seed, epoch):
    dataset, sample = epoch_order(seed, epoch, sizes=sizes, counts=sizes)
    seen = Counter(zip(dataset.tolist(), sample.tolist(), strict=True))
    assert seen == Counter((number, place) for number, size in enumerate(sizes) for place in range(size))


@given(SIZES, SEED, st.data())
def test_a_dataset_is_gone_through_whole_before_it_starts_again(sizes, seed, data):
    counts = [data.draw(st.integers(0, 20)) for _ in sizes]
    seen = [Counter() for _ in sizes]
    for epoch in range(4):
        dataset, sample = epoch_order(seed, epoch, sizes=sizes, counts=counts)
        assert np.bincount(dataset, minlength=len(sizes)).tolist() == counts
        for number, place in zip(dataset.tolist(), sample.tolist(), strict=True):
            seen[number][place] += 1
        for number, size in enumerate(sizes):
            times = [seen[number][place] for place in range(size)]
            assert max(times) - min(times) <= 1, "no sample comes again before all others came"


@given(SIZES, SEED)
def test_an_epoch_can_be_made_alone_and_differs_from_the_next(sizes, seed):
    first, again, following = (epoch_order(seed, epoch, sizes=sizes, counts=sizes) for epoch in (7, 7, 8))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    if sum(sizes) > 30:
        assert not np.array_equal(first[1], following[1])


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=5), st.integers(1, 1000))
def test_counts_follow_the_weights_to_within_one(weights, size):
    names = [f"d{number}" for number in range(len(weights))]
    counts = epoch_counts(dict.fromkeys(names, 50), dict(zip(names, weights, strict=True)), size)
    assert sum(counts) == size
    assert np.abs(np.array(counts) - size * np.array(weights) / sum(weights)).max() < 1 + 1e-6


def test_without_weights_an_epoch_is_all_there_is():
    assert epoch_counts({"a": 3, "b": 40}, {}, None) == (3, 40)


@pytest.mark.parametrize(
    ("sizes", "weights", "told"),
    [
        ({"a": 3}, {"b": 1.0}, r"\['b'\].*\['a'\]"),
        ({"a": 3, "b": 2}, {"a": 1.0}, "each just one weight"),
        ({"a": 3, "b": 0}, {"a": 1.0, "b": 1.0}, "no samples to train on in b"),
        ({"a": 0}, {}, "no samples to train on in a"),
    ],
)
def test_weights_that_fit_no_data_are_refused(sizes, weights, told):
    with pytest.raises(ConfigError, match=told):
        epoch_counts(sizes, weights, None)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 20), st.integers(0, 20))
def test_ranks_share_what_one_process_would_read(world_size, batch_size, steps, first):
    def places(rank, world_size, batch_size, first=0):
        return StepPlaces(first=first, steps=steps, batch_size=batch_size, rank=rank, world_size=world_size)

    alone = [list(run) for run in places(0, 1, batch_size * world_size)]
    together = [list(places(rank, world_size, batch_size)) for rank in range(world_size)]
    assert alone == [[place for rank in together for place in rank[step]] for step in range(steps)]
    assert list(places(0, world_size, batch_size, first)) == list(places(0, world_size, batch_size))[first:]
