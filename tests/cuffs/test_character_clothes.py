"""What open characters wear lies outside their skin, hides no skin that shows, and falls as cloth does."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import KDTree

from cuffs.character.cloth_mesh import cloth_mesh
from cuffs.character.open_wardrobe import GARMENTS
from cuffs.character.outfit import OutfitConfig, sample_outfit
from cuffs.character.quad_loops import QuadMesh, hem_vertices
from cuffs.character.shell import posed_body, posed_shell, visible_body
from cuffs.character.slicing import sliced
from cuffs.character.subdivision import subdivision
from cuffs.character.wardrobe import WardrobeConfig, sample_look
from cuffs.character.worn import LAYERS, Wearer, dress, fit_of
from cuffs.mesh_normals import vertex_normals
from cuffs.physical import Cloth, poke_through
from cuffs.records import GarmentSpec, MaterialSpec
from cuffs.skeleton import LIMB_OF_JOINT, LIMBS
from tests.cuffs.open_people import POSES, at_rest, height_above, identity, posed, topology

CLOTH = MaterialSpec(kind="fabric", colour=(0.3, 0.3, 0.3))
PEOPLE = (0, 2)
CLOSE = tuple(name for name, garment in GARMENTS.items() if garment.kind != "skirt")


@cache
def mesh_of(name):
    return cloth_mesh(topology().part(name))


def worn(person, names, T_world_rest, ease_m=0.006):
    garments = [GarmentSpec(name=name, material=CLOTH, ease_m=ease_m) for name in names]
    return dress(topology(), person, garments, T_world_rest)


@cache
def at_rest_worn(number, name):
    return worn(identity(number), (name,), at_rest())[0]


def outer(garment):
    """A garment without the lining of its hems."""
    return trimesh.Trimesh(garment.verts[: garment.mesh.num_finest], garment.mesh.faces, process=False)


@pytest.mark.parametrize("name", GARMENTS)
@pytest.mark.parametrize("number", PEOPLE)
def test_no_skin_pokes_through_a_garment_at_rest(name, number):
    garment = at_rest_worn(number, name)
    body = posed_body(topology(), identity(number), at_rest(), {})
    found = poke_through(topology(), body.verts, [Cloth.of(garment)])
    assert found.share <= 0.001, (found.share, found.deepest_mm)


@pytest.mark.slow
@pytest.mark.parametrize("pose", ["sitting", "arms up", "twisted", "bent", "walking"])
@pytest.mark.parametrize(
    "names",
    [
        ("shirt_long", "trousers", "shoes"),
        ("sweater", "shorts", "socks", "sneakers"),
        ("shirt_long_tucked", "skirt_long", "boots"),
        ("shirt_short_tucked", "trousers", "jacket", "flats"),
    ],
)
def test_no_skin_pokes_through_whole_outfits_in_any_pose(names, pose):
    person, transforms = identity(1), posed(identity(1), POSES[pose])
    body = posed_body(topology(), person, transforms, {})
    found = poke_through(topology(), body.verts, [Cloth.of(one) for one in worn(person, names, transforms)])
    assert found.share <= 0.001, (found.share, found.deepest_mm, found.garment)


def test_skin_that_is_lifted_out_of_its_cloth_is_found():
    person = identity(0)
    body = posed_body(topology(), person, at_rest(), {})
    garments = worn(person, ("trousers",), at_rest())
    inwards = vertex_normals(garments[0].verts, garments[0].faces)
    shrunk = replace(garments[0], verts=garments[0].verts - 0.025 * inwards)
    found = poke_through(topology(), body.verts, [Cloth.of(shrunk)])
    assert found.share > 0.02 and found.deepest_mm > 5 and found.garment == "trousers"


@pytest.mark.parametrize("name", CLOSE)
def test_masked_skin_lies_beneath_its_garment(name):
    part = topology().part(name)
    assert len(part.hides) > 30
    assert np.isin(part.hides, topology().body_vertices).all()
    cloth = outer(at_rest_worn(0, name))
    height, distance = height_above(cloth, identity().rest[part.hides].astype(float))
    assert (height[np.isfinite(height)] < 0).mean() > 0.93  # in creases the nearest cloth is the other side's
    assert distance.max() < 0.08


@pytest.mark.parametrize("name", GARMENTS)
def test_no_garment_masks_face_or_hands(name):
    hides = topology().part(name).hides
    strongest = topology().skin_bones[hides, topology().skin_weights[hides].argmax(1)]
    limbs = {LIMBS[limb] for limb in LIMB_OF_JOINT[topology().bone_joint[strongest]]}
    assert not limbs & {"left_hand", "right_hand"}
    eyes = identity().rest[topology().eye_left, 2].min()
    assert identity().rest[hides, 2].max() < eyes - 0.08


@pytest.mark.parametrize(
    ("number", "over", "under"),
    [
        *((number, "shirt_short", "trousers") for number in PEOPLE),
        *((number, "sweater", "shorts") for number in PEOPLE),
        *((number, "jacket", "shirt_long") for number in PEOPLE),
        *((number, "skirt_knee", "shirt_short_tucked") for number in (0, 1)),
        (0, "shoes", "socks"),
    ],
)
def test_layers_lie_in_their_order(number, over, under):
    inner, outermost = sorted(
        worn(identity(number), (over, under), at_rest()), key=lambda each: LAYERS.index(each.part.kind)
    )
    over_cloth, under_cloth = outer(outermost), outer(inner)
    points = np.arange(0, len(under_cloth.vertices), max(1, len(under_cloth.vertices) // 3000))
    distance, nearest = KDTree(over_cloth.vertices).query(under_cloth.vertices[points])
    normals = over_cloth.vertex_normals[nearest]
    height = np.einsum("vi,vi->v", under_cloth.vertices[points] - over_cloth.vertices[nearest], normals)
    is_beneath = np.einsum("vi,vi->v", normals, under_cloth.vertex_normals[points]) > 0.7
    is_beneath &= np.sqrt(np.maximum(distance**2 - height**2, 0)) < 0.006
    assert is_beneath.sum() > 100
    assert (height[is_beneath] < 0.001).mean() > (
        0.9 if over.startswith("skirt") else 0.97
    )  # waists of skirts are narrow


@pytest.mark.parametrize("name", ["shirt_long", "tank", "skirt_knee", "shoes", "jacket"])
def test_hems_are_lined_so_that_nobody_looks_into_an_empty_sleeve(name):
    garment = at_rest_worn(0, name)
    edges = np.sort(garment.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    open_edges = (counts == 1).sum()
    assert open_edges <= len(garment.rim) + 4  # only the lining's own end is open
    end = garment.verts[-len(garment.rim) :]
    body = posed_body(topology(), identity(0), at_rest(), {})
    _, distance, _ = trimesh.proximity.closest_point(trimesh.Trimesh(body.verts, body.faces, process=False), end[::7])
    assert np.quantile(distance, 0.9) < (0.05 if name == "skirt_knee" else 0.006)


def test_cloth_is_the_same_for_the_same_spec_and_another_for_another_seed():
    person, transforms = identity(0), posed(identity(0), POSES["sitting"])
    spec = GarmentSpec(name="shirt_long", material=CLOTH, ease_m=0.012, seed=3)
    part = topology().part("shirt_long")
    puts = [
        Wearer(topology(), person, transforms).put_on(part, mesh_of("shirt_long"), fit=fit_of(each)).verts
        for each in (spec, spec, replace(spec, seed=4))
    ]
    assert np.array_equal(puts[0], puts[1])
    assert np.abs(puts[0] - puts[2]).max() > 1e-3


def test_wider_clothes_lie_farther_from_the_skin():
    person = identity(0)
    tight, wide = (worn(person, ("trousers",), at_rest(), ease_m=ease_m)[0] for ease_m in (0.001, 0.02))
    assert outer(wide).area > 1.08 * outer(tight).area


def test_the_shell_holds_all_that_shows_and_nothing_else():
    person = identity()
    look = sample_look(
        WardrobeConfig(), topology(), person, traits=np.random.default_rng(0), outfit=np.random.default_rng(1)
    )
    body = posed_body(topology(), person, at_rest(), {})
    shell = posed_shell(topology(), person, look, T_world_rest=at_rest(), face={})
    garments = dress(topology(), person, look.garments, at_rest())
    parts = [garment.part for garment in garments]
    shown = visible_body(topology(), body, parts)
    grown = [topology().part(hair.name) for hair in (*((look.hair,) if look.hair else ()), *look.fur)]
    expected = sum(len(garment.faces) for garment in garments) + sum(len(part.faces) for part in grown)
    assert len(shell.faces) == len(shown.faces) + expected
    assert not np.isin(topology().body_vertices[shown.faces], np.concatenate([part.hides for part in parts])).any()
    assert len(visible_body(topology(), body, []).faces) == len(topology().body_faces)


@pytest.mark.parametrize("number", range(20))
def test_outfits_are_possible_and_a_function_of_their_seed(number):
    person = identity(number % 4)
    draws = [sample_outfit(OutfitConfig(), topology(), person, np.random.default_rng(number)) for _ in range(2)]
    assert draws[0] == draws[1]
    kinds = [topology().part(garment.name).kind for garment in draws[0]]
    assert len(set(kinds)) == len(kinds)
    assert {"trousers", "skirt"} & set(kinds) and {"shirt", "tucked shirt"} & set(kinds)
    if "skirt" in kinds and "tucked shirt" not in kinds:
        assert any("cropped" in garment.name or "straps" in garment.name for garment in draws[0])


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


@settings(max_examples=20, deadline=None)
@given(arrays(np.float64, (3, 3), elements=st.floats(-2, 2)), arrays(np.float64, 3, elements=st.floats(-5, 5)))
def test_subdivision_goes_with_affine_maps_and_keeps_the_plane(linear, offset):
    sphere = trimesh.creation.icosphere(subdivisions=1)
    half = sphere.faces[sphere.vertices[sphere.faces].mean(1)[:, 2] > -0.2]  # open, so that rims are met
    step = subdivision(half, len(sphere.vertices))
    first = step.apply(sphere.vertices @ linear.T + offset)
    assert np.allclose(first, step.apply(sphere.vertices) @ linear.T + offset, atol=1e-9)
    assert len(step.faces) == 4 * len(half)
    flat = step.apply(sphere.vertices * [1, 1, 0])
    assert np.abs(flat[:, 2]).max() == 0


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
