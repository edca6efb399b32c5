"""What open characters wear lies outside their skin, hides no skin that shows, and hair leaves the face free."""

from functools import cache

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cuffs.character.hair_styles import STYLES
from cuffs.character.open_wardrobe import GARMENTS
from cuffs.character.quad_loops import QuadMesh, hem_vertices
from cuffs.character.shell import posed_body, posed_part, posed_shell, visible_body
from cuffs.character.slicing import sliced
from cuffs.skeleton import INDEX, LIMB_OF_JOINT, LIMBS
from tests.cuffs.open_people import POSES, at_rest, height_above, identity, outer_faces, posed, rest_skin, topology

HAIR = (*STYLES, "bald")
LONG_CLOTHES = (
    ("shirt_long", "trousers", "shoes"),
    ("sweater", "shorts", "socks"),
    ("shirt_long_tucked", "skirt_long"),
)
PEOPLE = (0, 2)
WOMEN = (0, 1, 5)


def worn_at_rest(person, part):
    return posed_part(topology(), person, part, T_world_rest=at_rest(), face={})


def cloth(person, name, T_world_rest=None):
    """A garment's outer layer."""
    part = topology().part(name)
    transforms = at_rest() if T_world_rest is None else T_world_rest
    mesh = posed_part(topology(), person, part, T_world_rest=transforms, face={})
    return trimesh.Trimesh(mesh.verts, outer_faces(part), process=False)


@pytest.mark.parametrize("name", GARMENTS)
@pytest.mark.parametrize("number", PEOPLE)
def test_garments_lie_outside_the_skin(name, number):
    person = identity(number)
    outside, _ = height_above(
        rest_skin(person), cloth(person, name).vertices[np.unique(outer_faces(topology().part(name)))]
    )
    assert np.nanmin(outside) > 0


@pytest.mark.parametrize("name", GARMENTS)
def test_masked_skin_lies_inside_its_garment(name):
    person, part = identity(), topology().part(name)
    assert len(part.hides) > 100
    assert np.isin(part.hides, topology().body_vertices).all()
    if part.kind == "skirt":  # open below: its inside is a matter of height
        z = person.rest[part.hides, 2]
        hung = cloth(person, name).vertices[:, 2]
        assert hung.min() < z.min() and z.max() < hung.max()
        return
    height, distance = height_above(cloth(person, name), person.rest[part.hides].astype(float))
    assert (height[np.isfinite(height)] < 0).mean() > 0.97  # in creases the nearest cloth is the other side's
    assert distance.max() < 0.08


@pytest.mark.parametrize("name", GARMENTS)
def test_no_garment_masks_face_or_hands(name):
    hides = topology().part(name).hides
    strongest = topology().skin_bones[hides, topology().skin_weights[hides].argmax(1)]
    limbs = {LIMBS[limb] for limb in LIMB_OF_JOINT[topology().bone_joint[strongest]]}
    assert not limbs & {"left_hand", "right_hand"}
    assert person_heights(hides).max() < person_heights(topology().eye_left).min() - 0.12


def person_heights(vertices):
    return identity().rest[vertices, 2]


@cache
def covered_but_not_masked(names):
    """For each garment the body's vertices that lie beneath it at rest and are shown."""
    person, parts = identity(1), [topology().part(name) for name in names]
    body = posed_body(topology(), person, at_rest(), {})
    shown = np.unique(visible_body(topology(), body, parts).faces)
    found = {}
    for name in names:
        height, distance = height_above(cloth(person, name), body.verts[shown])
        found[name] = shown[(height < -0.0005) & (distance < 0.03)]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("names", LONG_CLOTHES)
@pytest.mark.parametrize("pose", ["sitting", "arms up", "twisted", "bent"])
def test_no_skin_pokes_through_long_clothes(names, pose):
    person = identity(1)
    transforms = posed(person, POSES[pose])
    moved = posed_body(topology(), person, transforms, {}).verts
    meshes = {name: cloth(person, name, transforms) for name in names}
    for name, beneath in covered_but_not_masked(names).items():
        through, near = height_above(meshes[name], moved[beneath])
        poking = beneath[(through > 0.001) & (near < 0.02)]
        covered = np.zeros(len(poking), bool)
        for other in meshes.values() if len(poking) else ():
            above, distance = height_above(other, moved[poking])
            covered |= (above < 0) & (distance < 0.03)
        assert covered.all(), f"{(~covered).sum()} vertices through {name}"


@pytest.mark.parametrize(
    ("number", "outer", "inner"),
    [
        *((number, "shirt_short", "trousers") for number in PEOPLE),
        *((number, "sweater", "shorts") for number in PEOPLE),
        *((number, "shoes", "socks") for number in PEOPLE),
        *((number, "skirt_knee", "shirt_long_tucked") for number in WOMEN),
        *((number, "skirt_short", "tank_tucked") for number in WOMEN),
    ],
)
def test_layers_lie_in_their_order(number, outer, inner):
    person = identity(number)
    mesh = cloth(person, outer)
    points = cloth(person, inner).vertices
    low, high = mesh.vertices[:, 2].min() + 0.02, mesh.vertices[:, 2].max() - 0.02
    height, distance = height_above(mesh, points[(points[:, 2] > low) & (points[:, 2] < high)])
    height = height[(distance < 0.05) & np.isfinite(height)]
    assert (height < 0).mean() > 0.97  # creases apart, as above


@pytest.mark.parametrize("name", GARMENTS)
def test_hems_are_lined_so_the_cloth_ends_near_the_skin(name):
    part, person = topology().part(name), identity()
    count = len(np.unique(part.vertices))
    mesh = worn_at_rest(person, part)
    lining = part.faces[(part.faces >= count).all(1)]
    outer_hem = np.flatnonzero(hem_vertices(outer_faces(part)))
    gap = trimesh.proximity.closest_point(trimesh.Trimesh(mesh.verts, lining, process=False), mesh.verts[outer_hem])[1]
    assert gap.max() < 5e-4  # the lining begins where the cloth ends


@pytest.mark.parametrize("name", HAIR)
@pytest.mark.parametrize("number", PEOPLE)
def test_hair_leaves_eyes_nose_and_mouth_free(name, number):
    person = identity(number)
    mesh = worn_at_rest(person, topology().part(name))
    eyes = [person.bone_heads[topology().joint_bone[INDEX[f"{side}_eye"]]] for side in ("left", "right")]
    middle = np.mean(eyes, axis=0)
    points = np.array([*eyes, middle - [0, 0.03, 0.03], middle - [0, 0.03, 0.07]])
    hits = trimesh.Trimesh(mesh.verts, mesh.faces, process=False).ray.intersects_any(
        points, np.tile([0.0, -1, 0], (4, 1))
    )
    assert not hits.any()


@pytest.mark.parametrize("name", [*STYLES])
@pytest.mark.parametrize("number", PEOPLE)
def test_hair_sits_on_the_head(name, number):
    person, part = identity(number), topology().part(name)
    mesh = worn_at_rest(person, part)
    height, distance = height_above(rest_skin(person), mesh.verts)
    assert distance.max() < max(STYLES[name].top_m, 0.02) + 0.09  # buns and hanging hair included
    assert np.nanmin(height) > -0.006  # hairlines end in the skin
    crown = person.rest[topology().body_vertices][:, 2].max()
    assert crown < mesh.verts[:, 2].max() < crown + STYLES[name].top_m + 0.02 or name == "receding"


@pytest.mark.parametrize("name", HAIR)
def test_all_hair_has_brows_above_the_eyes(name):
    person = identity()
    brows = worn_at_rest(person, topology().part(name)).verts[-60:, 2]
    eye = person.bone_heads[topology().joint_bone[INDEX["left_eye"]]]
    assert 0.005 < (brows - eye[2]).min() < (brows - eye[2]).max() < 0.045


@pytest.mark.parametrize("name", [*STYLES])
def test_hair_looks_outwards(name):
    person = identity()
    mesh = worn_at_rest(person, topology().part(name))
    eye = person.bone_heads[topology().joint_bone[INDEX["left_eye"]]]
    centre = eye * [0, 1, 1] + [0, 0.08, 0.01]
    normals = trimesh.Trimesh(mesh.verts, mesh.faces, process=False).face_normals
    middles = mesh.verts[mesh.faces].mean(1)
    top = middles[:, 2] > centre[2] + 0.04
    assert (np.einsum("fi,fi->f", normals, middles - centre)[top] > 0).mean() > 0.9  # a bun has an underside


def test_the_shell_holds_all_that_shows_and_nothing_else():
    person = identity()
    worn = [topology().part(name) for name in ("trousers", "shirt_short", "short")]
    body = posed_body(topology(), person, at_rest(), {})
    shell = posed_shell(topology(), person, worn, T_world_rest=at_rest(), face={})
    shown = visible_body(topology(), body, worn)
    assert len(shell.faces) == len(shown.faces) + sum(len(part.faces) for part in worn)
    assert not np.isin(topology().body_vertices[shown.faces], np.concatenate([part.hides for part in worn])).any()
    assert len(visible_body(topology(), body, []).faces) == len(topology().body_faces)


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, 25, elements=st.floats(-1, 1)))
def test_both_sides_of_a_slice_make_up_the_whole(field):
    x, y = np.meshgrid(np.arange(5.0), np.arange(5.0))
    points = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1)
    corner = (np.arange(4)[:, None] * 5 + np.arange(4)).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + 1, corner + 6], 1), np.stack([corner, corner + 6, corner + 5], 1)]
    )
    areas = []
    field = np.where(np.abs(field) < 1e-3, 1e-3, field)
    for sign in (1, -1):
        part = sliced(faces, sign * field)
        added = (1 - part.share)[:, None] * points[part.ends[:, 0]] + part.share[:, None] * points[part.ends[:, 1]]
        corners = np.concatenate([points, added])[part.faces]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
        assert (normal >= -1e-12).all()  # nothing is turned over
        areas.append(normal.sum() / 2)
    assert abs(sum(areas) - 16) < 1e-9


def test_a_tube_has_a_loop_a_ring_and_no_others():
    rings, sides = 6, 9
    grid = np.arange(rings * sides).reshape(rings, sides)
    a, b = grid[:-1], grid[1:]
    quads = np.stack([a, np.roll(a, -1, 1), np.roll(b, -1, 1), b], -1).reshape(-1, 4)
    loops = QuadMesh(quads).closed_loops()
    assert sorted(sorted(loop) for loop in loops) == grid.tolist()
    between = QuadMesh(quads).enclosed(3 * sides, [tuple(grid[2].tolist()), tuple(grid[4].tolist())])
    assert between.sum() == 2 * sides
    assert np.array_equal(np.flatnonzero(hem_vertices(quads)), np.concatenate([grid[0], grid[-1]]))


def test_the_topology_has_every_garment_and_haircut():
    assert sorted(part.name for part in topology().parts) == sorted((*GARMENTS, *HAIR))
