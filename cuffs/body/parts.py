"""Which vertices are the head, a hand, the fingers, the face: for any file in SMPL-X's layout."""

import numpy as np
from jaxtyping import Int

from cuffs.body.model import BodyModel
from cuffs.skeleton import EYEBALLS, HANDS, INDEX, NUM_VERTS

HEAD_JOINTS = ("head", "jaw", "left_eye", "right_eye", "neck")


def body_parts(model: BodyModel) -> dict[str, Int[np.ndarray, " verts"]]:
    """Vertex numbers of each part that residuals are stated for.

    all: everything but the eyeballs. left_hand, right_hand: wrist and fingers. fingers: those of both hands.
    head: head, neck and jaw. body: the rest. face: the part of the head in front, around the face landmarks.
    """
    dominant = model.weights.argmax(1)
    skin = np.ones(NUM_VERTS, bool)
    for eyeball in EYEBALLS.values():
        skin[eyeball] = False
    fingers = np.isin(dominant, [joint for hand in HANDS.values() for joint in range(hand.start, hand.stop)])
    hands = {
        side: skin & np.isin(dominant, [INDEX[f"{side}_wrist"], *range(hand.start, hand.stop)])
        for side, hand in HANDS.items()
    }
    head = skin & np.isin(dominant, [INDEX[name] for name in HEAD_JOINTS])
    masks = {
        "all": skin,
        "body": skin & ~head & ~hands["left"] & ~hands["right"],
        "head": head,
        "left_hand": hands["left"],
        "right_hand": hands["right"],
        "fingers": skin & fingers,
        "face": head & _near_landmarks(model),
    }
    return {name: np.flatnonzero(mask) for name, mask in masks.items()}


def _near_landmarks(model: BodyModel) -> np.ndarray:
    """Vertices in front of the ears, between brows and chin: within the landmarks' box and 2 cm around it."""
    points = np.einsum("lki,lk->li", model.v_template[model.faces[model.lmk_faces_idx]], model.lmk_bary)
    low = points.min(0) - np.array([0.02, 0.05, 0.03])
    high = points.max(0) + np.array([0.02, 0.03, 0.05])
    return ((model.v_template >= low) & (model.v_template <= high)).all(1)
