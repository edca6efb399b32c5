"""From light to a picture, and whether the picture is one that can be learned from."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cuffs.develop import GREY, develop, metered_gain
from cuffs.exposure import ExposureLimits, exposure_of
from cuffs.records import DevelopSpec
from tests.cuffs.strategies import rngs

PLAIN = DevelopSpec(metering="people")
SIZE = (24, 32)


def lit_scene(rng, *, light=1.0):
    """Surfaces of random colour, evenly lit; the left half is somebody."""
    albedo = rng.uniform(0.03, 0.8, (*SIZE, 3))
    is_person = np.zeros(SIZE, bool)
    is_person[:, :16] = True
    return light * albedo, albedo, is_person


@given(rngs, st.floats(0.001, 1000.0))
@settings(max_examples=50, deadline=None)
def test_the_meter_makes_a_picture_the_same_however_bright_the_light_is(rng, factor):
    light, albedo, is_person = lit_scene(rng)
    gains = [metered_gain(light * scale, albedo, is_person) for scale in (1.0, factor)]
    assert np.isclose(gains[0], gains[1] * factor, rtol=1e-6)


@given(rngs)
@settings(max_examples=30, deadline=None)
def test_dark_skin_stays_darker_than_light_skin_in_the_same_light(rng):
    """The meter looks at light, not at what sends it back."""
    albedo = np.full((*SIZE, 3), 0.4)
    is_person = np.ones(SIZE, bool)
    shown = []
    for skin in (0.05, 0.5):
        albedo[:, :20] = skin
        light = albedo * rng.uniform(0.5, 2.0)
        shown.append(develop(light, PLAIN, gain=metered_gain(light, albedo, is_person))[:, :20].mean())
    assert shown[0] < 0.25 * shown[1]


def test_where_nothing_is_lit_the_gain_is_one():
    dark = np.zeros((*SIZE, 3))
    assert metered_gain(dark, dark + 0.5, np.ones(SIZE, bool)) == 1.0


@given(rngs)
@settings(max_examples=30, deadline=None)
def test_a_picture_lies_within_zero_and_one_and_repeats_itself(rng):
    spec = DevelopSpec(
        metering="fixed",
        exposure_ev=float(rng.uniform(-3, 3)),
        white_balance=(float(rng.uniform(0.7, 1.4)), 1.0, float(rng.uniform(0.7, 1.4))),
        vignetting=float(rng.uniform(0, 0.6)),
        shot_noise=float(rng.uniform(0, 0.3)),
        read_noise=float(rng.uniform(0, 0.1)),
        contrast=float(rng.uniform(0.7, 1.4)),
        saturation=float(rng.uniform(0, 1.5)),
        sharpening=float(rng.uniform(0, 1)),
        seed=int(rng.integers(2**31)),
    )
    light = rng.uniform(0, 4, (*SIZE, 3))
    picture = develop(light, spec, gain=1.0)
    assert picture.min() >= 0
    assert picture.max() <= 1
    assert (picture == develop(light, spec, gain=1.0)).all()


def test_mid_grey_stays_and_a_stop_doubles_light():
    grey = np.full((*SIZE, 3), GREY)
    assert np.allclose(develop(grey, replace(PLAIN, contrast=1.3, saturation=0.4), gain=1.0), GREY)
    assert np.allclose(develop(grey, replace(PLAIN, exposure_ev=1.0), gain=1.0), 2 * GREY)
    assert np.allclose(develop(grey / 4, PLAIN, gain=4.0), GREY)


def test_noise_has_the_deviation_that_was_asked_for():
    spec = replace(PLAIN, shot_noise=0.04, read_noise=0.01, seed=5)
    for level in (0.0625, 0.25):
        noise = develop(np.full((200, 200, 3), level), spec, gain=1.0) - level
        assert np.isclose(noise.std(), np.sqrt(0.04**2 * level + 0.01**2), rtol=0.03)
        assert abs(noise.mean()) < 1e-3


def test_corners_lose_the_share_that_was_asked_for():
    picture = develop(np.full((101, 101, 3), 0.5), replace(PLAIN, vignetting=0.4), gain=1.0)
    assert np.isclose(picture[50, 50, 0], 0.5, atol=1e-3)
    assert np.isclose(picture[0, 0, 0], 0.3, atol=0.01)


def test_burnt_and_black_frames_are_named_and_good_ones_are_not():
    limits = ExposureLimits()
    rng = np.random.default_rng(0)
    good = rng.integers(40, 200, (60, 60, 3)).astype(np.uint8)
    person = np.zeros((60, 60), bool)
    person[20:50, 20:40] = True

    def causes(picture, *, low_light=False):
        return exposure_of(picture.astype(np.uint8), person).causes(limits, low_light=low_light)

    assert causes(good) == ()
    assert causes(np.full_like(good, 255)) == ("burnt_frame", "burnt_people")
    assert causes(np.zeros_like(good)) == ("black_frame", "black_people")
    burnt_person = np.where(person[..., None], 255, good)
    assert causes(burnt_person) == ("burnt_people",)
    black_person = np.where(person[..., None], 2, good)
    assert causes(black_person) == ("black_people",)
    window = good.copy()
    window[:10] = 255
    assert causes(window) == ()
    night = (good * 0.15).astype(np.uint8)
    assert "black_frame" in causes(night)
    assert causes(night, low_light=True) == ()
    assert "black_frame" in causes(np.zeros_like(good), low_light=True)


def test_without_people_only_the_frame_is_judged():
    exposure = exposure_of(np.full((8, 8, 3), 120, np.uint8))
    assert exposure.people_median is None
    assert exposure.causes(ExposureLimits(), low_light=False) == ()
