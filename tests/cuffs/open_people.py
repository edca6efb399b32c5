"""The open character and some people, built once into the usual cache; poses; which side of a cloth a point is on."""

from dataclasses import replace
from functools import cache

import numpy as np
import trimesh

from cuffs.character import load_or_build_topology, pose_bones
from cuffs.character.open_identity import IdentityConfig, OpenIdentities, sample_phenotype
from cuffs.character.records import Identity
from cuffs.character.shell import posed_body
from cuffs.places import cache_folder
from cuffs.rotations import rotvec_to_rotmat
from cuffs.seeding import stream
from cuffs.skeleton import FINGERS, INDEX

UPRIGHT = np.array([np.pi / 2, 0.0, 0.0])


@cache
def topology():
    return load_or_build_topology(cache_folder())


@cache
def maker():
    return OpenIdentities(cache_folder(), topology())


@cache
def identity(number=0):
    """A person of the default kind; kept in the cache beside the topology it belongs to."""
    folder = cache_folder() / "characters" / f"tests-{topology().sha256[:16]}"
    path = folder / f"{number}.npz"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        maker().build(sample_phenotype(IdentityConfig(), stream(0, "phenotype", number))).save(path)
    return Identity.load(path)


def with_skinning(kind):
    return replace(topology(), skinning=kind)


def pose(**joints):
    """An upright pose; joints by name, both sides at once where the name has none (mirrored)."""
    found = np.zeros((55, 3))
    found[0] = UPRIGHT
    for name, rotvec in joints.items():
        if name in INDEX:
            found[INDEX[name]] = rotvec
        else:
            found[INDEX[f"left_{name}"]] = rotvec
            found[INDEX[f"right_{name}"]] = np.array(rotvec) * [1, -1, -1]
    return found


def fists():
    return {f"{finger}{k}": [0, 0, -1.3] for finger in FINGERS if finger != "thumb" for k in (1, 2, 3)}


STANDING = {"shoulder": [0, 0, -1.2], "elbow": [0, -0.3, 0]}

POSES = {
    "tpose": pose(),
    "standing": pose(**STANDING),
    "sitting": pose(**STANDING | {"hip": [-1.5, 0.15, 0.1], "knee": [1.5, 0, 0]}),
    "crouching": pose(**STANDING | {"hip": [-2.0, 0.2, 0.25], "knee": [2.3, 0, 0], "spine1": [0.3, 0, 0]}),
    "arms up": pose(collar=[0, 0, 0.3], shoulder=[0, 0, 1.0]),
    "fists": pose(**fists()),
    "walking": pose(**STANDING | {"left_hip": [-0.6, 0, 0], "right_hip": [0.45, 0, 0], "right_knee": [0.7, 0, 0]}),
    "twisted": pose(
        spine1=[0.2, 0.35, 0.15], spine3=[0.1, 0.25, 0.1], neck=[0, 0.5, 0.1], left_shoulder=[0, -0.9, -0.4]
    ),
    "bent": pose(**STANDING | {"hip": [-1.2, 0, 0], "spine1": [0.4, 0, 0], "spine2": [0.4, 0, 0]}),
}


def posed(person, rotvecs, pelvis=(0.0, 0.0, 0.0), kind="dual_quaternion"):
    """Bone transforms of a pose."""
    return pose_bones(with_skinning(kind), person, rotvec_to_rotmat(rotvecs), np.array(pelvis, float))


def at_rest():
    return np.tile(np.eye(4), (len(topology().bone_names), 1, 1))


def rest_skin(person):
    """The skin at rest: without eyes, mouth and teeth."""
    body = posed_body(topology(), person, at_rest(), {})
    names = [str(name) for name in topology().material_names]
    is_skin = np.isin(topology().body_material, [names.index(name) for name in ("skin", "lips", "nails", "ears")])
    return trimesh.Trimesh(body.verts, body.faces[is_skin], process=False)


def outer_faces(part):
    """A garment without the lining of its hems."""
    count = len(np.unique(part.vertices))
    return part.faces[(part.faces < count).all(1)]


def height_above(mesh, points):
    """Distance of points from a mesh, positive on the side that its faces look to; nan where an edge is nearest."""
    closest, distance, face = trimesh.proximity.closest_point(mesh, points)
    height = np.einsum("vi,vi->v", points - closest, mesh.face_normals[face])
    return np.where(np.abs(height) > 0.5 * distance, height, np.nan), distance
