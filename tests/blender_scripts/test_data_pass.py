"""What the data pass says must be what rays through pixel centres meet."""

import io
from dataclasses import replace

import numpy as np
import pytest
from mathutils.bvhtree import BVHTree
from PIL import Image

from cuffs.annotate.passes import UNIT, passes_npz
from cuffs.annotate.visibility import DataPass
from cuffs.camera import inverse, transform, unproject
from cuffs.lens import undistort
from cuffs.records import LightSpec
from cuffs.skeleton import LIMBS
from tests.blender_scripts.scenes import place, scene

pytestmark = pytest.mark.bpy


def cast_rays(spec, people):
    """Who is hit through each pixel's centre, and how far along the optical axis: an independent ray caster."""
    tree, owner = surfaces(spec, people)
    hits = [[tree.ray_cast((0, 0, 0), ray) for ray in row] for row in pixel_rays(spec)]
    person = np.array([[0 if hit[2] is None else owner[hit[2]] for hit in row] for row in hits])
    depth_z = np.array([[0.0 if hit[0] is None else hit[0][2] for hit in row] for row in hits])
    return person, depth_z


def surfaces(spec, people):
    """All triangles before the camera, and whose each is."""
    T_cam_world = inverse(spec.camera.T_world_cam)
    verts, faces, owner = [], [], []
    for number, person in enumerate(people, start=1):
        faces.append(person["shell_faces"] + sum(map(len, verts)))
        verts.append(transform(T_cam_world, person["shell_world"].astype(float)))
        owner.append(np.full(len(person["shell_faces"]), number))
    tree = BVHTree.FromPolygons(np.concatenate(verts).tolist(), np.concatenate(faces).tolist(), all_triangles=True)
    return tree, np.concatenate(owner)


def pixel_rays(spec, aside_px=(0.0, 0.0)):
    """Directions through pixel centres, or a little aside of them, as the lens lets them through."""
    height, width = spec.image.height, spec.image.width
    x, y = np.meshgrid(np.arange(width) + 0.5 + aside_px[0], np.arange(height) + 0.5 + aside_px[1])
    rays = unproject(np.stack([x, y], -1), np.ones((height, width)), spec.camera.K)
    if spec.camera.distortion is not None:
        rays[..., :2] = undistort(rays[..., :2], spec.camera.distortion)
    return rays


def test_people_and_depth_are_what_rays_through_pixel_centres_meet(capture):
    spec = scene(3, people=2, props=())
    found = capture(spec)
    person, depth_z = cast_rays(spec, found.people)
    assert {1, 2} <= set(person.ravel().tolist())
    assert (person != found.data["person"]).sum() <= 3  # rays that graze an edge
    both = (person == found.data["person"]) & (person > 0)
    np.testing.assert_allclose(found.data["depth_z"][both], depth_z[both], rtol=1e-4)


def unexplained(spec, found, differs, *, aside_px):
    """How many of these pixels show somebody whom no ray so far aside of their centres meets either.

    Through a lens that bends, masks hold the nearest of four rays a pixel: a third of a pixel aside at most.
    """
    tree, owner = surfaces(spec, found.people)
    steps = np.linspace(-aside_px, aside_px, 5)
    seen = []
    for x, y in ((x, y) for x in steps for y in steps):
        hits = [tree.ray_cast((0, 0, 0), ray)[2] for ray in pixel_rays(spec, (x, y))[differs]]
        seen.append([0 if hit is None else owner[hit] for hit in hits])
    return int((np.array(seen) != found.data["person"][differs]).all(0).sum())


@pytest.mark.parametrize("lens", [None, (-0.11, 0.03, 0.002, -0.001, 0.0)])
def test_stored_depth_and_normals_are_those_of_the_surfaces_that_rays_meet(capture, lens):
    """A ray that meets the edge between two triangles may see either: one of those a hundredth of a pixel aside."""
    plain = scene(3, people=2, props=())
    spec = replace(plain, camera=replace(plain.camera, distortion=lens))
    found = capture(spec)
    T_cam_world = inverse(spec.camera.T_world_cam)
    shells = [(transform(T_cam_world, p["shell_world"].astype(float)), p["shell_faces"]) for p in found.people]
    data = DataPass(**found.data)
    stored = passes_npz(("depth_z", "normals", "parts"), data, shells, spec.camera.K, spec.camera.distortion)
    with np.load(io.BytesIO(stored)) as arrays:
        depth_z, normals, parts = arrays["depth_z"], arrays["normals"] / UNIT, arrays["parts"]
    person, ray_depth = cast_rays(spec, found.people)
    both = (person == found.data["person"]) & (person > 0)
    assert both.sum() > 500
    assert unexplained(spec, found, person != found.data["person"], aside_px=0.01 if lens is None else 0.36) <= 3
    assert np.abs(depth_z - ray_depth)[both].max() < 1e-3
    told = both & (np.abs(normals).max(-1) > 0)
    assert told.sum() > 0.999 * both.sum()
    tree, _ = surfaces(spec, found.people)
    steps = (-0.01, 0.0, 0.01)
    near = [pixel_rays(spec, (x, y))[told] for x in steps for y in steps]
    met = np.array([[tree.ray_cast((0, 0, 0), ray)[1] or (0, 0, 0) for ray in rays] for rays in near])
    cosine = np.abs((met * normals[told]).sum(-1)).max(0)
    assert np.degrees(np.arccos(cosine.clip(0, 1))).max() < 1.0
    assert ((normals[told] * pixel_rays(spec)[told]).sum(-1) <= 0).all(), "normals point to the camera"
    assert ((parts > 0) == (found.data["person"] > 0)).all()


def test_limbs_are_named_exactly_where_people_are(capture):
    found = capture(scene(4))
    limb, person = found.data["limb"], found.data["person"]
    assert ((limb > 0) == (person > 0)).all()
    assert limb.max() <= len(LIMBS)
    names = {LIMBS[number - 1] for number in np.unique(limb[limb > 0])}
    assert {"torso", "head", "left_arm", "right_arm", "left_leg", "right_leg"} <= names
    rows = np.nonzero(limb == LIMBS.index("head") + 1)[0]
    below = np.nonzero(limb == LIMBS.index("left_leg") + 1)[0]
    assert rows.max() < below.min()


def test_ground_props_and_walls_have_depth_but_are_nobody(capture):
    spec = scene(5)
    found = capture(spec)
    nobody = found.data["person"] == 0
    assert (found.data["depth_z"][nobody] > 0).all()
    bottom = found.data["depth_z"][-1]
    assert bottom.max() < 6


def test_arrays_have_the_shapes_and_types_of_the_contract(capture):
    spec = scene(6, size=(70, 50))
    found = capture(spec)
    assert {name: (array.dtype.name, array.shape) for name, array in found.data.items()} == {
        "person": ("uint8", (50, 70)),
        "limb": ("uint8", (50, 70)),
        "depth_z": ("float32", (50, 70)),
    }
    person = found.people[0]
    assert person["body_world"].dtype == person["shell_world"].dtype == np.float32
    assert person["shell_faces"].dtype == np.int32
    assert person["shell_faces"].max() == len(person["shell_world"]) - 1


def test_a_photograph_has_no_surface(capture, assets_folder):
    Image.new("RGB", (40, 30), (90, 120, 160)).save(assets_folder / "places" / "wall.png")
    spec = scene(7, place=place("photo", "wall.png"), light=LightSpec(kind="sun"), props=())
    found = capture(spec)
    assert (found.data["depth_z"][found.data["person"] == 0] == 0).all()
