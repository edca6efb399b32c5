"""How deep a posed body reaches into itself, on its mesh.

A vertex lies inside a surface where the nearest sample of it (its vertices, and the middles of its larger triangles)
has the vertex behind it; the depth is measured along that sample's normal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from cuffs.body import forward
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import SEGMENTS
from pose_sources.contact.contact_mesh import ContactMesh, Test
from pose_sources.contact.groups import KINDS, kind_of

BATCH: Final = 16
"""Poses whose meshes are in memory together."""

STEEP: Final = 0.7
"""Where a vertex is inside, the way to the nearest sample runs along its normal at least this much …"""

BESIDE_M: Final = 0.012
"""… or the sample lies only this far beside it: half as far as samples are apart on a trunk."""

TOUCH_MM: Final = 1.0
"""Vertices are counted from this depth on."""

DEEP_VERTS: Final = 3
"""A depth is one that so many vertices of a limb reach: single ones stick in creases of the skin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How deep one kind of contact goes."""

    depth_mm: float = 0.0
    """What `DEEP_VERTS` vertices reach; 0 where nothing reaches into anything."""

    verts: int = 0
    """How many vertices are deeper than a millimetre."""

    where: str = ""
    """The deepest: what reaches into what."""


Contacts = Mapping[str, Depth]
"""By kind, every one of `KINDS`."""


def measure_contacts(
    mesh: ContactMesh,
    poses: Float[np.ndarray, "batch 55 3"],
    betas: Float[np.ndarray, "batch num_betas"] | None = None,
) -> list[Contacts]:
    """How deep each body reaches into itself.

    Args:
        mesh: from `build_contact_mesh`.
        poses: axis-angle of every joint, radians; hands absolute. The root doesn't matter.
        betas: of each body; the mean shape if None.
    """
    return list(_measured(mesh, poses, np.zeros((len(poses), 1)) if betas is None else betas))


def _measured(mesh: ContactMesh, poses: np.ndarray, betas: np.ndarray) -> Iterator[Contacts]:
    for first in range(0, len(poses), BATCH):
        part = slice(first, first + BATCH)
        verts, _ = forward(
            mesh.model,
            rotmats=rotvec_to_rotmat(poses[part]),
            betas=betas[part],
            expression=np.zeros((len(poses[part]), 1)),
            transl=np.zeros((len(poses[part]), 3)),
        )
        for body in verts:
            yield mesh_contacts(mesh, body)


def mesh_contacts(mesh: ContactMesh, verts: Float[np.ndarray, "verts 3"]) -> Contacts:
    """The same for one body whose vertices are known, metres."""
    surface = _surface(mesh, verts)
    found: dict[str, Depth] = {kind: Depth() for kind in KINDS}
    for test in mesh.tests:
        for number, depth_mm in _depths_mm(verts[test.points], surface, test).items():
            kind = kind_of(test.name, SEGMENTS[number])
            found[kind] = _joined(found[kind], depth_mm, f"{test.name} in {SEGMENTS[number]}")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """The posed surface, sampled; samples of one segment stand together."""

    points: Float[np.ndarray, "samples 3"]
    normals: Float[np.ndarray, "samples 3"]
    """Outward, unit."""

    low: Float[np.ndarray, "segments 3"]
    high: Float[np.ndarray, "segments 3"]
    """Corners of the box around each segment's samples."""

    mesh: ContactMesh

    def around(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Which segments' boxes meet a box."""
        return ((self.low <= high) & (self.high >= low)).all(1)


def _surface(mesh: ContactMesh, verts: Float[np.ndarray, "verts 3"]) -> _Surface:
    a, b, c = (verts[corner] for corner in mesh.corners)
    normals = _cross(b - a, c - a)
    chosen = np.concatenate([mesh.around @ normals, normals[mesh.on_faces]])
    points = np.concatenate([verts[mesh.on_verts], (a[mesh.on_faces] + b[mesh.on_faces] + c[mesh.on_faces]) / 3])
    length = np.sqrt(np.einsum("ij,ij->i", chosen, chosen)).clip(1e-12)
    chosen, points = (chosen / length[:, None])[mesh.order], points[mesh.order]
    starts = mesh.starts[:-1]
    return _Surface(points, chosen, np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts), mesh)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`np.cross` for vectors of three, several times faster."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], 1)


def _depths_mm(
    points: Float[np.ndarray, "points 3"], surface: _Surface, test: Test
) -> dict[int, Float[np.ndarray, " deep"]]:
    """Depths of the vertices that lie inside a surface, by the segment they lie in, millimetres."""
    low, high = points.min(0), points.max(0)
    entered = np.flatnonzero(surface.around(low, high) & test.counted)
    if not len(entered):
        return {}
    points = points[_in_box(points, surface.low[entered].min(0), surface.high[entered].max(0))]
    if not len(points):
        return {}
    low, high = points.min(0) - test.reach_m, points.max(0) + test.reach_m
    near = [
        start + np.flatnonzero(_in_box(surface.points[start:end], low, high) & test.kept[start:end])
        for start, end in (surface.mesh.starts[[one, one + 1]] for one in np.flatnonzero(surface.around(low, high)))
    ]
    samples = np.concatenate(near)
    if not len(samples):
        return {}
    tree = KDTree(surface.points[samples], balanced_tree=False, compact_nodes=False)
    distance, nearest = tree.query(points, distance_upper_bound=test.reach_m)
    found = np.isfinite(distance)
    points, distance, sample = points[found], np.asarray(distance)[found], samples[np.asarray(nearest)[found]]
    depth = np.einsum("pi,pi->p", surface.points[sample] - points, surface.normals[sample])
    straight = (depth > STEEP * distance) | (distance**2 - depth**2 < BESIDE_M**2)
    deep = (depth > TOUCH_MM / 1000) & straight & test.counts[sample]
    segment = surface.mesh.segment[sample]
    return {int(one): 1000 * depth[deep & (segment == one)] for one in np.unique(segment[deep])}


def _in_box(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    inside = (points[:, 0] >= low[0]) & (points[:, 0] <= high[0])
    for axis in (1, 2):
        inside &= (points[:, axis] >= low[axis]) & (points[:, axis] <= high[axis])
    return inside


def _joined(before: Depth, depth_mm: Float[np.ndarray, " deep"], where: str) -> Depth:
    deepest = float(np.sort(depth_mm)[-DEEP_VERTS]) if len(depth_mm) >= DEEP_VERTS else 0.0
    deeper = deepest > before.depth_mm
    return Depth(
        depth_mm=deepest if deeper else before.depth_mm,
        verts=before.verts + len(depth_mm),
        where=where if deeper else before.where,
    )
