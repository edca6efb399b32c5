"""The open character: its rig, its skinning, its face, its files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cuffs.character import Identity, Topology, global_rotations, pose_bones, skin_vertices, with_face
from cuffs.errors import RecordError
from cuffs.npz import read_npz, write_npz
from cuffs.rotations import angle_between_deg, mirror_rotvec, rotvec_to_rotmat
from cuffs.skeleton import INDEX, JOINTS, LIMB_OF_JOINT, LIMBS, MIRROR, PARENTS
from tests.cuffs.open_people import POSES, fists, identity, pose, posed, topology, with_skinning

rotvecs = arrays(np.float64, (55, 3), elements=st.floats(-1.5, 1.5))
vectors = arrays(np.float64, 3, elements=st.floats(-3, 3))
few = settings(max_examples=25, deadline=None)


def joints_of(person, T_world_rest):
    bones = topology().joint_bone[topology().joint_bone >= 0]
    heads = np.full((55, 3), np.nan)
    moved = np.einsum("bij,bj->bi", T_world_rest[bones, :3, :3], person.bone_heads[bones]) + T_world_rest[bones, :3, 3]
    heads[topology().joint_bone >= 0] = moved
    return heads


def body_verts(person, T_world_rest, kind="dual_quaternion", every=1):
    rows = topology().body_vertices[::every]
    return skin_vertices(with_skinning(kind), person.rest[rows], T_world_rest, vertices=rows)


def ancestors(joint):
    found = {joint}
    while (joint := PARENTS[joint]) >= 0:
        found.add(joint)
    return found


def test_weights_sum_to_one_and_none_is_negative():
    assert np.abs(topology().skin_weights.sum(1) - 1).max() < 1e-6
    assert topology().skin_weights.min() >= 0


def test_every_joint_but_the_jaw_is_a_bones_head_and_that_bone_follows_it():
    for joint, bone in enumerate(topology().joint_bone):
        assert (bone < 0) == (JOINTS[joint] == "jaw")
        assert bone < 0 or topology().bone_joint[bone] == joint


def test_bones_hang_together_as_the_skeletons_joints_do():
    for bone, parent in enumerate(topology().bone_parents):
        if parent >= 0:
            assert topology().bone_joint[parent] in ancestors(topology().bone_joint[bone])


@pytest.mark.parametrize("number", range(3))
def test_left_is_left(number):
    person = identity(number)
    for joint, bone in enumerate(topology().joint_bone):
        side = {"l": 1, "r": -1}.get(JOINTS[joint][0]) if JOINTS[joint].startswith(("left", "right")) else None
        if side:
            assert side * person.bone_heads[bone, 0] > 0.01, JOINTS[joint]
    strongest = topology().skin_bones[np.arange(len(person.rest)), topology().skin_weights.argmax(1)]
    limb = LIMB_OF_JOINT[topology().bone_joint[strongest]][topology().body_vertices]
    x = person.rest[topology().body_vertices, 0]
    for name in LIMBS:
        if name.startswith(("left", "right")):
            assert ((x > 0) == name.startswith("left"))[limb == LIMBS.index(name)].all(), name
    assert person.rest[topology().eye_left, 0].min() > 0 > person.rest[topology().eye_right, 0].max()


@pytest.mark.parametrize("number", range(3))
def test_people_stand_on_the_ground_facing_minus_y(number):
    person = identity(number)
    body = person.rest[topology().body_vertices]
    assert abs(body[:, 2].min()) < 1e-6
    assert 1.4 < np.ptp(body[:, 2]) < 2.1
    for side in ("left", "right"):
        foot, ankle = (person.bone_heads[topology().joint_bone[INDEX[f"{side}_{name}"]]] for name in ("foot", "ankle"))
        assert foot[1] < ankle[1] - 0.05


@pytest.mark.parametrize("number", range(3))
def test_the_pose_of_no_rotation_is_a_t_pose(number):
    person = identity(number)
    joints = joints_of(person, posed(person, POSES["tpose"]))
    for side, sign in (("left", 1), ("right", -1)):
        at = {name: joints[INDEX[f"{side}_{name}"]] for name in ("shoulder", "elbow", "wrist", "middle1", "middle3")}
        for start, end in (("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "middle1"), ("middle1", "middle3")):
            along = at[end] - at[start]
            along = along / np.linalg.norm(along)
            assert sign * along[0] > np.cos(np.radians(15)) and abs(along[2]) < np.sin(np.radians(8)), (side, start)
    assert joints[INDEX["head"], 2] > joints[INDEX["pelvis"], 2] + 0.4


def test_the_pose_of_the_rest_rotations_is_the_rest_pose():
    person = identity()
    pelvis = person.bone_heads[topology().joint_bone[0]]
    rest = person.rest_rotations
    above = np.concatenate([np.eye(3)[None], rest[list(PARENTS[1:])]])
    T_world_rest = pose_bones(topology(), person, np.swapaxes(above, 1, 2) @ rest, pelvis)
    assert np.abs(T_world_rest - np.eye(4)).max() < 1e-12
    assert np.abs(body_verts(person, T_world_rest) - person.rest[topology().body_vertices]).max() < 1e-9


@few
@given(rotvecs, vectors, vectors, st.sampled_from(["linear", "dual_quaternion"]))
def test_turning_and_moving_the_root_moves_the_whole_body_rigidly(rotations, turn, shift, kind):
    person, R = identity(), rotvec_to_rotmat(turn)
    rotmats = rotvec_to_rotmat(rotations)
    still = body_verts(person, pose_bones(topology(), person, rotmats, np.zeros(3)), kind, every=7)
    rotmats[0] = R @ rotmats[0]
    moved = body_verts(person, pose_bones(topology(), person, rotmats, shift), kind, every=7)
    assert np.abs(moved - (still @ R.T + shift)).max() < 1e-6  # weights are float32


@few
@given(rotvecs, vectors)
def test_bones_keep_their_lengths_and_the_pelvis_its_place(rotations, pelvis):
    person = identity(1)
    joints = joints_of(person, posed(person, rotations, pelvis))
    rest = joints_of(person, np.tile(np.eye(4), (len(topology().bone_names), 1, 1)))
    assert np.abs(joints[0] - pelvis).max() < 1e-9
    for name, above in (("left_wrist", "left_elbow"), ("right_knee", "right_hip"), ("left_index3", "left_index2")):
        a, b = INDEX[name], INDEX[above]
        assert abs(np.linalg.norm(joints[a] - joints[b]) - np.linalg.norm(rest[a] - rest[b])) < 1e-9


@few
@given(rotvecs)
def test_a_pose_in_a_mirror_gives_the_joints_in_a_mirror(rotations):
    person = identity(2)
    rotations[0] = [np.pi / 2, 0, 0]
    mirrored = mirror_rotvec(rotations[list(MIRROR)])
    here, there = joints_of(person, posed(person, rotations)), joints_of(person, posed(person, mirrored))
    assert np.nanmax(np.abs(there - here[list(MIRROR)] * [-1, 1, 1])) < 2e-3


def test_bones_turn_as_their_joints_were_asked_to():
    person, asked = identity(), POSES["twisted"]
    turns = posed(person, asked)[:, :3, :3] @ person.rest_rotations[topology().bone_joint]
    wanted = global_rotations(rotvec_to_rotmat(asked))[topology().bone_joint]
    assert angle_between_deg(turns, wanted).max() < 1e-5


@pytest.mark.parametrize("number", range(2))
def test_fists_close_towards_the_palm(number):
    person = identity(number)
    flat, fist = (joints_of(person, posed(person, rotations)) for rotations in (pose(), pose(**fists())))
    for side in ("left", "right"):
        for finger in ("index", "middle", "ring", "pinky"):
            tip, knuckle = INDEX[f"{side}_{finger}3"], INDEX[f"{side}_{finger}1"]
            assert fist[tip, 2] < fist[knuckle, 2] - 0.01  # palms look down in the T-pose
            assert abs(fist[tip, 0]) < abs(flat[tip, 0]) - 0.02


@few
@given(rotvecs)
def test_kinds_of_skinning_agree_where_one_bone_moves_a_vertex(rotations):
    person = identity()
    alone = topology().skin_weights.max(1)[topology().body_vertices] == 1
    T_world_rest = posed(person, rotations)
    gap = body_verts(person, T_world_rest, "linear") - body_verts(person, T_world_rest)
    assert alone.sum() > 1000
    assert np.abs(gap[alone]).max() < 1e-9


def test_dual_quaternions_keep_a_twisted_wrists_girth():
    person = identity()
    rotations = pose(wrist=[2.5, 0, 0])
    verts = {kind: body_verts(person, posed(person, rotations), kind) for kind in ("linear", "dual_quaternion")}
    rest = body_verts(person, posed(person, pose()))
    wrist = person.bone_heads[topology().joint_bone[INDEX["left_wrist"]]]
    near = np.linalg.norm(person.rest[topology().body_vertices] - wrist, axis=1) < 0.035
    girth = {kind: np.ptp(points[near][:, 1:], axis=0).min() for kind, points in verts.items()}
    assert girth["dual_quaternion"] > 0.8 * np.ptp(rest[near][:, 1:], axis=0).min()
    assert girth["linear"] < 0.9 * girth["dual_quaternion"]


def test_no_action_moves_an_eyeball_and_jaw_opening_leaves_the_upper_teeth():
    names = list(topology().face_action_names)
    rest = identity().rest
    lids = np.concatenate([topology().eye_left, topology().eye_right])
    for name in names:
        assert np.array_equal(with_face(topology(), rest, {name: 1.0})[lids], rest[lids].astype(float))
    moved = with_face(topology(), rest, {"jawOpen": 1.0}) - rest
    names_of = [str(name) for name in topology().material_names]
    teeth = np.unique(topology().body_faces[topology().body_material == names_of.index("teeth")])
    drop = -moved[topology().body_vertices[teeth], 2]
    assert 0.02 < drop.max() < 0.05
    assert (drop == 0).sum() > 30


def test_left_actions_move_the_left_side():
    rows = topology().face_action_vertices
    x = identity().rest[rows, 0]
    for name, offsets in zip(topology().face_action_names, topology().face_actions, strict=True):
        amount = np.linalg.norm(offsets, axis=1)
        if name.endswith(("Left", "Right")) and not name.startswith(("jaw", "mouthLeft", "mouthRight")):
            assert (np.average(x, weights=amount) > 0) == name.endswith("Left"), name


def test_an_unknown_action_is_refused():
    with pytest.raises(KeyError, match="no facial action 'grin'"):
        with_face(topology(), identity().rest, {"grin": 1.0})


def test_files_round_trip_byte_for_byte(tmp_path):
    topology().save(tmp_path / "a.npz")
    Topology.load(tmp_path / "a.npz").save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    identity().save(tmp_path / "c.npz")
    Identity.load(tmp_path / "c.npz").save(tmp_path / "d.npz")
    assert (tmp_path / "c.npz").read_bytes() == (tmp_path / "d.npz").read_bytes()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda a: a | {"body_faces": a["body_faces"] + 10**6}, "body_faces"),
        (lambda a: a | {"skin_weights": a["skin_weights"] * 2}, "skin_weights"),
        (lambda a: a | {"bone_parents": a["bone_parents"][::-1]}, "parents"),
        (lambda a: a | {"skinning": np.array("magic")}, "magic"),
        (lambda a: a | {"part/shoes/hides": np.array([-1])}, "part/shoes/hides"),
        (lambda a: a | {"face_actions": a["face_actions"][:1]}, "face_actions"),
        (lambda a: {name: array for name, array in a.items() if name != "eye_left"}, "eye_left"),
    ],
)
def test_a_broken_topology_is_refused_with_its_name(tmp_path, change, says):
    topology().save(tmp_path / "whole.npz")
    write_npz(tmp_path / "broken.npz", change(read_npz(tmp_path / "whole.npz")))
    with pytest.raises(RecordError, match=says) as problem:
        Topology.load(tmp_path / "broken.npz")
    assert "broken.npz" in str(problem.value)


def test_a_broken_identity_is_refused_with_its_name(tmp_path):
    identity().save(tmp_path / "whole.npz")
    arrays_ = read_npz(tmp_path / "whole.npz")
    arrays_["rest"][3] = np.nan
    write_npz(tmp_path / "broken.npz", arrays_)
    with pytest.raises(RecordError, match=r"broken\.npz.*rest"):
        Identity.load(tmp_path / "broken.npz")
