"""What the viewer shows of samples, without a browser."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuffs.body import load_body_model
from cuffs.errors import RecordError
from cuffs.view import load_shown, open_viewer, rank_samples
from cuffs.view.shown import HEAT, heat_colours
from tests.cuffs.audit.scenes import BODY, write_dataset


@pytest.fixture(scope="module")
def folder(body, clean, tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("view") / "data", clean[:6], body)


def test_the_largest_residual_comes_first_and_nothing_is_left_out(folder, clean):
    told = []
    ranked = rank_samples(folder, told.append)
    assert sum(told) == len(ranked) == 6
    assert {one.ref.entry.key for one in ranked} == {made.sample.key for made in clean[:6]}
    worst = [one.worst_mm for one in ranked]
    assert worst == sorted(worst, reverse=True)


def test_distances_are_those_of_the_target_and_their_mean_is_the_annotations(folder):
    model = load_body_model(folder / BODY)
    for one in rank_samples(folder):
        shown = load_shown(one.ref, model)
        assert shown.picture.shape[:2] == (shown.sample.image.height, shown.sample.image.width)
        for person, record in zip(shown.people, shown.sample.people, strict=True):
            apart = 1000 * np.linalg.norm(person.label_cam - person.target_cam, axis=-1)
            np.testing.assert_allclose(person.distance_mm, apart)
            assert record.fit_mm.all.max >= apart.max() - 0.2  # targets are kept to 0.1 mm, eyeballs aside
            assert np.isfinite(person.joints_cam).all()


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20), st.floats(0.5, 20))
def test_colours_run_from_blue_to_red_and_stay_there(distances, most_mm):
    colours = heat_colours(np.array([*distances, 0.0, most_mm, 2 * most_mm]), most_mm)
    assert (colours[-3] == HEAT[0]).all()
    assert (colours[-2:] == HEAT[-1]).all()


def test_a_dataset_without_samples_says_so(body):
    with pytest.raises(RecordError, match="no samples"):
        open_viewer([], body, host="127.0.0.1", port=0, name="empty")
