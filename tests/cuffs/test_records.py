"""Records round-trip through their file form, and refuse what can't be."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.codec import decode, encode
from cuffs.errors import ConfigError, RecordError
from cuffs.records import CameraSpec, PoseSample, SceneSpec
from tests.cuffs import strategies


def round_trip(record):
    text = json.dumps(encode(record))
    again = decode(type(record), json.loads(text), where="test")
    return text, json.dumps(encode(again))


@given(strategies.rngs)
@settings(max_examples=30, deadline=None)
def test_poses_round_trip_to_the_last_bit(rng):
    before, after = round_trip(strategies.random_pose(rng))
    assert before == after


@given(strategies.rngs)
@settings(max_examples=30, deadline=None)
def test_scenes_round_trip_to_the_last_bit(rng):
    before, after = round_trip(strategies.random_scene(rng))
    assert before == after


@given(strategies.rngs, st.data())
@settings(max_examples=60, deadline=None)
def test_a_misspelt_key_is_refused_with_the_right_one(rng, data):
    plain = encode(strategies.random_scene(rng))
    key = data.draw(st.sampled_from(sorted(plain)))
    plain[key + "x"] = plain.pop(key)
    with pytest.raises(RecordError, match=f"no such key '{key}x'. Did you mean '{key}'"):
        decode(SceneSpec, plain, where="spec.json")


@given(strategies.rngs, st.sampled_from(["key", "people", "camera", "render"]))
@settings(max_examples=20, deadline=None)
def test_a_missing_key_is_named(rng, key):
    plain = encode(strategies.random_scene(rng))
    del plain[key]
    with pytest.raises(RecordError, match=f"spec.json: the key '{key}' is missing"):
        decode(SceneSpec, plain, where="spec.json")


@given(strategies.rngs, st.sampled_from([float("nan"), float("inf")]), st.integers(0, 164))
@settings(max_examples=20, deadline=None)
def test_numbers_that_are_not_finite_never_enter_a_pose(rng, bad, place):
    pose = strategies.random_pose(rng)
    values = pose.pose.copy()
    values.flat[place] = bad
    with pytest.raises(RecordError, match="not finite"):
        PoseSample(pose=values, origin=pose.origin)


@given(strategies.rngs)
@settings(max_examples=10, deadline=None)
def test_another_version_is_refused_and_both_are_named(rng):
    plain = encode(strategies.random_scene(rng)) | {"schema": "cuffs-scene/99"}
    with pytest.raises(RecordError, match="cuffs-scene/99.*cuffs-scene/2"):
        decode(SceneSpec, plain, where="spec.json")


@pytest.mark.parametrize("key", ["", "a.b", "A", "a/b", "x" * 65, "é"])
def test_keys_that_tars_would_split_or_cut_are_refused(key):
    from cuffs.records.checks import require_key

    with pytest.raises(RecordError, match="1 to 64"):
        require_key(key)


@given(strategies.rngs)
@settings(max_examples=20, deadline=None)
def test_a_camera_that_scales_or_mirrors_is_refused(rng):
    K = np.array([[500.0, 0, 200], [0, 500, 200], [0, 0, 1]])
    for broken in (np.diag([1.0, 1, -1, 1]), np.diag([1.1, 1.1, 1.1, 1]), rng.normal(size=(4, 4))):
        with pytest.raises(RecordError, match="not a rigid transform"):
            CameraSpec(K=K, T_world_cam=broken)


@pytest.mark.parametrize(
    ("value", "message"),
    [("abc", "a number"), ([1, 2], "a number"), (True, "a number"), (None, "a number"), (float("nan"), "finite")],
)
def test_a_value_of_another_kind_is_refused_with_its_place(value, message):
    from cuffs.records import RenderSpec

    with pytest.raises(ConfigError, match=rf"r.yaml.render.exposure_ev.*{message}"):
        decode(RenderSpec, {"samples": 1, "exposure_ev": value}, where="r.yaml.render", error=ConfigError)
