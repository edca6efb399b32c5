"""Whether poses are ones that a person could take, and what speaks against them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel, forward
from cuffs.errors import ConfigError
from cuffs.records import PoseSample
from cuffs.rotations import angle_between_deg, rotvec_to_rotmat
from cuffs.skeleton import FINGERS, INDEX
from pose_sources.anatomy import Anatomy, build_anatomy
from pose_sources.contact import KINDS, ContactMesh, Contacts, build_contact_mesh, mesh_contacts
from pose_sources.limits import violations
from pose_sources.natural.config import NaturalConfig
from pose_sources.procedural.figure import SIDES

FLIPPED_DEG: Final = 80.0
"""An ankle bends by 50 degrees (`limits.RANGES`); one that is turned further than this is a failed fit."""

THUMB_MORE_DEG: Final = 15.0
"""How much further thumbs may leave their range than fingers: body models rest with their thumbs at angles up to 28
degrees apart (SMPL-X's mean hand on the open body)."""

FROZEN_DEG: Final = 0.01
"""Where no joint turns by more than this from frame to frame, the recording stands still."""

BATCH: Final = 16
"""Poses whose meshes are in memory together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason to refuse a pose."""

    name: str
    """What is counted: finger_finger, body_limits, frozen …"""

    detail: str
    """What exactly was found."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judge:
    """Limits, with what is needed to check them."""

    config: NaturalConfig
    anatomy: Anatomy
    mesh: ContactMesh | None

    def causes(self, sample: PoseSample, before: PoseSample | None = None) -> tuple[Cause, ...]:
        """Why a pose is refused; empty where nothing speaks against it.

        Args:
            sample: the pose.
            before: a frame of the same recording beside it, where one is at hand.
        """
        cheap = self._cheap(sample, before)
        return cheap if cheap or self.mesh is None else next(self._on_mesh([sample], self.mesh))

    def all_causes(self, samples: Sequence[PoseSample], before: Sequence[PoseSample | None]) -> list[tuple[Cause, ...]]:
        """The same for many, everything that speaks against each; faster, because their meshes are posed together."""
        mesh = self.mesh
        found = [self._cheap(sample, earlier) for sample, earlier in zip(samples, before, strict=True)]
        if mesh is None:
            return found
        parts = (samples[first : first + BATCH] for first in range(0, len(samples), BATCH))
        deep = [causes for part in parts for causes in self._on_mesh(part, mesh)]
        return [(*one, *other) for one, other in zip(found, deep, strict=True)]

    def _cheap(self, sample: PoseSample, before: PoseSample | None) -> tuple[Cause, ...]:
        rotmats = rotvec_to_rotmat(sample.pose)
        found = [*self._beyond_limits(sample, rotmats)]
        if self.config.flipped_feet:
            found += _flipped_feet(rotmats)
        if self.config.frozen and before is not None:
            moved = float(angle_between_deg(rotmats, rotvec_to_rotmat(before.pose)).max())
            if moved < FROZEN_DEG:
                found.append(Cause(name="frozen", detail="nothing moved since the frame before"))
        return tuple(found)

    def _beyond_limits(self, sample: PoseSample, rotmats: Float[np.ndarray, "55 3 3"]) -> Iterator[Cause]:
        """One cause for the body and one for each hand, naming the joint that is furthest outside its range."""
        worst: dict[str, tuple[float, str]] = {}
        for violation in violations(self.anatomy, rotmats):
            part = _part_of(violation.joint)
            beyond = max(violation.range.low_deg - violation.found_deg, violation.found_deg - violation.range.high_deg)
            beyond -= THUMB_MORE_DEG if "thumb" in violation.joint else 0.0
            worst[part] = max(worst.get(part, (0.0, "")), (beyond, str(violation)))
        for part, (beyond, detail) in sorted(worst.items()):
            limit = self.config.hand_limits_deg if part.endswith("hand") else self.config.body_limits_deg
            if limit is not None and beyond > limit and _known(sample, part):
                yield Cause(name="hand_limits" if part.endswith("hand") else "body_limits", detail=detail)

    def _on_mesh(self, samples: Sequence[PoseSample], mesh: ContactMesh) -> Iterator[tuple[Cause, ...]]:
        bodies = _posed(mesh.model, samples)
        for sample, verts in zip(samples, bodies, strict=True):
            contacts = mesh_contacts(mesh, verts)
            yield (*self._too_deep(contacts), *self._off_ground(sample, verts))

    def _too_deep(self, contacts: Contacts) -> Iterator[Cause]:
        for kind in KINDS:
            limit, found = getattr(self.config, f"{kind}_mm"), contacts[kind]
            if limit is not None and found.depth_mm > limit:
                detail = f"{found.where}: {found.depth_mm:.0f} mm deep, {found.verts} vertices"
                yield Cause(name=kind, detail=detail)

    def _off_ground(self, sample: PoseSample, verts: Float[np.ndarray, "verts 3"]) -> Iterator[Cause]:
        if sample.ground_z is None or sample.transl is None:
            return
        height_mm = 1000 * float(verts[:, 2].min() - sample.ground_z)
        above, below = self.config.above_ground_mm, self.config.below_ground_mm
        if above is not None and height_mm > above:
            yield Cause(name="above_ground", detail=f"{height_mm:.0f} mm above the floor")
        if below is not None and -height_mm > below:
            yield Cause(name="below_ground", detail=f"{-height_mm:.0f} mm below the floor")


def build_judge(config: NaturalConfig, model: BodyModel | None, rest_joints: Float[np.ndarray, "55 3"]) -> Judge:
    """What checks poses against a recipe's limits.

    Args:
        config: the limits.
        model: the body model that the poses are for.
        rest_joints: its joints at rest, metres.

    Raises:
        ConfigError: if limits on the mesh are asked for and there is no body model.
    """
    if config.needs_mesh and model is None:
        raise ConfigError("natural: limits in millimetres need a body model; set them to null to go without.")
    mesh = build_contact_mesh(model) if model is not None and config.needs_mesh else None
    return Judge(config=config, anatomy=build_anatomy(rest_joints - rest_joints[0]), mesh=mesh)


def _posed(model: BodyModel, samples: Sequence[PoseSample]) -> Float[np.ndarray, "batch verts 3"]:
    """Vertices in each pose's own world; of the recorded shape where that is one of this body model's."""
    betas = np.zeros((len(samples), model.num_betas))
    for row, sample in zip(betas, samples, strict=True):
        if sample.betas is not None and sample.betas_model == model.name:
            row[: len(sample.betas)] = sample.betas[: len(row)]
    verts, _ = forward(
        model,
        rotmats=rotvec_to_rotmat(np.stack([sample.pose for sample in samples])),
        betas=betas[:, : max(1, int(np.flatnonzero(betas.any(0)).max(initial=-1)) + 1)],
        expression=np.zeros((len(samples), 1)),
        transl=np.stack([np.zeros(3) if sample.transl is None else sample.transl for sample in samples]),
    )
    return verts


def _flipped_feet(rotmats: Float[np.ndarray, "55 3 3"]) -> Iterator[Cause]:
    ankles = rotmats[[INDEX[f"{side}_ankle"] for side in SIDES]]
    for side, angle in zip(SIDES, angle_between_deg(np.tile(np.eye(3), (2, 1, 1)), ankles).tolist(), strict=True):
        if angle > FLIPPED_DEG:
            yield Cause(name="flipped_foot", detail=f"{side}_ankle is turned by {angle:.0f}°")


def _part_of(joint: str) -> str:
    """left_hand or right_hand for a finger's joint, jaw and eyes for those, else body."""
    for side in SIDES:
        if joint.removeprefix(f"{side}_").rstrip("123") in FINGERS:
            return f"{side}_hand"
    return "face" if joint == "jaw" or joint.endswith("eye") else "body"


def _known(sample: PoseSample, part: str) -> bool:
    """Whether the source measured a part: what it didn't is filled in, and no reason to refuse a pose. Characters get
    faces of their own."""
    known = {"left_hand": sample.valid.left_hand, "right_hand": sample.valid.right_hand, "face": False}
    return known.get(part, sample.valid.body)
