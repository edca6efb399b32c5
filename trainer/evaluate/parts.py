"""Measures on SMPL-X's own mesh: whole body, hands, face."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from cuffs.body import BodyModel, body_parts, joint_regressor
from cuffs.skeleton import BODY, INDEX
from trainer.evaluate.licensed import BODY as BODY_VERTS
from trainer.evaluate.licensed import HANDS, HEAD, find, read_array, read_named, vertex_numbers
from trainer.evaluate.measures import aligned_mm, centred_mm
from trainer.evaluate.shots import Errors, Figure, project_px
from trainer.predict.finder import FoundPerson

MEASURES: Final = (
    "pve", "pa_pve", "hands_pve", "pa_hands_pve", "face_pve", "pa_face_pve", "mpjpe", "pa_mpjpe",
)  # fmt: skip
BODY_JOINTS: Final = slice(0, BODY.stop)
PELVIS, NECK = INDEX["pelvis"], INDEX["neck"]
WRISTS: Final = (INDEX["left_wrist"], INDEX["right_wrist"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """What to measure on SMPL-X's mesh."""

    regressor: Float[np.ndarray, "55 verts"]
    left_hand: Int[np.ndarray, " left"]
    right_hand: Int[np.ndarray, " right"]
    face: Int[np.ndarray, " face"]
    body: Int[np.ndarray, " body"]
    """AGORA's, without hands and head."""

    notes: tuple[str, ...]


def find_parts(model: BodyModel, assets: Path | None) -> Parts:
    """Hands and face as MANO and FLAME have them where the user has those lists, else as our own reports have them.

    Raises:
        AssetBroken: if a list is there and wrong.
    """
    own, notes = body_parts(model), []
    left, right, face = own["left_hand"], own["right_hand"], own["face"]
    path = find(assets, HANDS)
    if path is None:
        notes.append(f"hands: vertices moved most by wrist and fingers ({HANDS.names[0]}, MANO's own, is not there)")
    else:
        arrays = read_named(path, HANDS)
        empty = np.zeros(0)
        left, right = (vertex_numbers(arrays.get(f"{side}_hand", empty), path, HANDS) for side in ("left", "right"))
    path = find(assets, HEAD)
    if path is None:
        notes.append(f"face: vertices around the face's landmarks ({HEAD.names[0]}, FLAME's whole head, is not there)")
    else:
        face = vertex_numbers(read_array(path, HEAD), path, HEAD)
    path = find(assets, BODY_VERTS)
    body = own["body"] if path is None else vertex_numbers(read_array(path, BODY_VERTS), path, BODY_VERTS)
    if path is None:
        notes.append(f"AGORA's body: all but hands and head ({BODY_VERTS.names[0]}, its own list, is not there)")
    return Parts(
        regressor=joint_regressor(model.path),
        left_hand=left,
        right_hand=right,
        face=face,
        body=body,
        notes=tuple(notes),
    )


def mesh_figure(
    verts: Float[np.ndarray, "verts 3"],
    K: Float[np.ndarray, "3 3"],
    parts: Parts,
    *,
    hands: tuple[bool, bool] = (True, True),
    face: bool = True,
) -> Figure:
    """Somebody as a mesh; joints are regressed from it, so that guesses and truth have them in the same way."""
    joints = parts.regressor @ verts
    points = project_px(joints[BODY_JOINTS], K)
    return Figure(points_px=points, joints=joints, verts=verts, hands=hands, face=face)


def mesh_figures(parts: Parts) -> Callable[[FoundPerson, np.ndarray], Figure]:
    """How somebody found becomes a figure."""
    return lambda person, K: mesh_figure(person.verts_cam, K, parts)


def mesh_errors(parts: Parts) -> Callable[[Figure, Figure], Errors]:
    """PVE at the pelvis, each hand at its wrist, the face at the neck; PA- after the part's own best similarity."""

    def errors(ours: Figure, truth: Figure) -> Errors:
        def at(joint: int, verts: np.ndarray) -> float:
            return centred_mm(ours.verts[verts], truth.verts[verts], ours.joints[joint], truth.joints[joint])

        def aligned(verts: np.ndarray) -> float:
            return aligned_mm(ours.verts[verts], truth.verts[verts])

        everything = np.arange(len(truth.verts))
        sides = zip(truth.hands, WRISTS, (parts.left_hand, parts.right_hand), strict=True)
        hands = [(wrist, verts) for valid, wrist, verts in sides if valid]
        faces = [parts.face] if truth.face else []
        ours_body, true_body = ours.joints[BODY_JOINTS], truth.joints[BODY_JOINTS]
        return {
            "pve": [at(PELVIS, everything)],
            "pa_pve": [aligned(everything)],
            "hands_pve": [at(wrist, verts) for wrist, verts in hands],
            "pa_hands_pve": [aligned(verts) for _, verts in hands],
            "face_pve": [at(NECK, verts) for verts in faces],
            "pa_face_pve": [aligned(verts) for verts in faces],
            "mpjpe": [centred_mm(ours_body, true_body, ours.joints[PELVIS], truth.joints[PELVIS])],
            "pa_mpjpe": [aligned_mm(ours_body, true_body)],
        }

    return errors
