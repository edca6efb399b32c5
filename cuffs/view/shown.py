"""What of a sample is shown, ready to be drawn: nothing here knows the browser."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from cuffs.audit.read import SampleRef, read_for_audit
from cuffs.body import BodyModel, forward
from cuffs.errors import RecordError
from cuffs.records import PersonRecord, Sample
from cuffs.rotations import rotvec_to_rotmat

HEAT = np.array([[38, 70, 160], [40, 160, 190], [120, 200, 90], [250, 210, 60], [215, 48, 39]])
"""Colours from no distance to the most, evenly spaced."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownPerson:
    """One person, camera frame, metres."""

    label_cam: Float[np.ndarray, "verts 3"]
    """The labelled body."""

    joints_cam: Float[np.ndarray, "55 3"]
    """Its joints."""

    target_cam: Float[np.ndarray, "verts 3"] | None
    """The rendered body carried onto the model's vertices, where the recipe kept it."""

    distance_mm: Float[np.ndarray, " verts"] | None
    """How far label and target are apart."""

    text: str
    """Parameters and flags, Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownSample:
    """A sample."""

    sample: Sample
    picture: UInt8[np.ndarray, "height width 3"]
    people: tuple[ShownPerson, ...]
    problems: tuple[str, ...]
    """What is wrong with its files."""


def load_shown(ref: SampleRef, model: BodyModel) -> ShownSample:
    """Read a sample and pose its people.

    Args:
        ref: where it is.
        model: the body model of its label.

    Raises:
        RecordError: if annotation or picture can't be read, or the label is another model's.
    """
    read = read_for_audit(ref)
    if read.sample is None or read.picture is None:
        raise RecordError(f"{ref.tar}:{ref.entry.key} can't be shown: {'; '.join(read.problems)}")
    if read.sample.body_model.sha256 != model.sha256:
        raise RecordError(f"{ref.tar}:{ref.entry.key} was labelled with another body model than {model.name}.")
    people = []
    for number, person in enumerate(read.sample.people):
        target = None if read.targets_cam is None else read.targets_cam[number]
        people.append(_shown_person(model, person, target))
    return ShownSample(sample=read.sample, picture=read.picture, people=tuple(people), problems=read.problems)


def _shown_person(model: BodyModel, person: PersonRecord, target: Float[np.ndarray, "verts 3"] | None) -> ShownPerson:
    smplx = person.smplx
    verts, joints = forward(
        model,
        rotmats=rotvec_to_rotmat(smplx.full_pose())[None],
        betas=smplx.betas[None],
        expression=smplx.expression[None],
        transl=smplx.transl[None],
    )
    distance = None if target is None else 1000 * np.linalg.norm(verts[0] - target, axis=-1)
    return ShownPerson(
        label_cam=verts[0], joints_cam=joints[0], target_cam=target, distance_mm=distance, text=_described(person)
    )


def _described(person: PersonRecord) -> str:
    """A person's label in words and numbers."""
    smplx = person.smplx
    lines = []
    if person.character is not None:
        worn = ", ".join(person.character.garments) or "nothing"
        lines.append(f"**{person.character.identity}** ({person.character.kind}), wears {worn}")
    valid = {
        "left hand": person.hand_valid.left,
        "right hand": person.hand_valid.right,
        "face": person.face_valid,
        "expression": person.expression_valid,
    }
    lines.append("valid: " + ", ".join(f"{name} {'yes' if ok else '**no**'}" for name, ok in valid.items()))
    if person.fit_mm is not None:
        lines += ["", "| residual, mm | mean | p95 | max |", "|---|---|---|---|"]
        for name in ("all", "body", "head", "left_hand", "right_hand", "fingers", "face"):
            stats = getattr(person.fit_mm, name)
            lines.append(f"| {name} | {stats.mean:.2f} | {stats.p95:.2f} | {stats.max:.2f} |")
    lines.append("")
    for name in ("transl", "global_orient", "betas", "expression", "jaw_pose"):
        numbers = " ".join(f"{value:.3f}" for value in getattr(smplx, name))
        lines.append(f"`{name}` {numbers}  ")
    return "\n".join(lines)


def heat_colours(distance_mm: Float[np.ndarray, " verts"], most_mm: float) -> UInt8[np.ndarray, "verts 3"]:
    """A colour for each distance, from blue for none to red for `most_mm` and beyond."""
    share = np.clip(distance_mm / most_mm, 0.0, 1.0) * (len(HEAT) - 1)
    steps = np.arange(len(HEAT))
    return np.stack([np.interp(share, steps, HEAT[:, band]) for band in range(3)], -1).round().astype(np.uint8)
