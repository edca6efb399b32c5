"""How varied a dataset is, and its card."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.records import MaterialSpec
from cuffs.report.diversity import diversity, material_name, place_hash, skin_tones, variety
from tests.cuffs.strategies import random_scene, rngs


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200))
@settings(deadline=None)
def test_the_effective_number_lies_between_one_and_the_number_of_kinds(kinds):
    found = variety(kinds)
    assert found.total == len(kinds)
    assert found.distinct == len(set(kinds))
    assert 1 - 1e-9 <= found.effective <= found.distinct + 5e-4
    assert found.effective == variety([*kinds, *kinds]).effective  # only shares matter


@given(st.integers(1, 40), st.integers(1, 5))
def test_equally_frequent_kinds_count_fully_and_a_rare_one_hardly(number, times):
    assert variety([*range(number)] * times).effective == pytest.approx(number, abs=1e-3)
    assert variety([0] * 999 + [1]).effective < 1.01


def test_of_nothing_there_is_no_variety():
    assert variety([]).effective == 0.0


@given(rngs)
@settings(max_examples=20, deadline=None)
def test_scenes_drawn_twice_double_the_totals_and_change_nothing_else(rng):
    scenes = [random_scene(rng) for _ in range(3)]
    once, twice = diversity(scenes), diversity(scenes * 2)
    for name, figures in once.items():
        assert twice[name].total == 2 * figures.total
        assert (twice[name].distinct, twice[name].effective) == (figures.distinct, figures.effective)


@given(rngs)
@settings(max_examples=20, deadline=None)
def test_every_identity_counts_once_among_the_tones(rng):
    scenes = [random_scene(rng) for _ in range(2)]
    shares = skin_tones(scenes)
    assert sum(shares.values()) == pytest.approx(1.0, abs=0.01)
    assert skin_tones(scenes * 3) == shares


@given(rngs)
@settings(max_examples=20, deadline=None)
def test_places_differ_where_anything_differs(rng):
    place = random_scene(rng).place
    assert place_hash(place) == place_hash(dataclasses.replace(place))
    turned = dataclasses.replace(place, rotation_deg=place.rotation_deg + 1.0)
    assert place_hash(turned) != place_hash(place)


def test_a_slightly_other_shade_is_the_same_material_and_another_colour_is_not():
    red = MaterialSpec(kind="fabric", colour=(0.5, 0.02, 0.02))
    assert material_name(red) == material_name(dataclasses.replace(red, colour=(0.51, 0.021, 0.02)))
    assert material_name(red) != material_name(dataclasses.replace(red, colour=(0.02, 0.02, 0.5)))
    assert material_name(red) != material_name(dataclasses.replace(red, pattern="stripes", second_colour=(0, 0, 0)))
    assert np.char.startswith(material_name(red), "fabric plain")
