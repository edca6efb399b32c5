"""A person of tubes: rig, weights, eyes, a shirt, facial actions; small enough for tests."""

import numpy as np

from cuffs.character import Identity, Part, Topology, global_rotations
from cuffs.character.subdivision import subdivision
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import INDEX, JAW, JOINTS, PARENTS
from pose_sources.rest_skeleton import REST_JOINTS

SIDES_OF_TUBE, RINGS = 8, 5
Y_TO_Z = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
RADIUS_M = {"pelvis": 0.13, "spine": 0.13, "neck": 0.06, "head": 0.09, "hip": 0.08, "knee": 0.055, "ankle": 0.04,
            "foot": 0.035, "collar": 0.07, "shoulder": 0.05, "elbow": 0.04, "wrist": 0.03, "eye": 0.012}  # fmt: skip
BONES = [joint for joint in range(len(JOINTS)) if joint != JAW]


def tube_person(skinning="linear"):
    """A topology and an identity whose rest pose has its arms hanging, so that rest rotations matter."""
    heads, tails, rest_rotations = _rest()
    verts, faces, weights, material, eyes = _body(heads, tails)
    bone_of_joint = np.full(55, -1, np.int32)
    bone_of_joint[BONES] = np.arange(len(BONES))
    columns = np.argsort(-weights, axis=1, kind="stable")[:, :3]
    skin_weights = np.take_along_axis(weights, columns, 1)
    torso = np.flatnonzero(weights[:, [bone_of_joint[INDEX[f"spine{n}"]] for n in (1, 2, 3)]].sum(1) > 0.9)
    number_in_shirt = np.full(len(verts), -1)
    number_in_shirt[torso] = np.arange(len(torso))
    shirt_faces = number_in_shirt[faces]
    shirt_faces = shirt_faces[(shirt_faces >= 0).all(1)].astype(np.int32)
    topology = Topology(
        bone_names=np.array([JOINTS[joint] for joint in BONES]),
        bone_parents=np.array([bone_of_joint[PARENTS[joint]] if joint else -1 for joint in BONES], np.int32),
        bone_joint=np.array(BONES, np.int32),
        joint_bone=bone_of_joint,
        skin_bones=columns.astype(np.int32),
        skin_weights=(skin_weights / skin_weights.sum(1, keepdims=True)).astype(np.float32),
        body_vertices=np.arange(len(verts), dtype=np.int32),
        body_faces=faces,
        body_uv=np.zeros((len(faces), 3, 2), np.float32),
        body_material=material,
        material_names=np.array(["skin", "eye"]),
        eye_left=eyes[0],
        eye_right=eyes[1],
        face_action_names=np.array(["jaw_open", "nod"]),
        face_action_vertices=(face := np.flatnonzero(weights[:, bone_of_joint[INDEX["head"]]] > 0.5).astype(np.int32)),
        face_actions=np.stack([np.tile([0, 0, -0.02], (len(face), 1)), np.tile([0.01, 0, 0], (len(face), 1))]).astype(
            np.float32
        ),
        skinning=skinning,
        parts=(
            Part(
                name="shirt",
                kind="shirt",
                vertices=torso.astype(np.int32),
                faces=shirt_faces,
                offset=np.full(len(torso), 0.01, np.float32),
                hides=np.unique(torso[shirt_faces]).astype(np.int32),
                ease=np.ones(len(torso), np.float32),
                **_ties(torso, shirt_faces),
            ),
        ),
        sha256="",
    )
    identity = Identity(
        rest=verts.astype(np.float32),
        bone_heads=heads[BONES],
        bone_tails=tails[BONES],
        rest_rotations=rest_rotations,
        betas=np.zeros(10),
        phenotype_names=np.array(["age"]),
        phenotype=np.array([0.5]),
    )
    return topology, identity


def _ties(torso, faces):
    """The shirt was cut on the skin: every one of its vertices, and every edge's middle, has a triangle beneath it."""
    middle = subdivision(faces, len(torso))
    whole = np.eye(len(torso))
    share = middle.between(whole)
    corners = np.zeros((len(share), 3), np.int32)
    bary = np.zeros((len(share), 3), np.float32)
    for row, weights in enumerate(share):
        own = np.flatnonzero(weights)
        face = faces[np.flatnonzero(np.isin(faces, own).sum(1) == len(own))[0]]
        corners[row], bary[row] = torso[face], weights[face]
    return {"skin_corners": corners, "skin_bary": bary}


def _rest():
    """Joints, bone ends and rest rotations of a pose with hanging arms, z up, feet on the ground."""
    pose = np.zeros((55, 3))
    pose[INDEX["left_shoulder"], 2], pose[INDEX["right_shoulder"], 2] = -0.9, 0.9
    pose[INDEX["left_elbow"], 1] = -0.3
    rotmats = rotvec_to_rotmat(pose)
    turned = Y_TO_Z @ global_rotations(rotmats)
    heads = np.zeros((55, 3))
    for joint in range(1, 55):
        parent = PARENTS[joint]
        heads[joint] = heads[parent] + turned[parent] @ (REST_JOINTS[joint] - REST_JOINTS[parent])
    heads[:, 2] += 0.95
    tails = heads.copy()
    for joint in range(55):
        children = [child for child in BONES if PARENTS[child] == joint and "eye" not in JOINTS[child]]
        if joint == INDEX["head"]:
            tails[joint] = heads[joint] + [0.0, -0.02, 0.16]
        elif "eye" in JOINTS[joint]:
            tails[joint] = heads[joint] + turned[joint] @ [0, 0, 0.02]
        elif children:
            tails[joint] = heads[children].mean(0) if joint else heads[INDEX["spine1"]]
        else:
            step = heads[joint] - heads[PARENTS[joint]]
            tails[joint] = heads[joint] + 0.025 * step / np.linalg.norm(step)
    return heads, tails, turned


def _body(heads, tails):
    verts, faces, weights, material, eyes = [], [], [], [], []
    for bone, joint in enumerate(BONES):
        kind = JOINTS[joint].removeprefix("left_").removeprefix("right_").rstrip("123")
        is_eye = kind == "eye"
        radius = RADIUS_M.get(kind, 0.009)
        points, triangles, along = (_ball if is_eye else _tube)(heads[joint], tails[joint], radius)
        first = sum(map(len, verts))
        own = np.zeros((len(points), len(BONES)))
        own[:, bone] = 1.0
        if joint and not is_eye:  # the near end follows the parent as well
            share = np.clip(0.5 - 1.5 * along, 0, 0.5)
            own[:, bone] -= share
            own[:, BONES.index(PARENTS[joint])] += share
        if is_eye:
            eyes.append(np.arange(first, first + len(points), dtype=np.int32))
        verts.append(points)
        faces.append(triangles + first)
        weights.append(own)
        material.append(np.full(len(triangles), int(is_eye), np.int32))
    return (np.concatenate(verts), np.concatenate(faces).astype(np.int32), np.concatenate(weights),
            np.concatenate(material), eyes)  # fmt: skip


def _tube(start, end, radius):
    axis = end - start
    aside = np.cross(axis, [0.31, 0.87, 0.23])
    aside /= np.linalg.norm(aside)
    upward = np.cross(axis / np.linalg.norm(axis), aside)
    angle = np.arange(SIDES_OF_TUBE) * 2 * np.pi / SIDES_OF_TUBE
    ring = np.cos(angle)[:, None] * aside + np.sin(angle)[:, None] * upward
    along = np.linspace(0, 1, RINGS)
    points = (start + along[:, None, None] * axis + radius * ring).reshape(-1, 3)
    points = np.concatenate([points, [start - 0.3 * radius * axis / np.linalg.norm(axis), end + 0.05 * axis]])
    return points, _grid_faces(RINGS), np.concatenate([np.repeat(along, SIDES_OF_TUBE), [0, 1]])


def _ball(centre, _, radius):
    polar = np.linspace(0, np.pi, RINGS + 2)[1:-1]
    angle = np.arange(SIDES_OF_TUBE) * 2 * np.pi / SIDES_OF_TUBE
    ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    points = (np.sin(polar)[:, None, None] * ring + np.cos(polar)[:, None, None] * [0.0, 0, 1]).reshape(-1, 3)
    points = np.concatenate([points, [[0, 0, 1.0], [0, 0, -1.0]]]) * radius + centre
    return points, _grid_faces(RINGS)[:, ::-1], np.zeros(len(points))


def _grid_faces(rings):
    faces = []
    for row in range(rings - 1):
        for column in range(SIDES_OF_TUBE):
            after = (column + 1) % SIDES_OF_TUBE
            a, b = row * SIDES_OF_TUBE + column, row * SIDES_OF_TUBE + after
            c, d = a + SIDES_OF_TUBE, b + SIDES_OF_TUBE
            faces += [[a, b, d], [a, d, c]]
    near, far = rings * SIDES_OF_TUBE, rings * SIDES_OF_TUBE + 1
    last = (rings - 1) * SIDES_OF_TUBE
    for column in range(SIDES_OF_TUBE):
        after = (column + 1) % SIDES_OF_TUBE
        faces += [[near, after, column], [far, last + column, last + after]]
    return np.array(faces)
