"""Filters, restrictions, thinning and weights: what is drawn is what the recipe asked for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.errors import ConfigError
from cuffs.records import PoseOrigin, PoseSample
from pose_sources import poses_config
from pose_sources.features import sample_features
from pose_sources.selection import SelectConfig, select
from pose_sources.selection.thin import cluster, far_apart
from pose_sources.source import IndexedPoseSource


class Listed:
    """A source of given poses, that counts how often it is read."""

    name, licence = "listed", "CC0"

    def __init__(self, samples):
        self.samples, self.reads = samples, 0

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, number):
        self.reads += 1
        return self.samples[number]

    def draw(self, rng):
        return self[int(rng.integers(len(self)))]


def origin(number, **change):
    return PoseOrigin(dataset="listed", file="a/x.npz", row=0, frame=number, fps=30.0, licence="CC0", **change)


@pytest.fixture(scope="module")
def listed(made_up):
    """The made-up poses, as frames of recordings in three files."""
    samples = []
    for number, sample in enumerate(made_up):
        place = replace(origin(number, action=sample.origin.action), file=f"{'abc'[number % 3]}/{number % 3}.npz")
        samples.append(replace(sample, origin=place))
    return samples


def chosen(source, config, anatomy, **options):
    return select(source, config, anatomy, where="select", **options)


def everything(selected):
    return [selected[number] for number in range(len(selected))]


def test_a_listed_source_has_an_index(listed):
    assert isinstance(Listed(listed), IndexedPoseSource)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 2.0))
@settings(max_examples=40, deadline=None)
def test_thinning_leaves_no_two_near_and_nobody_without_a_neighbour(seed, apart):
    points = np.random.default_rng(seed).normal(size=(200, 3))
    kept = far_apart(points, apart)
    distances = np.linalg.norm(points[:, None] - points[None, kept], axis=-1)
    assert distances.min(1).max() < apart + 1e-4  # everybody has a kept one that near
    among = distances[kept] + 10 * np.eye(kept.sum())
    assert among.min() >= apart - 1e-4
    assert kept[0]


def test_thinning_in_blocks_is_thinning(monkeypatch):
    points = np.random.default_rng(0).normal(size=(900, 4))
    whole = far_apart(points, 0.8)
    monkeypatch.setattr("pose_sources.selection.thin.BLOCK", 64)
    monkeypatch.setattr("pose_sources.selection.thin.KEPT_BLOCK", 50)
    assert np.array_equal(far_apart(points, 0.8), whole)


def test_clusters_find_groups_that_are_there():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 400)
    points = 10 * np.eye(4)[truth] + 0.1 * rng.normal(size=(400, 4))
    found = cluster(points, 4, np.random.default_rng(1))
    pairs = set(zip(truth.tolist(), found.tolist(), strict=True))
    assert len(pairs) == 4
    assert np.array_equal(cluster(points, 4, np.random.default_rng(1)), found)


def test_every_cluster_is_equally_likely_however_large(anatomy, listed):
    many = [listed[0]] * 30 + [listed[1]] * 3 + [listed[2]] * 7
    even = chosen(Listed(many), SelectConfig(clusters=3), anatomy)
    groups = np.repeat([0, 1, 2], [30, 3, 7])
    assert np.allclose(np.bincount(groups, even.shares), 1 / 3)
    flat = chosen(Listed(many), SelectConfig(clusters=3, even=0.0), anatomy)
    assert np.allclose(flat.shares, 1 / 40)
    half = chosen(Listed(many), SelectConfig(clusters=3, even=0.5), anatomy)
    assert np.allclose(np.bincount(groups, half.shares) / np.sqrt([30, 3, 7]), half.shares[0] * np.sqrt(30))


def test_a_preference_is_as_strong_as_it_says(anatomy, listed):
    selected = chosen(Listed(listed), SelectConfig(toward={"hands_open": 2.0, "knee_deg": -0.01}), anatomy)
    found = sample_features(anatomy, listed)
    expected = np.exp(2 * found["hands_open"] - 0.01 * found["knee_deg"])
    assert np.allclose(selected.shares, expected / expected.sum(), rtol=1e-3)


def test_draws_follow_the_shares_and_the_stream(anatomy, listed):
    selected = chosen(Listed(listed), SelectConfig(toward={"hands_open": 4.0}), anatomy)
    rng = np.random.default_rng(0)
    frames = [selected.draw(rng).origin.frame for _ in range(4000)]
    counts = np.bincount(frames, minlength=len(listed)) / 4000
    assert np.abs(counts - selected.shares).max() < 0.03
    again = np.random.default_rng(0)
    assert [selected.draw(again).origin.frame for _ in range(50)] == frames[:50]


def test_conditions_hold_for_all_that_is_left_and_for_nothing_else(anatomy, listed):
    selected = chosen(Listed(listed), SelectConfig(where="not standing and hands_open > 0.3"), anatomy)
    found = sample_features(anatomy, listed)
    expected = {n for n in range(len(listed)) if not found["standing"][n] and found["hands_open"][n] > 0.3}
    assert {sample.origin.frame for sample in everything(selected)} == expected
    assert 0 < len(expected) < len(listed)


@pytest.mark.parametrize(
    ("config", "keeps"),
    [
        ({"files": ("a/*",)}, lambda s: s.origin.file == "a/0.npz"),
        ({"files": ("a/*", "B/*")}, lambda s: s.origin.file != "c/2.npz"),
        ({"not_files": ("*/0.npz",)}, lambda s: s.origin.file != "a/0.npz"),
        ({"actions": ("*STAND*",)}, lambda s: "stand" in s.origin.action),
        ({"not_actions": ("*stand*",)}, lambda s: "stand" not in s.origin.action),
        ({"datasets": ("listed",)}, lambda _: True),
        ({"stride": 7}, lambda s: s.origin.frame % 7 == 0),
    ],
)
def test_filters_keep_what_they_name(anatomy, listed, config, keeps):
    selected = chosen(Listed(listed), SelectConfig(**config), anatomy)
    expected = [s.origin.frame for s in listed if keeps(s)]
    assert [s.origin.frame for s in everything(selected)] == expected


def test_frames_in_which_nothing_moves_are_left_out(anatomy, listed):
    frames = [listed[0]] * 3 + [listed[3]] * 2
    samples = [PoseSample(pose=s.pose, origin=origin(n)) for n, s in enumerate(frames)]
    selected = chosen(Listed(samples), SelectConfig(skip_frozen=True), anatomy)
    assert [s.origin.frame for s in everything(selected)] == [0, 3]


def test_a_pool_is_a_fixed_part(anatomy, listed):
    pools = [chosen(Listed(listed), SelectConfig(pool=10), anatomy) for _ in range(2)]
    numbers = [[s.origin.frame for s in everything(pool)] for pool in pools]
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == 10
    assert numbers[0] == sorted(numbers[0])


def test_nothing_left_names_the_step(anatomy, listed):
    config = SelectConfig(files=("a/*",), where="pelvis_height > 9")
    with pytest.raises(ConfigError, match=r"select.where leaves no pose of listed; .*files 14, where 0"):
        chosen(Listed(listed), config, anatomy)


def test_what_was_found_is_kept_until_the_source_changes(anatomy, listed, tmp_path):
    path = tmp_path / "deep" / "table.npz"
    config = SelectConfig(toward={"hands_open": 1.0})
    first, second, other = Listed(listed), Listed(listed), Listed(listed[::-1])
    shares = chosen(first, config, anatomy, table_path=path).shares
    assert first.reads == len(listed)
    assert np.array_equal(chosen(second, config, anatomy, table_path=path).shares, shares)
    assert second.reads < 6  # a few are read, to see that they are still the same
    assert np.allclose(chosen(other, config, anatomy, table_path=path).shares, shares[::-1])
    path.write_bytes(path.read_bytes()[:500])
    assert np.allclose(chosen(other, config, anatomy, table_path=path).shares, shares[::-1])


def test_poses_without_numbers_can_not_be_selected(anatomy):
    class Unnumbered:
        name, licence = "streamed", "CC0"

        def draw(self, rng):
            raise AssertionError(rng)

    with pytest.raises(ConfigError, match="streamed have no numbers"):
        chosen(Unnumbered(), SelectConfig(), anatomy)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"stride": 0}, "must be 1 or more"),
        ({"apart_mm": 0.0}, "above 0"),
        ({"toward": {"hand_open": 1.0}}, "Did you mean"),
        ({"toward": {"hands_open": 100.0}}, "between -50 and 50"),
        ({"where": "a.b"}, "isn't part of the language"),
        ({"even": 2.0}, "between 0 and 1"),
        ({"of": "feet"}, "of"),
    ],
)
def test_a_wrong_selection_says_what_is_wrong(data, says):
    source = {"source": {"kind": "procedural"}, "select": data}
    with pytest.raises(ConfigError, match=says):
        poses_config({"kind": "mixture", "bodies": [source]}, where="recipe")
