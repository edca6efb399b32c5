"""Points that can be named on any rigged human mesh: joints, and the places where its parts end.

Each is found from a mesh's own geometry and its own joints, by the same code for the body model and for a character
never seen before. Nothing is taken from a known correspondence.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from cuffs.correspond.rigged_mesh import RiggedMesh
from cuffs.skeleton import FINGERS, INDEX

Array = np.ndarray

TIP_SHARE: Final = 0.04
"""An end is the mean of the part's vertices in the last 4 % of its length: the tessellation matters less."""

SIDES: Final = ("left", "right")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landmark:
    """A named end of a part: the mean of a few vertices."""

    name: str
    vertices: Int[Array, " n"]
    point: Float[Array, "3"]


def extremal_landmarks(mesh: RiggedMesh) -> dict[str, Landmark]:
    """Fingertips, toes, heels, crown, nose, ears: the farthest points of a part along a direction that the joints give.

    A landmark whose joints or vertices a mesh lacks is left out.
    """
    found: dict[str, Landmark] = {}
    for name, (part, direction) in _ends(mesh).items():
        if len(part) and np.isfinite(direction).all():
            found[name] = _farthest(name, mesh.verts, part, direction)
    return found


def eye_centres(mesh: RiggedMesh) -> dict[str, Float[Array, "3"]]:
    """Middle of each eyeball's box; empty where the mesh has no eyeballs."""
    return {
        side: (mesh.verts[numbers].min(0) + mesh.verts[numbers].max(0)) / 2
        for side, numbers in mesh.eyeballs.items()
        if len(numbers)
    }


def _ends(mesh: RiggedMesh) -> dict[str, tuple[Int[Array, " _"], Float[Array, "3"]]]:
    """Part and direction of every landmark."""
    ends = _head_ends(mesh)
    for side in SIDES:
        for finger in FINGERS:
            last = _joint(mesh, f"{side}_{finger}3")
            ends[f"{side}_{finger}_tip"] = (
                _moved_by(mesh, f"{side}_{finger}3"),
                last - _joint(mesh, f"{side}_{finger}2"),
            )
        ends |= _foot_ends(mesh, side)
    return ends


def _foot_ends(mesh: RiggedMesh, side: str) -> dict[str, tuple[Int[Array, " _"], Float[Array, "3"]]]:
    """Toe tip and heel: along the foot, level with respect to the shin."""
    ankle, toes = _joint(mesh, f"{side}_ankle"), _joint(mesh, f"{side}_foot")
    shin = _unit(ankle - _joint(mesh, f"{side}_knee"))
    along = toes - ankle
    level = along - shin * (along @ shin)
    foot = _moved_by(mesh, f"{side}_ankle", f"{side}_foot")
    return {
        f"{side}_toe": (foot, level),
        f"{side}_heel": (foot, shin * np.linalg.norm(level) * 0.7 - level),
    }


def _head_ends(mesh: RiggedMesh) -> dict[str, tuple[Int[Array, " _"], Float[Array, "3"]]]:
    """Crown, nose and ears, in the frame that the eyes and the head joint span."""
    left, right = (_eye(mesh, side) for side in SIDES)
    across, middle = _unit(left - right), (left + right) / 2
    rise = middle - _joint(mesh, "neck")
    span = np.linalg.norm(left - right)
    head = _moved_by(mesh, "head", "jaw")
    head = head[~mesh.is_eyeball[head]]
    if not np.isfinite(rise).all() or not len(head):
        return {}
    rise = rise - across * (rise @ across)
    lean = _joint(mesh, "head") - middle
    front = _unit(np.cross(across, rise))
    front = front if front @ lean < 0 else -front
    up = _unit(np.cross(front, across))
    up = up if up @ rise > 0 else -up
    offset = mesh.verts[head] - middle
    central = np.abs(offset @ across) < 0.3 * span
    below = (offset @ up < 0) & (offset @ up > -1.0 * span)
    level = np.abs(offset @ up) < 1.2 * span
    return {
        "crown": (head, up),
        "nose": (head[central & below], front),
        "left_ear": (head[level], across),
        "right_ear": (head[level], -across),
    }


def _farthest(
    name: str, verts: Float[Array, "verts 3"], part: Int[Array, " n"], direction: Float[Array, "3"]
) -> Landmark:
    along = verts[part] @ _unit(direction)
    limit = along.max() - TIP_SHARE * (along.max() - along.min())
    chosen = part[along >= limit]
    return Landmark(name=name, vertices=chosen, point=verts[chosen].mean(0))


def _moved_by(mesh: RiggedMesh, *joints: str) -> Int[Array, " n"]:
    return np.flatnonzero(np.isin(mesh.dominant_joint, [INDEX[joint] for joint in joints]))


def _joint(mesh: RiggedMesh, name: str) -> Float[Array, "3"]:
    return mesh.joints[INDEX[name]]


def _eye(mesh: RiggedMesh, side: str) -> Float[Array, "3"]:
    """Middle of the eyeball, or the eye joint of a mesh without."""
    centres = eye_centres(mesh)
    return centres[side] if side in centres else _joint(mesh, f"{side}_eye")


def _unit(vector: Float[Array, "3"]) -> Float[Array, "3"]:
    return vector / np.linalg.norm(vector)
