"""Few samples, stopped early and denoised, against many: what a saving may cost the picture."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_scripts.capture import build_scene
from blender_scripts.picture import least_samples, render_light
from cuffs.develop import develop, metered_gain
from cuffs.records import DevelopSpec
from tests.blender_scripts.scenes import scene

pytestmark = pytest.mark.bpy


@given(st.integers(1, 65536))
def test_no_pixel_is_asked_for_more_samples_than_there_are(samples):
    assert 1 <= least_samples(samples) <= samples


def _light(spec, session, assets, **render):
    """Of the spec's picture, rendered by other settings."""
    build_scene(replace(spec, render=replace(spec.render, **render)), session, assets)
    with tempfile.TemporaryDirectory(prefix="cuffs-test-") as folder:
        return render_light(Path(folder))


def _psnr_db(one, other, gain):
    """Of two pictures as a viewer shows them; the exposure is the same for both."""
    first, second = (
        develop(light.light, DevelopSpec(metering="people"), gain=gain) ** (1 / 2.2) for light in (one, other)
    )
    return float(-10 * np.log10(((first - second) ** 2).mean()))


def test_a_denoised_picture_is_what_many_samples_show_and_closer_to_it_than_a_noisy_one(session, assets):
    spec = scene(3, size=(64, 64))
    reference = _light(spec, session, assets, samples=512, adaptive_threshold=0.0, denoise=False, seed=1)
    gain = metered_gain(reference.light, reference.albedo, np.ones((64, 64), bool))
    cheap = _light(spec, session, assets, samples=64, adaptive_threshold=0.02, denoise=True)
    noisy = _light(spec, session, assets, samples=4, adaptive_threshold=0.0, denoise=False)
    assert _psnr_db(cheap, reference, gain) >= 35.0
    assert _psnr_db(noisy, reference, gain) < _psnr_db(cheap, reference, gain)
