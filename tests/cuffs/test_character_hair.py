"""Hair grows where hair grows, falls outside the head, and leaves the face free."""

import numpy as np
import pytest

from cuffs.character.fur_styles import BEARDS, BROWS, FUR, LASHES
from cuffs.character.hair_styles import STYLES
from cuffs.character.open_wardrobe import GARMENTS
from cuffs.character.posed_hair import posed_strands
from cuffs.character.shell import posed_part
from cuffs.character.strands import grown_strands
from cuffs.skeleton import INDEX
from tests.cuffs.open_people import POSES, at_rest, height_above, identity, posed, rest_skin, topology

PEOPLE = (0, 2)


def strands_of(name, number=0, transforms=None, face=None, seed=1):
    return posed_strands(
        topology(),
        identity(number),
        topology().part(name),
        T_world_rest=at_rest() if transforms is None else transforms,
        face=face or {},
        seed=seed,
    )


def eyes_of(person):
    return [person.bone_heads[topology().joint_bone[INDEX[f"{side}_eye"]]] for side in ("left", "right")]


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("number", PEOPLE)
def test_few_strands_hang_before_eyes_nose_and_mouth(name, number):
    strands = strands_of(name, number)
    middle = np.mean(eyes_of(identity(number)), axis=0)
    points = strands.reshape(-1, 3) - middle
    before = (np.abs(points[:, 0]) < 0.045) & (points[:, 1] < 0.01) & (points[:, 2] < 0.004) & (points[:, 2] > -0.1)
    assert before.mean() < 0.002


@pytest.mark.parametrize("name", STYLES)
def test_strands_begin_on_the_head_and_stay_outside_of_it(name):
    person = identity(0)
    strands = strands_of(name)
    chosen = strands[np.random.default_rng(0).choice(len(strands), 300, replace=False)]
    _, distance = height_above(rest_skin(person), chosen[:, 0])
    rooted = distance < 0.03 if STYLES[name].tail != "none" else distance < 0.012
    assert rooted.mean() > (0.7 if STYLES[name].tail != "none" else 0.97)
    height, _ = height_above(rest_skin(person), chosen[:, 1:].reshape(-1, 3)[::3])
    assert np.nanmean(height > -0.004) > 0.97


@pytest.mark.parametrize("name", STYLES)
def test_the_hull_that_masks_are_taken_from_holds_the_strands(name):
    hull = posed_part(topology(), identity(0), topology().part(name), T_world_rest=at_rest(), face={})
    strands = strands_of(name).reshape(-1, 3)
    low, high = hull.verts.min(0) - 0.012, hull.verts.max(0) + 0.012
    assert ((strands > low) & (strands < high)).all(1).mean() > 0.97


@pytest.mark.parametrize("name", ["short", "long", "ponytail"])
def test_hair_goes_with_the_head(name):
    person = identity(0)
    turned = posed(person, POSES["twisted"])
    head = topology().joint_bone[INDEX["head"]]
    own = strands_of(name)
    moved = strands_of(name, transforms=turned)
    top = own[:, 0, 2] > eyes_of(person)[0][2] + 0.06
    carried = own[top, 0] @ turned[head, :3, :3].T + turned[head, :3, 3]
    assert np.median(np.linalg.norm(carried - moved[top, 0], axis=1)) < 0.004


def test_strands_are_a_function_of_their_seed():
    assert np.array_equal(strands_of("wavy"), strands_of("wavy"))
    assert not np.array_equal(strands_of("wavy"), strands_of("wavy", seed=2))
    first, second = (grown_strands(STYLES["bob"], np.random.default_rng(5)).points for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", BROWS)
@pytest.mark.parametrize("number", PEOPLE)
def test_brows_lie_above_the_eyes(name, number):
    person = identity(number)
    strands = strands_of(name, number)
    eyes = np.mean(eyes_of(person), axis=0)
    above = strands[:, 0, 2] - eyes[2]
    assert np.quantile(above, 0.05) > 0.002 and above.max() < 0.05
    _, distance = height_above(rest_skin(person), strands[:, 0])
    assert distance.max() < 0.003


@pytest.mark.parametrize("name", LASHES)
def test_lashes_stand_before_the_eyes_and_go_down_with_the_lids(name):
    eyes = np.mean(eyes_of(identity(0)), axis=0)
    open_eyes, shut = strands_of(name), strands_of(name, face={"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    assert (open_eyes[:, -1, 1] < eyes[1]).all()
    assert open_eyes[:, -1, 2].max() - shut[:, -1, 2].max() > 0.003


@pytest.mark.parametrize("name", BEARDS)
@pytest.mark.parametrize("number", PEOPLE)
def test_beards_grow_below_the_eyes_and_before_the_neck(name, number):
    person = identity(number)
    roots = strands_of(name, number)[:, 0]
    eyes = np.mean(eyes_of(person), axis=0)
    assert roots[:, 2].max() < eyes[2] + 0.015
    assert roots[:, 2].min() > eyes[2] - 0.17
    assert roots[:, 1].max() < eyes[1] + 0.11


def test_a_jaw_that_opens_takes_the_beard_along():
    shut, opened = strands_of("goatee"), strands_of("goatee", face={"jawOpen": 1.0})
    down = shut[:, 0, 2] - opened[:, 0, 2]
    assert np.quantile(down, 0.9) > 0.01


def test_skin_shows_the_roots_of_hair_where_hair_is():
    part = topology().part("crop")
    body = identity(0).rest[topology().body_vertices]
    top = body[:, 2] > body[:, 2].max() - 0.025
    assert part.scalp[top].min() == 1
    assert part.scalp[body[:, 2] < eyes_of(identity(0))[0][2] - 0.2].max() == 0


def test_the_topology_has_every_garment_haircut_and_beard():
    assert sorted(part.name for part in topology().parts) == sorted((*GARMENTS, *STYLES, *FUR))
