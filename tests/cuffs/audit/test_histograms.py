"""Histograms in flat memory against numpy on all values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuffs.audit.histograms import Distances, Histogram, Quantity

LEVELS = (5, 50, 95)


@given(st.lists(st.floats(0, 9.9), min_size=1, max_size=60))
def test_quantiles_lie_within_a_bin_of_those_of_all_values(values):
    histogram = Histogram.empty(Quantity(title="x", unit="m", low=0, high=10, bins=100))
    for value in values:
        histogram.add(value)
    figures = histogram.figures()
    exact = np.percentile(values, LEVELS, method="inverted_cdf")
    np.testing.assert_allclose(figures["p5_p50_p95"], exact, atol=0.1001)
    assert figures["mean"] == pytest.approx(np.mean(values), abs=1e-4)
    assert sum(figures["counts"]) == figures["count"] == len(values)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40))
def test_quantiles_of_whole_numbers_are_whole(values):
    histogram = Histogram.empty(Quantity(title="x", unit="", low=-0.5, high=8.5, bins=9, whole=True))
    for value in values:
        histogram.add(value)
    assert histogram.figures()["p5_p50_p95"] == np.percentile(values, LEVELS, method="inverted_cdf").tolist()


def test_nothing_has_no_quantiles():
    figures = Histogram.empty(Quantity(title="x", unit="", low=0, high=1)).figures()
    assert figures["p5_p50_p95"] is None and figures["mean"] is None


@given(st.lists(st.floats(0, 399), min_size=1, max_size=200), st.integers(0, 200))
def test_distances_merge_to_those_of_all_values(values, cut):
    parts = Distances(), Distances()
    for part, some in zip(parts, (values[:cut], values[cut:]), strict=True):
        part.add(np.array(some, float))
    parts[0].merge(parts[1])
    stats = parts[0].stats()
    assert stats["count"] == len(values)
    assert stats["mean"] == pytest.approx(np.mean(values), abs=1e-3)
    assert stats["max"] == pytest.approx(max(values), abs=1e-3)
    for name, level in (("p95", 95), ("p99", 99)):
        assert stats[name] == pytest.approx(np.percentile(values, level, method="inverted_cdf"), abs=0.0201)
