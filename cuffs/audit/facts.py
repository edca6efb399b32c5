"""What is noted of each sample: small, so that a million of them pass through a process one by one."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.audit.cameras import CameraEvidence
from cuffs.audit.hands import HandEvidence
from cuffs.audit.histograms import Distances
from cuffs.audit.registration import Registration
from cuffs.exposure import Exposure
from cuffs.records import PhysicalRecord

PART_NAMES: Final = {
    "all": "whole body",
    "body": "torso, arms, legs",
    "head": "head",
    "left_hand": "left hand",
    "right_hand": "right hand",
    "fingers": "fingers",
    "face": "face",
}
PARTS: Final = tuple(PART_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonFacts:
    """One person of a sample."""

    identity: str | None
    betas_digest: int
    betas: Float[np.ndarray, "10"]
    stored_px: float
    """Largest difference between 2D joints and boxes as stated and as the parameters give them."""

    stored_mm: float
    """Likewise of 3D joints."""

    measured_mm: Mapping[str, tuple[float, float, float]]
    """Mean, p95 and max by part, against kept target vertices; empty without them."""

    stated_mm: Mapping[str, tuple[float, float, float]]
    """Likewise, as the annotation states it; empty where it does not."""

    converged: bool | None
    outside: float | None
    """Share of the body's outline that sticks out of the mask; None where it can't be told."""

    iou: float | None
    """Silhouettes of label and mask; only of people without clothes and hair, with nothing in front of them."""

    pose: Float[np.ndarray, "54 3"]
    """Joint rotations without the root's."""

    hands: HandEvidence | None
    values: Mapping[str, float]
    """For the histograms."""

    sources: tuple[str, ...]
    """Datasets of body and hands."""

    physical: PhysicalRecord | None
    """What can't be in reality; None where it wasn't measured."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleFacts:
    """One sample."""

    key: str
    shard: str
    problems: tuple[str, ...]
    """What is unreadable or contradictory in its files."""

    people: tuple[PersonFacts, ...] = ()
    camera: CameraEvidence | None = None
    registration: Registration | None = None
    fov_error_deg: float = 0.0
    width: int = 0
    height: int = 0
    picture_bytes: int = 0
    """First 8 bytes of the picture's sha256."""

    picture_look: int = 0
    """Digest of what the picture looks like in the coarse."""

    labels_digest: int = 0
    """Of all people's parameters; 0 without people."""

    split: str = ""
    place: str = ""
    light: str = ""
    licences: tuple[str, ...] = ()
    exposure: Exposure | None = None
    """None of photographs."""

    low_light: bool = False
    """Whether a dark picture was asked for."""

    versions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchFacts:
    """Some samples, and their distances by part in one histogram each."""

    samples: tuple[SampleFacts, ...]
    distances: Mapping[str, Distances]


def digest(data: bytes) -> int:
    """8 bytes of a hash."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def betas_digest(betas: Float[np.ndarray, "10"]) -> int:
    """Of a shape, to within rounding."""
    return digest((betas[:10].round(5) + 0.0).tobytes())
