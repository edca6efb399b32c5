"""Skins of all tones, each where Lab says it is; zones that lie where bodies have them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cuffs.character.complexion import sample_skin
from cuffs.character.open_identity import IdentityConfig, sample_phenotype
from cuffs.character.skin_zones import growth, skin_zones
from cuffs.character.tones import MONK_HEX, SHARES, lab_of, monk_lab, monk_tone, rgb_of, sample_tone
from cuffs.skeleton import INDEX
from tests.cuffs.open_people import identity, topology


@given(arrays(np.float64, (4, 3), elements=st.floats(0.001, 1)))
def test_lab_and_back_is_the_same_colour(rgb):
    assert np.allclose(rgb_of(lab_of(rgb)), rgb, atol=1e-9)


def test_white_and_black_are_at_the_ends_of_lightness():
    assert np.allclose(lab_of(np.ones(3)), [100, 0, 0], atol=0.02)
    assert np.allclose(lab_of(np.zeros(3)), [0, 0, 0], atol=1e-9)


def test_each_of_the_scales_own_colours_is_its_own_tone():
    for number, lab in enumerate(monk_lab(), start=1):
        red, green, blue = rgb_of(lab).tolist()
        assert monk_tone((red, green, blue)) == number


def test_every_tone_has_five_to_fifteen_per_cent_of_people():
    config = IdentityConfig()
    tones = []
    for number in range(2000):
        rng = np.random.default_rng(number)
        person = sample_phenotype(config, rng)
        ancestry = {name: getattr(person, name) for name in ("african", "asian", "caucasian")}
        tones.append(monk_tone(sample_tone(ancestry, rng)))
    shares = np.bincount(tones, minlength=len(MONK_HEX) + 1)[1:] / len(tones)
    assert shares.min() > 0.05 and shares.max() < 0.15
    assert np.abs(shares - SHARES).max() < 0.03


def test_darker_ancestry_has_darker_skin_on_average():
    light, dark = (
        np.mean([lab_of(np.array(sample_tone(ancestry, np.random.default_rng(seed))))[0] for seed in range(60)])
        for ancestry in (
            {"african": 0.0, "asian": 0.1, "caucasian": 0.9},
            {"african": 0.9, "asian": 0.1, "caucasian": 0.0},
        )
    )
    assert light - dark > 35


def test_a_skin_is_a_function_of_its_seed():
    skins = [sample_skin(identity(0), np.random.default_rng(7)) for _ in range(2)]
    assert skins[0] == skins[1]
    assert all(0 < amount <= 1 for amount in skins[0].amounts.values())


def test_palms_are_pale_and_backs_of_hands_are_not():
    person = identity(0)
    zones = skin_zones(topology(), person)
    verts = person.rest[topology().body_vertices].astype(float)
    wrist = topology().joint_bone[INDEX["left_wrist"]]
    knuckle = person.bone_heads[topology().joint_bone[INDEX["left_middle1"]]]
    near = np.linalg.norm(verts - (person.bone_heads[wrist] + knuckle) / 2, axis=1) < 0.035
    inward = -person.rest_rotations[INDEX["left_wrist"]][:, 1]
    side = (verts - (person.bone_heads[wrist] + knuckle) / 2) @ inward
    assert zones[near & (side > 0.008), 1].mean() > 0.7
    assert zones[near & (side < -0.008), 1].mean() < 0.1


def test_noses_are_redder_than_foreheads_and_only_heads_are_faces():
    person = identity(0)
    zones = skin_zones(topology(), person)
    verts = person.rest[topology().body_vertices]
    eyes = person.bone_heads[topology().joint_bone[INDEX["left_eye"]]] * [0, 1, 1]
    near = (np.abs(verts[:, 2] - eyes[2]) < 0.06) & (np.abs(verts[:, 0]) < 0.02)
    nose = near & (verts[:, 1] < verts[near, 1].min() + 0.004)
    forehead = (np.abs(verts[:, 2] - eyes[2] - 0.06) < 0.01) & (verts[:, 1] < eyes[1])
    assert zones[nose, 0].mean() > zones[forehead, 0].mean() + 0.3
    assert zones[verts[:, 2] < 1.0, 2].max() == 0


def test_hair_shows_on_skin_only_where_it_is_worn():
    bare, bearded = growth(topology(), []), growth(topology(), [topology().part("goatee"), topology().part("crop")])
    assert bare[:, :2].max() == 0 < bare[:, 2].max()
    assert bearded[:, 0].max() == 1 and bearded[:, 1].max() == 1
