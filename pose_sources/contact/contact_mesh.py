"""A body model prepared once for looking at the contacts of its poses."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_matrix

from cuffs.body import BodyModel
from cuffs.skeleton import EYEBALLS, FINGERS, SEGMENTS
from pose_sources.contact.groups import BOTH_HANDS, Group, contact_groups, contact_segments

FINE_M: Final = 0.005
"""Triangles with a longer side than this in the rest pose get a sample of the surface at their middle."""

COARSE_M: Final = 0.01
"""Of the vertices of a dense face, ear or toe, one is taken in every cube of this size. Hands keep all."""

BODY_REACH_M: Final = 0.12
"""Nothing is looked for deeper than this: a torso's half thickness."""

DIGIT_REACH_M: Final = 0.02
"""The same for digits in their own hand."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Test:
    """Vertices, and the surface that they are looked for in: all but the limb that they are part of."""

    name: str
    points: Int[np.ndarray, " points"]
    """Numbers of the vertices."""

    counted: Bool[np.ndarray, " segments"]
    """By segment: whether to lie in it is a contact."""

    kept: Bool[np.ndarray, " samples"]
    """The surface without the limb that the vertices are part of."""

    counts: Bool[np.ndarray, " samples"]
    """Where to lie beneath is a contact: in a counted segment, and not at the rim of what was cut away, where inside
    and outside have no meaning."""

    reach_m: float
    """How far from a vertex the surface is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContactMesh:
    """How a body's surface is sampled, and what is compared with what."""

    model: BodyModel
    tests: tuple[Test, ...]
    corners: Int[np.ndarray, "3 faces"]
    """Of the triangles; the eyeballs' are left out."""

    around: csr_matrix
    """Sums the normals of the faces around each of `on_verts`."""

    on_verts: Int[np.ndarray, " on_verts"]
    """Vertices that sample the surface."""

    on_faces: Int[np.ndarray, " on_faces"]
    """Triangles whose middles sample it too."""

    order: Int[np.ndarray, " samples"]
    """Brings these vertices, then these middles, into the order of their segments: so the samples are numbered."""

    segment: Int[np.ndarray, " samples"]
    """In `skeleton.SEGMENTS`."""

    starts: Int[np.ndarray, " segments_and_end"]
    """First sample of each segment; last the number of all."""


def build_contact_mesh(model: BodyModel) -> ContactMesh:
    """Prepare a body model in SMPL-X's layout, whatever its mesh."""
    inside = np.zeros(len(model.v_template), bool)
    for eyeball in EYEBALLS.values():
        inside[eyeball] = True
    faces = model.faces[~inside[model.faces].any(1)]
    segment = contact_segments(model)
    sides = model.v_template[faces] - model.v_template[np.roll(faces, 1, axis=1)]
    fingers = np.isin(segment, [SEGMENTS.index(name) for name in BOTH_HANDS])
    spread = np.unique(faces)
    on_verts = np.union1d(spread[fingers[spread]], _thinned(model.v_template, spread[~fingers[spread]]))
    on_faces = np.flatnonzero(np.linalg.norm(sides, axis=-1).max(1) > FINE_M)
    of_sample = np.concatenate([segment[on_verts], segment[faces[on_faces, 0]]])
    order = np.argsort(of_sample, kind="stable")
    rows, columns = faces.ravel(), np.repeat(np.arange(len(faces)), 3)
    around = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(model.v_template), len(faces)))
    cover = _Cover(segment=segment, faces=faces, on_verts=on_verts, on_faces=on_faces, order=order)
    return ContactMesh(
        model=model,
        tests=tuple(cover.test(group) for group in contact_groups(model)),
        corners=np.ascontiguousarray(faces.T),
        around=around[on_verts],
        on_verts=on_verts,
        on_faces=on_faces,
        order=order,
        segment=of_sample[order],
        starts=np.searchsorted(of_sample[order], np.arange(len(SEGMENTS) + 1)),
    )


def _thinned(places: Float[np.ndarray, "verts 3"], verts: Int[np.ndarray, " some"]) -> Int[np.ndarray, " fewer"]:
    """The first of the vertices in every cube of `COARSE_M`."""
    cubes = np.floor(places[verts] / COARSE_M).astype(np.int64)
    _, first = np.unique(cubes, axis=0, return_index=True)
    return verts[np.sort(first)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cover:
    """How the surface is sampled."""

    segment: Int[np.ndarray, " verts"]
    faces: Int[np.ndarray, "faces 3"]
    on_verts: Int[np.ndarray, " on_verts"]
    on_faces: Int[np.ndarray, " on_faces"]
    order: Int[np.ndarray, " samples"]

    def test(self, group: Group) -> Test:
        own = group.own[self.segment]
        cut = own[self.faces].any(1)
        rim = own.copy()
        rim[self.faces[cut]] = True
        beside = rim[self.faces].any(1)
        removed = self._of_samples(own, cut)
        at_rim = self._of_samples(rim, beside)
        segment = self._of_samples(self.segment, self.segment[self.faces[:, 0]])
        is_digit = group.name.split("_")[-1] in FINGERS
        return Test(
            name=group.name,
            points=np.intersect1d(group.points, self.on_verts),
            counted=group.counted,
            kept=~removed,
            counts=group.counted[segment] & ~at_rim,
            reach_m=DIGIT_REACH_M if is_digit else BODY_REACH_M,
        )

    def _of_samples(self, by_vertex: np.ndarray, by_face: np.ndarray) -> np.ndarray:
        """Values of vertices and faces as the samples are numbered."""
        return np.concatenate([by_vertex[self.on_verts], by_face[self.on_faces]])[self.order]
