"""Who is drawn, and which bone follows which joint."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuffs.codec import decode, encode
from cuffs.config import build
from cuffs.errors import ConfigError, RecordError
from cuffs.humgen3d.bones import NEEDED, bone_of_joint, joint_bones, joint_of_bone
from cuffs.humgen3d.config import HumGenConfig
from cuffs.humgen3d.content import SEXES, Content
from cuffs.humgen3d.records import HumanSpec, require_inside
from cuffs.humgen3d.sampling import sample_expression, sample_human, sample_look
from cuffs.skeleton import JOINTS
from tests.humgen_double.bones import all_bones


def listed(name, count=3):
    return {
        sex: tuple(f"{name.format(sex)}/{kind}/{number}" for kind in "AB" for number in range(count)) for sex in SEXES
    }


CONTENT = Content(
    root=Path("content"),
    packs=("Base_Humans",),
    presets=listed("models/{}"),
    outfits=listed("outfits/{}"),
    footwear=listed("footwear/{}"),
    hair=listed("hair/head/{}"),
    textures={sex: (f"textures/{sex}/Default 1K/a.png", f"textures/{sex}/Default 4K/b.png") for sex in SEXES},
    beards=("hair/face_hair/A/full.json",),
    expressions=("shapekeys/expressions/happy/smile.npz", "shapekeys/expressions/base/frown.npz"),
    patterns=("patterns/A/stripes.png",),
    live_keys=tuple(
        f"livekeys/{path}.npz"
        for path in (
            "body_proportions/main/height_150", "body_proportions/main/height_200", "body_proportions/main/stout",
            "body_proportions/Torso/male_chest", "body_proportions/Torso/waist_female",
            "face_proportions/nose/nose_size",
            "special/age/aged_young",
        )
    ),
)  # fmt: skip


def people(config, count, content=CONTENT):
    return [sample_human(config, content, np.random.default_rng(number)) for number in range(count)]


def looks(config, count, content=CONTENT):
    found = []
    for number, human in enumerate(people(config, count, content)):
        streams = {name: np.random.default_rng([number, place]) for place, name in enumerate(("traits", "outfit"))}
        found.append((human, sample_look(config, content, human, **streams)))
    return found


def test_the_same_stream_gives_the_same_person_who_survives_writing_and_reading():
    for first, again in zip(people(HumGenConfig(), 20), people(HumGenConfig(), 20), strict=True):
        assert first == again
        assert decode(HumanSpec, encode(first), where="test") == first


def test_shares_and_spans_of_the_recipe_are_kept():
    config = HumGenConfig(female_share=0.25, age_years=(30, 40), barefoot_share=0.5, beard_share=0.5)
    found = looks(config, 400)
    assert np.mean([human.sex == "female" for human, _ in found]) == pytest.approx(0.25, abs=0.06)
    assert {human.age_years for human, _ in found} == set(range(30, 41))
    shod = [any(garment.name.startswith("footwear/") for garment in look.garments) for _, look in found]
    assert np.mean(shod) == pytest.approx(0.5, abs=0.08)
    bearded = {human.sex for human, look in found if look.fur}
    assert bearded == {"male"}
    heights = [human.height_m for human, _ in found if human.sex == "male"]
    assert np.mean(heights) == pytest.approx(config.male_height_m.mean, abs=0.02)


def test_nobody_gets_what_belongs_to_the_other_sex():
    for human, look in looks(HumGenConfig(), 60):
        assert human.preset.startswith(f"models/{human.sex}/")
        assert all(f"/{human.sex}/" in garment.name for garment in look.garments)
        own = {"male": "chest", "female": "waist_female"}  # the add-on takes the sex off a name's beginning alone
        assert set(human.keys) <= {"stout", "nose_size", own[human.sex]}
        assert human.texture == f"textures/{human.sex}/Default 4K/b.png"


def test_a_texture_folder_that_the_content_lacks_leaves_all_textures():
    found = {human.texture for human in people(HumGenConfig(texture_folder="Default 8K"), 60)}
    assert len(found) == 4


def test_categories_are_drawn_by_weight_and_unknown_ones_named_with_those_there_are():
    config = HumGenConfig(preset_categories={"A": 1.0}, outfit_categories={"B": 1.0}, barefoot_share=1.0)
    for human, look in looks(config, 30):
        assert "/A/" in human.preset
        assert [garment.name.split("/")[2] for garment in look.garments] == ["B"]
    with pytest.raises(ConfigError, match="preset_categories: no such category 'C'; there are A, B"):
        people(HumGenConfig(preset_categories={"C": 1.0}), 1)
    with pytest.raises(ConfigError, match="expression_categories"):
        for number in range(50):
            sample_expression(HumGenConfig(expression_categories={"sad": 1.0}), CONTENT, np.random.default_rng(number))


def test_patterns_go_on_clothes_that_take_them_alone():
    config = HumGenConfig(patterned_share=1.0)
    assert all(garment.material.pattern == "plain" for _, look in looks(config, 30) for garment in look.garments)
    taking = CONTENT.outfits["female"][0]
    content = replace(CONTENT, patternable=frozenset({taking}))
    for _, look in looks(config, 60, content):
        for garment in look.garments:
            assert (garment.material.pattern != "plain") == (garment.name == taking)


def test_a_base_pack_without_clothes_hair_or_expressions_still_gives_people():
    none = {sex: () for sex in SEXES}
    bare = replace(CONTENT, outfits=none, footwear=none, hair=none, beards=(), expressions=(), patterns=())
    for _, look in looks(HumGenConfig(), 20, bare):
        assert not look.garments
        assert look.hair is None
    assert sample_expression(HumGenConfig(), bare, np.random.default_rng(0))[0] == {}


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"female_share": 1.5}, "female_share"), ({"age_years": [10, 20]}, "age_years"),
        ({"hair": {"wigs": 1.0}}, "hair"), ({"body_spread": -0.1}, "body_spread"), ({"femal_share": 0.5}, "femal"),
    ],
)  # fmt: skip
def test_a_recipe_that_can_not_be_is_refused_by_its_key(said, key):
    with pytest.raises(ConfigError, match=key):
        build(HumGenConfig, said, where="humgen3d")


def test_every_joint_but_the_jaw_is_a_bones_head_and_that_bone_follows_it():
    names = [bone.name for bone in all_bones()]
    assert len(names) == len(set(names)) == 102
    numbers = joint_bones(names)
    assert [JOINTS[joint] for joint in np.flatnonzero(numbers < 0)] == ["jaw"]
    for joint, number in zip(JOINTS, numbers, strict=True):
        if number >= 0:
            assert joint_of_bone(names[number]) == joint
            assert bone_of_joint(joint) == names[number]
    assert set(NEEDED) == {names[number] for number in numbers if number >= 0}


def test_bones_that_are_no_joint_follow_what_they_hang_from():
    for bone in all_bones():
        joint = joint_of_bone(bone.name)
        assert joint in JOINTS
        side = {"L": "left", "R": "right"}.get(bone.name[-1])
        if side and joint.startswith(("left", "right")):
            assert joint.startswith(side)
    assert joint_of_bone("palm.03.L") == "left_wrist"
    assert joint_of_bone("brow_dwn_L") == "head"


@given(st.lists(st.sampled_from(["a", "b c", "..", ".", "x.json"]), min_size=1), st.sampled_from(["", "/", "\\", "C:"]))
def test_no_path_leads_out_of_the_content(parts, start):
    path = start + "/".join(parts)
    if start or ".." in parts:
        with pytest.raises(RecordError, match="leads out"):
            require_inside("human", path)
    else:
        require_inside("human", path)
