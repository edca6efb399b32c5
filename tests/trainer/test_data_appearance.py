"""Appearance: seeded, within its ranges, and nothing at all where nothing is wanted."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cuffs.errors import ConfigError
from trainer.data.appearance import draw_appearance
from trainer.data.config import PLAIN, AppearanceConfig, ColourConfig, DataConfig, FramingConfig

NOTHING = PLAIN.appearance


def picture(seed=0):
    low = np.random.default_rng(seed).integers(40, 210, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(low).resize((112, 112), Image.Resampling.BICUBIC)


def change(config, seed=0, image=None):
    return np.asarray(draw_appearance(config, image or picture(), np.random.default_rng(seed)))


EACH = {
    "colour": replace(NOTHING, colour=ColourConfig(probability=1.0)),
    "blur": replace(NOTHING, blur_probability=1.0, blur_sigma=(2.0, 4.0)),
    "noise": replace(NOTHING, noise_probability=1.0),
    "jpeg": replace(NOTHING, jpeg_probability=1.0),
    "cutout": replace(NOTHING, cutout_probability=1.0),
}


def test_nothing_wanted_nothing_changed():
    assert np.array_equal(change(NOTHING), np.asarray(picture()))


@pytest.mark.parametrize("name", EACH)
def test_each_change_is_seeded_and_changes_something(name):
    once, again, other = change(EACH[name]), change(EACH[name]), change(EACH[name], seed=1)
    assert once.shape == (112, 112, 3)
    assert once.dtype == np.uint8
    assert np.array_equal(once, again)
    assert not np.array_equal(once, np.asarray(picture()))
    assert not np.array_equal(once, other)


def test_switching_one_change_on_leaves_the_others_draws_alone():
    """Colour and noise together are noise on what colour alone made."""
    both = replace(EACH["noise"], colour=EACH["colour"].colour)
    coloured = change(EACH["colour"]).astype(int)
    noise = change(EACH["noise"]).astype(int) - np.asarray(picture())
    inner = (coloured > 60) & (coloured < 190)
    assert np.abs(change(both).astype(int) - coloured - noise)[inner].max() <= 1


def test_blur_takes_detail_and_keeps_the_mean():
    sharp = np.asarray(Image.fromarray(np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)))
    soft = change(EACH["blur"], image=Image.fromarray(sharp))
    assert soft.std() < 0.8 * sharp.std()
    assert abs(soft.mean() - sharp.mean()) < 1.5


def test_noise_has_the_level_that_is_asked_for():
    config = replace(NOTHING, noise_probability=1.0, noise_level=(0.04, 0.04))
    grey = Image.new("RGB", (112, 112), (128, 128, 128))
    noise = change(config, image=grey).astype(float) - 128
    assert abs(noise.std() - 0.04 * 255) < 0.2
    assert abs(noise.mean()) < 0.2


def test_cut_outs_have_the_size_that_is_asked_for():
    config = replace(NOTHING, cutout_probability=1.0, cutout_count=(1, 1), cutout_side=(0.2, 0.2))
    grey = Image.new("RGB", (200, 200), (7, 7, 7))
    for seed in range(20):
        hidden = (change(config, seed, grey) != 7).any(-1)
        rows, columns = np.flatnonzero(hidden.any(1)), np.flatnonzero(hidden.any(0))
        assert 19 <= len(rows) <= 42
        assert 19 <= len(columns) <= 42
        assert hidden.sum() == len(rows) * len(columns), "one whole rectangle"


def test_colour_without_strength_is_no_change():
    still = ColourConfig(probability=1.0, brightness=0, contrast=0, saturation=0, gamma=0, white_balance=0)
    assert np.abs(change(replace(NOTHING, colour=still)).astype(int) - np.asarray(picture())).max() <= 1


def test_grey_stays_grey_without_white_balance():
    colour = ColourConfig(probability=1.0, saturation=1.0, white_balance=0.0)
    made = change(replace(NOTHING, colour=colour), image=Image.new("RGB", (8, 8), (90, 90, 90)))
    assert np.ptp(made.astype(int), axis=-1).max() <= 1


@pytest.mark.parametrize(
    ("cls", "values", "told"),
    [
        (AppearanceConfig, {"blur_probability": 1.5}, "blur_probability is 1.5"),
        (AppearanceConfig, {"jpeg_quality": (90, 30)}, "swap"),
        (AppearanceConfig, {"noise_level": (0.0, 3.0)}, "noise_level"),
        (FramingConfig, {"scale": (0.0, 1.0)}, "scale"),
        (ColourConfig, {"contrast": -0.1}, "contrast"),
        (DataConfig, {"workers": -1}, "workers"),
        (DataConfig, {"weights": {"a": -1.0}}, "weights"),
    ],
)
def test_impossible_settings_are_refused(cls, values, told):
    with pytest.raises(ConfigError, match=told):
        cls(**values)
