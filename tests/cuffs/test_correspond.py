from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from cuffs.correspond import Correspondence, carry, load_correspondence, save_correspondence
from cuffs.correspond.eyes import attach_eyeballs
from cuffs.correspond.landmarks import extremal_landmarks, eye_centres
from cuffs.correspond.nonrigid import NonRigidSettings, drape
from cuffs.correspond.rigged_mesh import NEIGHBOURS, RiggedMesh, vertex_normals
from cuffs.correspond.surface import Attachment, barycentric, build_surface, closest
from cuffs.errors import AssetBroken, RecordError
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import FINGERS, INDEX, MIRROR, NUM_JOINTS, PARENTS, SEGMENTS, VERTEX_PICKS
from tests.cuffs.stick_body import stick_joints


def sausage_person(rings: int = 8, around: int = 12) -> RiggedMesh:
    """A closed tube for each bone, and two balls for the eyes. Every mesh of it has parts, ends and normals."""
    joints = stick_joints()
    verts, faces, owner = [], [], []
    for joint in range(NUM_JOINTS):
        children = [child for child in range(NUM_JOINTS) if PARENTS[child] == joint]
        bone = joints[joint] - joints[PARENTS[joint]] if joint else np.array([0, 0.1, 0])
        end = joints[children].mean(0) if children else joints[joint] + 0.9 * bone
        if np.linalg.norm(end - joints[joint]) < 1e-6:
            end = joints[joint] + [0, 0.05, 0]
        radius = 0.008 if joint >= INDEX["left_index1"] else 0.012 if "eye" in NAMES[joint] else 0.04
        part = (
            trimesh.creation.icosphere(subdivisions=2, radius=radius).apply_translation(joints[joint])
            if "eye" in NAMES[joint]
            else tube(joints[joint], end, radius, rings=rings, around=around)
        )
        faces.append(part.faces + sum(len(v) for v in verts))
        verts.append(np.asarray(part.vertices))
        owner.append(np.full(len(part.vertices), joint))
    owners = np.concatenate(owner)
    return RiggedMesh(
        verts=np.concatenate(verts),
        faces=np.concatenate(faces).astype(np.int64),
        weights=np.eye(NUM_JOINTS)[owners],
        joints=joints,
        eyeballs={side: np.flatnonzero(owners == INDEX[f"{side}_eye"]) for side in ("left", "right")},
    )


NAMES = list(INDEX)


def tube(start: np.ndarray, end: np.ndarray, radius: float, *, rings: int, around: int) -> trimesh.Trimesh:
    """A capsule from one point to another."""
    height = float(np.linalg.norm(end - start))
    capsule = trimesh.creation.capsule(height=height, radius=radius, count=[around, rings])
    capsule = capsule.subdivide_to_size(height / 3 + 0.01)
    return capsule.apply_transform(trimesh.geometry.align_vectors([0, 0, 1], end - start)).apply_translation(
        (start + end) / 2
    )


def turned(mesh: RiggedMesh, R: np.ndarray, t: np.ndarray) -> RiggedMesh:
    return replace(mesh, verts=mesh.verts @ R.T + t, joints=mesh.joints @ R.T + t)


@pytest.fixture(scope="module")
def person() -> RiggedMesh:
    return sausage_person()


def test_landmarks_move_with_the_mesh_whatever_its_axes(person):
    rng = np.random.default_rng(0)
    R, t = rotvec_to_rotmat(rng.normal(size=3)), rng.normal(size=3)
    here, there = extremal_landmarks(person), extremal_landmarks(turned(person, R, t))
    assert here.keys() == there.keys()
    for name, landmark in here.items():
        np.testing.assert_allclose(R @ landmark.point + t, there[name].point, atol=1e-9)


def test_a_tip_is_at_the_end_of_its_own_finger(person):
    found = extremal_landmarks(person)
    for side in ("left", "right"):
        for finger in FINGERS:
            tip = found[f"{side}_{finger}_tip"]
            last = INDEX[f"{side}_{finger}3"]
            assert (person.dominant_joint[tip.vertices] == last).all()
            bone = person.joints[last] - person.joints[PARENTS[last]]
            assert (tip.point - person.joints[last]) @ bone > 0.9 * bone @ bone


def test_left_and_right_landmarks_are_mirror_images(person):
    mirrored = RiggedMesh(
        verts=person.verts * [-1, 1, 1],
        faces=person.faces[:, ::-1],
        weights=person.weights[:, list(MIRROR)],
        joints=(person.joints * [-1, 1, 1])[list(MIRROR)],
        eyeballs={"left": person.eyeballs["right"], "right": person.eyeballs["left"]},
    )
    here, there = extremal_landmarks(person), extremal_landmarks(mirrored)
    for name, landmark in here.items():
        other = name.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")
        np.testing.assert_allclose(landmark.point * [-1, 1, 1], there[other].point, atol=1e-9)


def test_a_joint_that_a_rig_lacks_costs_only_the_landmarks_that_hang_on_it(person):
    joints = person.joints.copy()
    joints[INDEX["left_index3"]] = np.nan
    found = extremal_landmarks(replace(person, joints=joints))
    assert extremal_landmarks(person).keys() - found.keys() == {"left_index_tip"}


def test_barycentric_agrees_with_trimesh():
    rng = np.random.default_rng(1)
    corners = rng.normal(size=(500, 3, 3))
    points = rng.normal(size=(500, 3)) * 1.5
    found = barycentric(points, corners)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-12)
    place = np.einsum("nc,ncd->nd", found, corners)
    np.testing.assert_allclose(place, trimesh.triangles.closest_point(corners, points), atol=1e-9)


def test_points_of_a_surface_are_closest_to_themselves(person):
    rng = np.random.default_rng(2)
    ball = trimesh.creation.icosphere(subdivisions=4)
    weights = np.eye(NUM_JOINTS)[np.full(len(ball.vertices), INDEX["head"])]
    mesh = replace(person, verts=np.array(ball.vertices), faces=np.array(ball.faces, np.int64), weights=weights)
    surface = build_surface(mesh, np.ones(len(mesh.faces), bool))
    face = rng.integers(0, len(mesh.faces), 2000)
    bary = rng.dirichlet([1, 1, 1], 2000)
    points = np.einsum("nc,ncd->nd", bary, mesh.verts[mesh.faces[face]])
    found = closest(surface, points, surface.normals[face], np.full(2000, SEGMENTS.index("head")))
    assert found.is_allowed.all()
    np.testing.assert_allclose(found.point, points, atol=1e-9)


def test_a_nearer_finger_of_another_name_does_not_attract(person):
    """The middle finger is laid upon the index finger: whatever is nearer, each keeps to its own."""
    verts = person.verts.copy()
    index, middle = (
        np.isin(person.dominant_joint, joints) for joints in (finger_joints("index"), finger_joints("middle"))
    )
    verts[middle] += person.joints[INDEX["left_index1"]] - person.joints[INDEX["left_middle1"]] + [0, 0.004, 0]
    crowded = replace(person, verts=verts)
    surface = build_surface(crowded, np.ones(len(person.faces), bool))
    points = person.verts[index] + [0, 0.005, 0]
    normals = vertex_normals(person.verts, person.faces)[index]
    found = closest(surface, points, normals, crowded.segment[index])
    attached = crowded.dominant_joint[crowded.faces[found.face, 0]]
    assert not np.isin(attached, finger_joints("middle")).any()
    nearest = trimesh.Trimesh(crowded.verts, crowded.faces, process=False)
    ungated = nearest.nearest.on_surface(points)[2]
    assert np.isin(crowded.dominant_joint[crowded.faces[ungated, 0]], finger_joints("middle")).mean() > 0.2


def finger_joints(finger: str) -> list[int]:
    return [INDEX[f"left_{finger}{phalanx}"] for phalanx in (1, 2, 3)]


def test_skin_does_not_attach_to_a_nearer_surface_that_faces_away(person):
    """Two lips: a sheet that faces up, and nearer to the point, one that faces down."""
    sheet = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    two = replace(
        person,
        verts=np.concatenate([sheet, sheet + [0, 0, 0.05]]),
        faces=np.array([[0, 1, 2], [3, 5, 4]]),
        weights=np.eye(NUM_JOINTS)[np.full(6, INDEX["head"])],
        eyeballs={"left": np.zeros(0, np.int64), "right": np.zeros(0, np.int64)},
    )
    surface = build_surface(two, np.ones(2, bool))
    head = np.full(1, SEGMENTS.index("head"))
    found = closest(surface, np.array([[0.2, 0.2, 0.04]]), np.array([[0.0, 0, 1]]), head)
    assert found.face[0] == 0
    assert found.is_allowed[0]


def test_fingers_meet_the_palm_and_nothing_else():
    for number, segment in enumerate(SEGMENTS):
        side, _, kind = segment.partition("_")
        if kind in FINGERS:
            assert {SEGMENTS[other] for other in np.flatnonzero(NEIGHBOURS[number])} == {segment, f"{side}_palm"}
    assert (NEIGHBOURS == NEIGHBOURS.T).all()


def test_eyeballs_attach_in_the_direction_they_look(person):
    """The target's eyes are bigger, elsewhere, turned with the head, and finer."""
    finer = sausage_person()
    verts = finer.verts.copy()
    for numbers in finer.eyeballs.values():
        middle = verts[numbers].mean(0)
        verts[numbers] = (verts[numbers] - middle) * 1.3 + middle + [0.01, 0.02, 0.0]
    R = rotvec_to_rotmat(np.array([0.2, 0.5, -0.3]))
    target = turned(replace(finer, verts=verts), R, np.array([1.0, 2, 3]))
    count = len(person.verts)
    blank = Attachment(
        face=np.zeros(count, np.int64),
        bary=np.tile([1.0, 0, 0], (count, 1)),
        point=np.zeros((count, 3)),
        normal=np.zeros((count, 3)),
        distance=np.zeros(count),
        is_allowed=np.ones(count, bool),
    )
    found = attach_eyeballs(blank, person, target, R)
    ours, theirs = eye_centres(person), eye_centres(target)
    for side, rows in person.eyeballs.items():
        here = (person.verts[rows] - ours[side]) @ R.T
        there = found.point[rows] - theirs[side]
        cosine = (here * there).sum(1) / np.linalg.norm(here, axis=1) / np.linalg.norm(there, axis=1)
        assert cosine.min() > np.cos(np.radians(2))
        np.testing.assert_allclose(found.distance[rows], 0.0036, atol=6e-4)
    without = replace(target, eyeballs={"left": np.zeros(0, np.int64), "right": target.eyeballs["right"]})
    assert not attach_eyeballs(blank, person, without, R).is_allowed[person.eyeballs["left"]].any()


def test_draping_reaches_the_surface_and_leaves_what_is_there_alone(person):
    surface = build_surface(person, np.ones(len(person.faces), bool))
    free = np.ones(len(person.verts), bool)
    settings = NonRigidSettings()
    same = drape(person.verts, person.faces, surface, segment=person.segment, is_free=free, settings=settings)
    np.testing.assert_allclose(same, person.verts, atol=1e-6)
    puffed = person.verts + 0.002 * vertex_normals(person.verts, person.faces)
    back = drape(puffed, person.faces, surface, segment=person.segment, is_free=free, settings=settings)
    gap = closest(surface, back, vertex_normals(back, person.faces), person.segment).distance
    assert gap.mean() < 0.0007


def table_on(mesh: RiggedMesh, count: int = 200) -> Correspondence:
    rng = np.random.default_rng(3)
    face = rng.integers(0, len(mesh.faces), count)
    return Correspondence(
        face=face,
        corners=mesh.faces[face],
        bary=rng.dirichlet([1, 1, 1], count),
        gap_mm=rng.random(count).astype(np.float32),
        is_covered=rng.random(count) > 0.1,
    )


def test_carrying_commutes_with_moving_the_character(person):
    rng = np.random.default_rng(4)
    R, t = rotvec_to_rotmat(rng.normal(size=(5, 3))), rng.normal(size=(5, 1, 3))
    table = table_on(person)
    many = person.verts @ np.swapaxes(R, 1, 2) + t
    np.testing.assert_allclose(carry(table, many), carry(table, person.verts) @ np.swapaxes(R, 1, 2) + t, atol=1e-12)


def test_a_table_comes_back_as_it_was_and_has_one_form(person, tmp_path: Path):
    table = table_on(person)
    save_correspondence(tmp_path / "a.npz", table)
    save_correspondence(tmp_path / "b.npz", table)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    back = load_correspondence(tmp_path / "a.npz", num_character_verts=len(person.verts))
    for name in ("face", "corners", "bary", "gap_mm", "is_covered"):
        np.testing.assert_array_equal(getattr(back, name), getattr(table, name))


def test_a_table_of_another_mesh_is_refused(person, tmp_path: Path):
    save_correspondence(tmp_path / "a.npz", table_on(person))
    with pytest.raises(AssetBroken, match="has 10"):
        load_correspondence(tmp_path / "a.npz", num_character_verts=10)


def test_a_file_that_is_no_table_is_refused(tmp_path: Path):
    np.savez(tmp_path / "a.npz", face=np.zeros(3))
    with pytest.raises(AssetBroken, match="lacks bary"):
        load_correspondence(tmp_path / "a.npz", num_character_verts=10)
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(RecordError, match=r"b\.npz"):
        load_correspondence(tmp_path / "b.npz", num_character_verts=10)


def test_weights_that_do_not_sum_to_one_are_refused(person):
    table = table_on(person)
    with pytest.raises(ValueError, match="sum to 1"):
        replace(table, bary=table.bary * 0.9)


def test_vertex_picks_and_landmarks_share_their_fingers():
    """The tips that registration names are those that `smplx` reads."""
    assert {name for name in VERTEX_PICKS if "tip" in name} == {
        f"{side}_{finger}_tip" for side in ("left", "right") for finger in FINGERS
    }
