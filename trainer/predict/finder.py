"""Pictures in, people out: in the pictures' own pixels and the camera's metres."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from cuffs.records import SmplxRecord
from cuffs.skeleton import NUM_JOINTS
from trainer.data.batches import normalise
from trainer.data.geometry import Framing, frame_picture, whole_picture
from trainer.model.camera import project
from trainer.model.network import MultiHmr
from trainer.model.people import People
from trainer.predict.cameras import GivenCamera, picture_intrinsics
from trainer.predict.pictures import Frame

NEAR_M = 0.05
"""Joints nearer than this are projected as if they were this far."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundPerson:
    """One person, camera frame of the picture."""

    score: float
    head_px: Float[np.ndarray, "2"]
    """The head joint, pixels of the picture."""

    smplx: SmplxRecord
    joints2d: Float[np.ndarray, "55 2"]
    """Pixels of the picture; may lie outside of it."""

    joints3d_cam: Float[np.ndarray, "55 3"]
    """Metres."""

    verts_cam: Float[np.ndarray, "verts 3"]
    """Metres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundPeople:
    """What was found in one picture, near to far."""

    frame: Frame
    K: Float[np.ndarray, "3 3"]
    """Pixels of the picture: the given one, or the one that was assumed."""

    people: tuple[FoundPerson, ...]


def without_pixels(found: FoundPeople) -> FoundPeople:
    """The numbers alone, to be kept for all frames of a film: without the picture's pixels and the vertices."""
    bare = tuple(replace(person, verts_cam=np.zeros((0, 3))) for person in found.people)
    return replace(found, frame=replace(found.frame, pixels=np.zeros((0, 0, 3), np.uint8)), people=bare)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finder:
    """A network and how it is asked."""

    model: MultiHmr
    """In evaluation mode."""

    camera: GivenCamera
    threshold: float
    """Of the score."""

    max_people: int | None
    """Of one picture; None keeps all."""

    def find(
        self, frames: Sequence[Frame], cameras: Sequence[Float[np.ndarray, "3 3"] | None] | None = None
    ) -> list[FoundPeople]:
        """The people of each picture. Pictures of any sizes; none depends on another.

        Args:
            frames: the pictures.
            cameras: K of each, pixels, where it is known; where not, and without the list, `camera` says.

        Raises:
            ConfigError: if the given camera can't be this picture's.
        """
        if not frames:
            return []
        device = self.model.body.v_template.device
        side = self.model.config.image_side
        framings = [whole_picture(f.pixels.shape[1], f.pixels.shape[0], side=side) for f in frames]
        known = [None] * len(frames) if cameras is None else cameras
        cameras = [self._intrinsics(f) if K is None else K for f, K in zip(frames, known, strict=True)]
        squares = np.stack([_square(frame, framing) for frame, framing in zip(frames, framings, strict=True)])
        framed = np.stack([framing.intrinsics(K) for framing, K in zip(framings, cameras, strict=True)])
        people = self.model.detect(
            normalise(torch.from_numpy(squares).to(device)),
            torch.from_numpy(framed).float().to(device),
            threshold=self.threshold,
            max_people=self.max_people,
        )
        image_of = people.image_of.cpu().numpy()
        persons = _persons(people, cameras, framings, image_of)
        return [
            FoundPeople(frame=frame, K=K, people=tuple(persons[row] for row in np.flatnonzero(image_of == number)))
            for number, (frame, K) in enumerate(zip(frames, cameras, strict=True))
        ]

    def _intrinsics(self, frame: Frame) -> Float[np.ndarray, "3 3"]:
        height, width = frame.pixels.shape[:2]
        return picture_intrinsics(self.camera, width=width, height=height, where=frame.where)


def _square(frame: Frame, framing: Framing) -> np.ndarray:
    height, width = frame.pixels.shape[:2]
    return np.asarray(frame_picture(Image.fromarray(frame.pixels), (width, height), framing))


def _persons(
    people: People, cameras: Sequence[np.ndarray], framings: Sequence[Framing], image_of: np.ndarray
) -> list[FoundPerson]:
    """All people at once to the CPU, then one by one into records."""
    bodies = people.bodies
    if not len(image_of):
        return []
    joints = _double(bodies.joints[:, :NUM_JOINTS])
    K = torch.from_numpy(np.stack(cameras)[image_of])
    pixels = project(torch.from_numpy(joints), K, near_m=NEAR_M).numpy()
    back = np.stack([np.linalg.inv(framings[image].matrix()) for image in image_of])
    heads = _double(people.head_px)
    heads_px = heads * back[:, [0, 1], [0, 1]] + back[:, :2, 2]
    rotvecs, verts, scores = _double(people.rotvecs), _double(bodies.verts), _double(people.scores)
    betas, expression, transl = _double(bodies.betas), _double(bodies.expression), _double(bodies.transl)
    return [
        FoundPerson(
            score=float(scores[row]),
            head_px=heads_px[row],
            smplx=SmplxRecord.of_full_pose(
                rotvecs[row], betas=betas[row], expression=expression[row], transl=transl[row]
            ),
            joints2d=pixels[row],
            joints3d_cam=joints[row],
            verts_cam=verts[row],
        )
        for row in range(len(image_of))
    ]


def _double(values: Tensor) -> np.ndarray:
    return values.double().cpu().numpy()
