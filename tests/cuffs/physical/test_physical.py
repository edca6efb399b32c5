"""What can't be in reality is found when it is planted, and isn't found where it isn't."""

from dataclasses import replace

import numpy as np
import pytest

from cuffs.character.shell import posed_body
from cuffs.mesh_normals import vertex_normals
from cuffs.physical import PhysicalLimits, causes_of, check_person, eye_gap_mm, foot_heights_mm, limb_depth_mm
from cuffs.physical.ground import is_standing
from cuffs.records import CharacterSpec, GarmentSpec, MaterialSpec, PersonSpec, PoseOrigin
from cuffs.scene.posed import limb_of_vertices
from tests.cuffs.open_people import POSES, STANDING, identity, pose, posed, topology

CLOTH = MaterialSpec(kind="fabric", colour=(0.3, 0.3, 0.3))


def depth(rotvecs, number=0):
    person = identity(number)
    body = posed_body(topology(), person, posed(person, rotvecs), {})
    normals = vertex_normals(body.verts, body.faces)
    rest = person.rest[topology().body_vertices].astype(float)
    return limb_depth_mm(rest, body.verts, normals, limb_of_vertices(topology()))


@pytest.mark.parametrize("name", ["tpose", "standing", "arms up", "walking", "twisted"])
def test_a_plain_pose_has_no_limb_in_another(name):
    assert depth(POSES[name])[0] < 20


def test_an_arm_through_the_trunk_is_found_and_named():
    found, where = depth(pose(**STANDING | {"left_shoulder": [0.4, -1.2, -0.6], "left_elbow": [0, -1.9, 0]}))
    through, named = depth(pose(left_shoulder=[0, -1.9, -0.7], left_elbow=[0, -2.4, 0]))
    assert max(found, through) > 35
    assert "left_" in (named if through > found else where)


def test_the_depth_does_not_hang_on_where_or_which_way_somebody_stands():
    person = identity(0)
    rotvecs = pose(left_shoulder=[0, -1.9, -0.7], left_elbow=[0, -2.4, 0])
    body = posed_body(topology(), person, posed(person, rotvecs), {})
    rest, limb = person.rest[topology().body_vertices].astype(float), limb_of_vertices(topology())
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    results = [
        limb_depth_mm(rest, verts, vertex_normals(verts, body.faces), limb)[0]
        for verts in (body.verts, body.verts @ turn.T + [3.0, -2.0, 0.5])
    ]
    assert results[0] == pytest.approx(results[1], abs=1e-6)


def test_feet_are_as_high_as_the_body_is_lifted():
    person = identity(0)
    body = posed_body(topology(), person, posed(person, POSES["standing"]), {})
    low = body.verts[:, 2].min()
    grounded = foot_heights_mm(topology(), body.verts - [0, 0, low])
    lifted = foot_heights_mm(topology(), body.verts - [0, 0, low - 0.05])
    assert min(grounded) == pytest.approx(0, abs=1e-6)
    assert np.allclose(np.subtract(lifted, grounded), 50)


def test_eyes_sit_in_their_sockets_however_they_look_and_are_missed_elsewhere():
    person = identity(0)
    looking = pose(**STANDING, left_eye=[0.3, 0.4, 0], right_eye=[0.3, 0.4, 0])
    body = posed_body(topology(), person, posed(person, looking), {})
    rest = person.rest[topology().body_vertices].astype(float)
    assert eye_gap_mm(topology(), rest, body.verts) < 1
    face = {"eyeBlinkLeft": 1.0, "eyeSquintRight": 1.0, "browDownLeft": 1.0}
    shut = posed_body(topology(), person, posed(person, looking), face)
    assert eye_gap_mm(topology(), rest, shut.verts) < PhysicalLimits().eye_mm
    number = np.full(len(topology().skin_bones), -1)
    number[topology().body_vertices] = np.arange(len(topology().body_vertices))
    moved = body.verts.copy()
    moved[number[topology().eye_left]] += [0, -0.02, 0]
    assert eye_gap_mm(topology(), rest, moved) > PhysicalLimits().eye_mm


@pytest.mark.parametrize(
    ("action", "stands"),
    [("standing", True), ("standing, arms crossed; left hand flat", True), ("walking", False), (None, False)],
)
def test_standing_is_known_by_its_action(action, stands):
    assert is_standing(action) == stands


def person_spec(lift_m=0.0):
    origin = PoseOrigin(dataset="procedural", file="tests", row=0, frame=0, action="standing", licence="CC0")
    garments = tuple(GarmentSpec(name=name, material=CLOTH, ease_m=0.01) for name in ("trousers", "shirt_long"))
    character = CharacterSpec(
        kind="open", identity="0", topology="open", skin=CLOTH, eye_colour=(0, 0, 0), garments=garments
    )
    person = identity(0)
    body = posed_body(topology(), person, posed(person, POSES["standing"]), {})
    return PersonSpec(
        character=character,
        pose=POSES["standing"],
        pelvis_world=np.array([0, 0, lift_m - body.verts[:, 2].min()]),
        body_source=origin,
        left_hand_source=origin,
        right_hand_source=origin,
    )


def causes(person):
    return causes_of(check_person(topology(), identity(0), person).record, PhysicalLimits())


def test_a_sound_person_has_no_findings_and_one_in_the_air_has():
    assert causes(person_spec()) == ()
    assert causes(person_spec(lift_m=0.02)) == ("feet_off_ground",)
    assert "feet_in_ground" in causes(person_spec(lift_m=-0.02))


def test_every_limit_can_be_exceeded():
    sound = check_person(topology(), identity(0), person_spec()).record
    bad = replace(sound, skin_out=0.01, feet_mm=(-30.0, 30.0), limb_mm=50.0, eye_mm=20.0)
    assert set(causes_of(bad, PhysicalLimits())) == {
        "skin_through_cloth", "feet_off_ground", "feet_in_ground", "limb_in_body", "eyes_out_of_place",
    }  # fmt: skip
