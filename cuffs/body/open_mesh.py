"""The open body's mesh: a mirror-symmetric subset of SOMA's vertices, two eyeballs, SMPL-X's numbering."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.body.collapse import HalfCollapse, mirror_pairs
from cuffs.skeleton import EYEBALLS, INDEX, JOINTS, NUM_VERTS, VERTEX_PICKS, mirrored_name

Array = np.ndarray

NUM_SKIN = EYEBALLS["left"].start
NUM_MIDDLE = 193
"""Vertices in the mirror plane: odd, as the number of all skin vertices is."""

RINGS, SECTORS = 17, 32
"""An eyeball: rings between two poles, 546 vertices as SMPL-X's have."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenMesh:
    """Which vertices the open body has."""

    soma: Int[Array, "9383"]
    """Vertex of anny's SOMA topology that each skin vertex is."""

    mirror: Int[Array, "10475"]
    """Mirror image of each vertex in x."""

    faces: Int[Array, "faces 3"]
    eye_directions: Float[Array, "1092 3"]
    """Unit directions of the eyeballs' vertices from their centres, left then right."""


def make_mesh(
    soma_tpose: Float[Array, "verts 3"],
    soma_rest: Float[Array, "verts 3"],
    soma_faces: Int[Array, "faces 3"],
    dominant: Int[Array, " verts"],
) -> OpenMesh:
    """Thin SOMA's mesh out to 9,383 vertices and add eyeballs.

    Args:
        soma_tpose: the mean adult in the T-pose, SMPL-X's axes.
        soma_rest: the same at rest, where the mesh's symmetry is best.
        soma_faces: triangles.
        dominant: the SMPL-X joint that each vertex follows most.
    """
    image = mirror_pairs(soma_rest)
    verts = (soma_tpose + soma_tpose[image] * [-1, 1, 1]) / 2
    middle = np.flatnonzero(image == np.arange(len(image)))
    side = np.sign(soma_rest[:, 0])
    side[middle] = 0
    half = soma_faces[side[soma_faces].max(1) > 0]
    kept, kept_faces = HalfCollapse(verts, half, middle, _importance(verts, dominant)).run(
        middle=NUM_MIDDLE, sides=(NUM_SKIN - NUM_MIDDLE) // 2
    )
    left = np.array([vertex for vertex in kept if side[vertex] > 0])
    chosen = np.concatenate([left, image[left], [vertex for vertex in kept if side[vertex] == 0]])
    chosen = chosen[_order(verts, chosen, dominant)]
    number = np.full(len(verts), -1)
    number[chosen] = np.arange(NUM_SKIN)
    left_faces = number[np.array(kept_faces)]
    mirror = np.concatenate([number[image[chosen]], _eyeball_mirror()])
    right_faces = mirror[left_faces][:, ::-1]
    return OpenMesh(
        soma=chosen,
        mirror=mirror,
        faces=np.concatenate([left_faces, right_faces, _eyeball_faces()]),
        eye_directions=_eyeball_directions(),
    )


def _importance(verts: Float[Array, "verts 3"], dominant: Int[Array, " verts"]) -> Float[Array, " verts"]:
    """Hands and the front of the head keep more of their vertices, as in SMPL-X."""
    hands = np.isin(dominant, [*range(INDEX["left_index1"], len(JOINTS)), INDEX["left_wrist"], INDEX["right_wrist"]])
    head = dominant == INDEX["head"]
    face = head & (verts[:, 2] > np.quantile(verts[head, 2], 0.4))
    return np.where(face, 12.0, np.where(hands, 5.0, 1.0))


def _order(
    verts: Float[Array, "verts 3"], chosen: Int[Array, "9383"], dominant: Int[Array, " verts"]
) -> Int[Array, "9383"]:
    """An order of the chosen vertices that has every vertex pick of SMPL-X on its place."""
    places = find_picks(verts[chosen], dominant[chosen])
    order = np.arange(NUM_SKIN)
    for name, wanted in sorted(VERTEX_PICKS.items()):
        if name in places:
            now = int(np.flatnonzero(order == places[name])[0])
            order[[now, wanted]] = order[[wanted, now]]
    return order


def find_picks(verts: Float[Array, "verts 3"], dominant: Int[Array, " verts"]) -> dict[str, int]:
    """Nose, ears, toes, heels and fingertips of a body in the T-pose, by where they stick out."""
    found: dict[str, int] = {}
    x, y, z = verts.T

    def best(score: Array, mask: Array) -> int:
        return int(np.argmax(np.where(mask, score, -np.inf)))

    head = dominant == INDEX["head"]
    face_height = (y > np.quantile(y[head], 0.25)) & (y < np.quantile(y[head], 0.7))
    found["nose"] = best(z, head & (np.abs(x) < 1e-6) & face_height)
    found["left_ear"] = best(x, head & (np.abs(y - y[found["nose"]]) < 0.05))
    foot = np.isin(dominant, [INDEX["left_ankle"], INDEX["left_foot"]])
    middle = float(np.median(x[dominant == INDEX["left_foot"]]))
    found["left_big_toe"] = best(z, foot & (x < middle))
    found["left_small_toe"] = best(z + 2.0 * x, foot & (x > middle) & (y < np.quantile(y[foot], 0.5)))
    found["left_heel"] = best(-z, foot & (y < y[foot].min() + 0.04))
    for finger in ("thumb", "index", "middle", "ring", "pinky"):
        last = dominant == INDEX[f"left_{finger}3"]
        towards = verts[last].mean(0) - verts[dominant == INDEX[f"left_{finger}2"]].mean(0)
        found[f"left_{finger}_tip"] = best(verts @ towards, last)
    image = {tuple(np.round(place, 7)): number for number, place in enumerate(verts)}
    for name in [name for name in found if name.startswith("left_")]:
        found[mirrored_name(name)] = image[tuple(np.round(verts[found[name]] * [-1, 1, 1], 7) + 0.0)]
    return found


def _sphere() -> tuple[Float[Array, "546 3"], Int[Array, "1088 3"]]:
    """A sphere with its first pole in front (z), the last behind, and its triangles."""
    polar = np.pi * np.arange(1, RINGS + 1) / (RINGS + 1)
    around = 2 * np.pi * np.arange(SECTORS) / SECTORS
    ring = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(around),
            np.sin(polar)[:, None] * np.sin(around),
            np.broadcast_to(np.cos(polar)[:, None], (RINGS, SECTORS)),
        ],
        -1,
    ).reshape(-1, 3)
    last = 1 + RINGS * SECTORS
    faces = []
    for sector in range(SECTORS):
        after = (sector + 1) % SECTORS
        faces.append([0, 1 + sector, 1 + after])
        faces.append([last, last - SECTORS + after, last - SECTORS + sector])
        for first in range(1, 1 + (RINGS - 1) * SECTORS, SECTORS):
            a, b = first + sector, first + after
            faces += [[a, a + SECTORS, b], [b, a + SECTORS, b + SECTORS]]
    return np.concatenate([[[0, 0, 1.0]], ring, [[0, 0, -1.0]]]), np.array(faces)


def _left_order() -> Int[Array, "546"]:
    """Order of the sphere's vertices in the left eyeball: its front pole stands where `smplx` picks the eye."""
    order = np.arange(EYEBALLS["left"].stop - EYEBALLS["left"].start)
    front = VERTEX_PICKS["left_eye"] - EYEBALLS["left"].start
    order[[0, front]] = order[[front, 0]]
    return order


def _eyeball_directions() -> Float[Array, "1092 3"]:
    directions, _ = _sphere()
    return np.concatenate([directions[_left_order()], directions * [-1, 1, 1]])


def _eyeball_faces() -> Int[Array, "2176 3"]:
    _, faces = _sphere()
    place = np.argsort(_left_order())
    return np.concatenate([EYEBALLS["left"].start + place[faces], EYEBALLS["right"].start + faces[:, ::-1]])


def _eyeball_mirror() -> Int[Array, "1092"]:
    """The right eyeball is the left's mirror image, vertex by vertex."""
    order = _left_order()
    right_of_left = EYEBALLS["right"].start + order
    left_of_right = EYEBALLS["left"].start + np.argsort(order)
    found = np.concatenate([right_of_left, left_of_right])
    assert len(found) == NUM_VERTS - NUM_SKIN
    return found
