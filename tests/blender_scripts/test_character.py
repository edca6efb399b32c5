"""Blender's character must be numpy's, and hiding skin must not touch what labels are made from."""

from dataclasses import replace

import bpy
import numpy as np
import pytest

from blender_scripts.cloth_layout import cloth_layout
from blender_scripts.open_character import fit_sphere
from blender_scripts.skinned_mesh import face_limbs
from cuffs.character import pose_bones, skin_vertices, with_face
from cuffs.rotations import rotvec_to_rotmat
from tests.blender_scripts.scenes import person, scene

pytestmark = pytest.mark.bpy

TINY = (24, 24)


def in_numpy(spec, assets):
    topology, identity = assets.topology(spec.character.topology), assets.identity(spec.character.identity)
    T_world_rest = pose_bones(topology, identity, rotvec_to_rotmat(spec.pose), spec.pelvis_world)
    rest = with_face(topology, identity.rest, dict(spec.face))[topology.body_vertices]
    return skin_vertices(topology, rest, T_world_rest, vertices=topology.body_vertices)


@pytest.mark.parametrize("topology", ["linear", "dual_quaternion"])
def test_blender_and_numpy_skin_alike_however_wild_the_pose(capture, assets, topology):
    rng = np.random.default_rng(0)
    people = []
    for _ in range(3):
        someone = person(rng, topology=topology)
        people.append(replace(someone, pose=rng.normal(scale=0.8, size=(55, 3)), face={"jaw_open": 1.0, "nod": 0.3}))
    found = capture(replace(scene(0, size=TINY), people=tuple(people)))
    for spec, read in zip(people, found.people, strict=True):
        error_mm = 1000 * np.linalg.norm(read["body_world"] - in_numpy(spec, assets), axis=1)
        assert error_mm.max() < 0.1


def test_clothes_hide_skin_from_the_picture_but_not_from_the_label(capture, assets):
    rng = np.random.default_rng(1)
    dressed = person(rng)
    bare = replace(dressed, character=replace(dressed.character, garments=()))
    with_shirt, without = (capture(replace(scene(1, size=TINY), people=(spec,))).people[0] for spec in (dressed, bare))
    assert np.array_equal(with_shirt["body_world"], without["body_world"])
    assert len(without["shell_world"]) == len(without["body_world"])
    hides = assets.topology("linear").part("shirt").hides
    shown = {tuple(point) for point in with_shirt["shell_world"].tolist()}
    assert not any(tuple(point) in shown for point in with_shirt["body_world"][hides].tolist())


def test_facial_actions_move_no_more_than_the_face(capture, assets):
    calm = replace(person(np.random.default_rng(2)), face={})
    nodding = replace(calm, face={"nod": 0.7, "jaw_open": 0.0})
    read = [capture(replace(scene(2, size=TINY), people=(spec,))).people[0]["body_world"] for spec in (calm, nodding)]
    moved = np.linalg.norm(read[0] - read[1], axis=1) > 1e-5
    assert moved.any()
    assert set(np.flatnonzero(moved)) <= set(assets.topology("linear").face_action_vertices.tolist())
    assert "jaw_open" not in {key.name for keys in bpy.data.shape_keys for key in keys.key_blocks}


def test_a_sphere_is_found_from_any_of_its_points():
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(40, 3))
    directions = directions[directions[:, 2] > 0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    centre, radius = fit_sphere([0.1, -2.0, 1.5] + 0.017 * directions)
    np.testing.assert_allclose([*centre, radius], [0.1, -2.0, 1.5, 0.017], atol=1e-9)


def test_cloth_lies_flat_without_a_face_torn_across_the_seam(assets):
    topology, identity = assets.topology("linear"), assets.identity("tube")
    shirt = topology.part("shirt")
    rest = identity.rest[shirt.vertices].astype(np.float64)
    limbs = face_limbs(topology, shirt.vertices, shirt.faces)
    flat = cloth_layout(topology, identity, rest=rest, faces=shirt.faces, limb_of_face=limbs).reshape(-1, 3, 3)
    corners = rest[shirt.faces]
    edges_m, flat_edges_m = (np.linalg.norm(shape - np.roll(shape, 1, 1), axis=-1) for shape in (corners, flat))
    assert flat_edges_m.max() < 4 * edges_m.max()  # once round the chest is eight times as long as an edge
    assert np.median(flat_edges_m / edges_m) == pytest.approx(1, abs=0.25)
