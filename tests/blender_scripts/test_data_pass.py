"""What the data pass says must be what rays through pixel centres meet."""

import io

import numpy as np
import pytest
from mathutils.bvhtree import BVHTree
from PIL import Image

from cuffs.annotate.passes import UNIT, passes_npz
from cuffs.annotate.visibility import DataPass
from cuffs.camera import inverse, transform, unproject
from cuffs.records import LightSpec
from cuffs.skeleton import LIMBS
from tests.blender_scripts.scenes import place, scene

pytestmark = pytest.mark.bpy


def cast_rays(spec, people, *, with_normals=False):
    """Who is hit through each pixel's centre, and how far along the optical axis: an independent ray caster."""
    T_cam_world = inverse(spec.camera.T_world_cam)
    verts, faces, owner = [], [], []
    for number, person in enumerate(people, start=1):
        faces.append(person["shell_faces"] + sum(map(len, verts)))
        verts.append(transform(T_cam_world, person["shell_world"].astype(float)))
        owner.append(np.full(len(person["shell_faces"]), number))
    tree = BVHTree.FromPolygons(np.concatenate(verts).tolist(), np.concatenate(faces).tolist(), all_triangles=True)
    owner = np.concatenate(owner)
    height, width = spec.image.height, spec.image.width
    centres = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), -1)
    rays = unproject(centres, np.ones((height, width)), spec.camera.K)
    hits = [[tree.ray_cast((0, 0, 0), ray) for ray in row] for row in rays]
    person = np.array([[0 if hit[2] is None else owner[hit[2]] for hit in row] for row in hits])
    depth_z = np.array([[0.0 if hit[0] is None else hit[0][2] for hit in row] for row in hits])
    if not with_normals:
        return person, depth_z
    return person, depth_z, np.array([[(0, 0, 0) if hit[1] is None else tuple(hit[1]) for hit in row] for row in hits])


def test_people_and_depth_are_what_rays_through_pixel_centres_meet(capture):
    spec = scene(3, people=2, props=())
    found = capture(spec)
    person, depth_z = cast_rays(spec, found.people)
    assert {1, 2} <= set(person.ravel().tolist())
    assert (person != found.data["person"]).sum() <= 3  # rays that graze an edge
    both = (person == found.data["person"]) & (person > 0)
    np.testing.assert_allclose(found.data["depth_z"][both], depth_z[both], rtol=1e-4)


def test_stored_depth_and_normals_are_those_of_the_surfaces_that_rays_meet(capture):
    spec = scene(3, people=2, props=())
    found = capture(spec)
    T_cam_world = inverse(spec.camera.T_world_cam)
    shells = [(transform(T_cam_world, p["shell_world"].astype(float)), p["shell_faces"]) for p in found.people]
    data = DataPass(**found.data)
    stored = passes_npz(("depth_z", "normals", "parts"), data, shells, spec.camera.K, spec.camera.distortion)
    with np.load(io.BytesIO(stored)) as arrays:
        depth_z, normals, parts = arrays["depth_z"], arrays["normals"] / UNIT, arrays["parts"]
    person, ray_depth, ray_normals = cast_rays(spec, found.people, with_normals=True)
    both = (person == found.data["person"]) & (person > 0)
    assert both.sum() > 500
    assert np.abs(depth_z - ray_depth)[both].max() < 1e-3
    assert (np.abs(normals).max(-1) > 0)[both].mean() > 0.999
    cosine = np.abs((normals * ray_normals).sum(-1))[both & (np.abs(normals).max(-1) > 0)]
    turned_deg = np.degrees(np.arccos(cosine.clip(0, 1)))
    assert np.quantile(turned_deg, 0.995) < 1.0  # on the edge between two triangles either is right
    rays = unproject(np.argwhere(both)[None, :, ::-1] + 0.5, np.ones((1, both.sum())), spec.camera.K)[0]
    assert ((normals[both] * rays).sum(-1) <= 0).all(), "normals point to the camera"
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
