"""Eyeballs are attached by direction: two meshes' spheres differ in size, cornea and place, not in where they look."""

import numpy as np
from jaxtyping import Bool, Float

from cuffs.correspond.landmarks import eye_centres
from cuffs.correspond.rigged_mesh import RiggedMesh
from cuffs.correspond.surface import Attachment, Surface, build_surface, closest

Array = np.ndarray


def attach_eyeballs(
    found: Attachment, source: RiggedMesh, target: RiggedMesh, R_target_source: Float[Array, "3 3"]
) -> Attachment:
    """Attach each eyeball's vertices where they lie in the same direction from the eye's centre.

    Args:
        found: of all vertices; those of eyeballs are replaced, and not allowed where the target has no such eyeball.
        source: the body model.
        target: the character at rest, looking straight ahead as the body model does.
        R_target_source: rotation of the body model's head on the target.
    """
    face, bary, point = found.face.copy(), found.bary.copy(), found.point.copy()
    distance, is_allowed = found.distance.copy(), found.is_allowed & ~source.is_eyeball
    ours, theirs = eye_centres(source), eye_centres(target)
    for side in sorted(ours.keys() & theirs.keys()):
        rows = source.eyeballs[side]
        away = (source.verts[rows] - ours[side]) @ R_target_source.T
        radius = np.linalg.norm(away, axis=1)
        sphere = _unit_sphere(target, side, theirs[side])
        unit = away / radius[:, None]
        on_eye = closest(sphere, unit, unit, np.full(len(rows), _segment(target, side)))
        face[rows], bary[rows] = on_eye.face, on_eye.bary
        point[rows] = np.einsum("nc,ncd->nd", on_eye.bary, target.verts[target.faces[on_eye.face]])
        distance[rows] = np.abs(np.linalg.norm(point[rows] - theirs[side], axis=1) - radius)
        is_allowed[rows] = True
    return Attachment(face=face, bary=bary, point=point, normal=found.normal, distance=distance, is_allowed=is_allowed)


def _segment(target: RiggedMesh, side: str) -> int:
    """The segment that the eyeball belongs to on the target."""
    return int(target.segment[target.eyeballs[side]][0])


def _faces_of(target: RiggedMesh, side: str) -> Bool[Array, " faces"]:
    return np.isin(target.faces, target.eyeballs[side]).all(1)


def _unit_sphere(target: RiggedMesh, side: str, centre: Float[Array, "3"]) -> Surface:
    """One eyeball blown up to a unit sphere about its centre."""
    away = target.verts - centre
    length = np.linalg.norm(away, axis=1, keepdims=True)
    blown = RiggedMesh(
        verts=away / np.where(length > 0, length, 1.0),
        faces=target.faces,
        weights=target.weights,
        joints=target.joints,
        eyeballs=target.eyeballs,
    )
    return build_surface(blown, _faces_of(target, side))
