"""What facts about samples come to. Memory stays flat: histograms, sums, and the few samples that are shown."""

import hashlib
import heapq
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.audit.cameras import SCALES, CameraEvidence
from cuffs.audit.facts import PART_NAMES, PARTS, BatchFacts, PersonFacts, SampleFacts, betas_digest
from cuffs.audit.hands import HandEvidence
from cuffs.audit.histograms import QUANTITIES, Distances, Histogram
from cuffs.audit.outline import looking_step
from cuffs.audit.physical import PhysicalTally
from cuffs.audit.thresholds import Thresholds

SHOWN: Final = 50
"""Worst and random samples that are kept for the page, each."""

LISTED: Final = 100
"""Samples that are named for one check."""

GROUPS: Final = 10
"""Interleaved parts of the dataset, whose spread says how certain the focal error is."""

BEFORE: Final = 8
"""Earlier samples that a stale label may come from."""

SAME_POSE_DEG: Final = 2.0
"""Poses whose joints all differ by less are the same."""

CAMERA_GAIN: Final = 0.2
"""A sample speaks against its camera if another one's mean agreement is better by so much."""

SHIFT_GAIN: Final = 0.12
"""Likewise of a shift: clean data stays below 0.07 at 448 px."""

EDGE_RATIO: Final = 1.3
"""A mask's border lies elsewhere if the picture's edges there are stronger by this factor; clean data: below 1.02."""

HAND_MM: Final = 2.0
"""Hands are mistaken where others are nearer to the rendered ones by so much, and nearer than half of the label's."""


@dataclass(slots=True)
class Offenders:
    """Samples that speak against one thing, the first of them by name."""

    number: int = 0
    keys: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    def add(self, key: str, why: str) -> None:
        """Count one."""
        self.number += 1
        if len(self.keys) < LISTED:
            self.keys.append(key)
            self.why.append(why)


@dataclass(slots=True)
class Gains:
    """Mean and spread of how much better something else would be."""

    number: int = 0
    total: float = 0.0
    square: float = 0.0

    def add(self, value: float) -> None:
        """Count one."""
        self.number += 1
        self.total += value
        self.square += value**2

    def mean(self) -> float:
        """Of all; 0 without any."""
        return self.total / self.number if self.number else 0.0

    def certainty(self) -> float:
        """The mean in standard errors."""
        if self.number < 2:
            return 0.0
        variance = max(self.square / self.number - self.mean() ** 2, 1e-12)
        return self.mean() / float(np.sqrt(variance / (self.number - 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A sample that is shown."""

    badness: float
    """Largest measure over its limit."""

    cause: str
    shard: str
    key: str


@dataclass(slots=True)
class Tally:
    """Everything that is known after some samples."""

    limits: Thresholds
    samples: int = 0
    people: int = 0
    unconverged: int = 0
    fits: int = 0
    """People whose annotation says whether their fit converged: labels of other data sets are no fits."""

    outlined: int = 0
    """People whose outline could be held against their mask."""

    seen: int = 0
    """Samples whose labels could be held against mask or picture."""

    distances: dict[str, Distances] = field(default_factory=lambda: {part: Distances() for part in PARTS})
    stated: dict[str, tuple[int, float, float, float]] = field(
        default_factory=lambda: dict.fromkeys(PARTS, (0, 0.0, 0.0, 0.0))
    )
    """Number, sums of means and p95, largest."""

    histograms: dict[str, Histogram] = field(
        default_factory=lambda: {name: Histogram.empty(quantity) for name, quantity in QUANTITIES.items()}
    )
    stored_px: float = 0.0
    stored_mm: float = 0.0
    fov_error_deg: float = 0.0
    iou: list[float] = field(default_factory=lambda: [0.0, 0.0, 1.0])
    """Number, sum, least."""

    offenders: dict[str, Offenders] = field(default_factory=dict)
    camera_gains: dict[str, Gains] = field(default_factory=dict)
    hand_mm: dict[str, Gains] = field(default_factory=dict)
    hand_outline: dict[str, Gains] = field(default_factory=dict)
    curves: Float[np.ndarray, "groups scales"] = field(default_factory=lambda: np.zeros((GROUPS, len(SCALES))))
    curve_samples: int = 0
    radius: float = 0.0
    physical: PhysicalTally = field(default_factory=PhysicalTally)
    names: dict[str, Counter[str]] = field(default_factory=dict)
    """By kind (dataset, licence, place, light, version, split): how often each name occurs."""

    identities: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Digest of the shape and the split of each identity, as first seen; no split where only the plan knows it."""

    shapes: dict[int, str] = field(default_factory=dict)
    """The identity of each shape, as first seen."""

    pictures: list[int] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    before: deque[tuple[str, Float[np.ndarray, "_ 54 3"]]] = field(default_factory=lambda: deque(maxlen=BEFORE))
    worst: list[tuple[float, str, Ranked]] = field(default_factory=list)
    random: list[tuple[int, str, Ranked]] = field(default_factory=list)

    def add(self, batch: BatchFacts) -> None:
        """Count a batch; batches come in the dataset's order."""
        for part, distances in batch.distances.items():
            self.distances[part].merge(distances)
        for sample in batch.samples:
            self._add_sample(sample)

    def offend(self, check: str, key: str, why: str) -> None:
        """Note that a sample speaks against something."""
        self.offenders.setdefault(check, Offenders()).add(key, why)

    def know_identity(self, name: str, betas: Float[np.ndarray, "10"]) -> None:
        """Note an identity's shape before any sample is seen."""
        digest = betas_digest(betas)
        self.identities[name] = (digest, "")
        self.shapes.setdefault(digest, name)

    def seen_identities(self) -> int:
        """How many people there are in the samples."""
        return sum(split != "" for _, split in self.identities.values())

    def is_stale(self, key: str) -> bool:
        """Whether a sample is known to carry an earlier one's pose: it then isn't a duplicate."""
        return key in self.offenders.get("stale", Offenders()).keys

    def _add_sample(self, sample: SampleFacts) -> None:
        self.samples += 1
        for problem in sample.problems:
            self.offend("mask" if problem.startswith("mask") else "files", sample.key, problem)
        for name, value in sample.values.items():
            self.histograms[name].add(value)
        self.fov_error_deg = max(self.fov_error_deg, sample.fov_error_deg)
        for person in sample.people:
            self._add_person(sample, person)
        self._add_outlines(sample)
        for cause, why in self.physical.add(sample, self.limits):
            self.offend(cause, sample.key, why)
        self.seen += sample.camera is not None or sample.registration is not None
        is_stale = self._add_pose(sample)
        if sample.camera is not None:
            self._add_camera(sample, sample.camera, is_explained=is_stale)
        self._add_registration(sample)
        self._name(sample)
        self._rank(sample)
        self.keys.append(sample.key)
        self.pictures.append(sample.picture_bytes)
        self.looks.append(sample.picture_look)
        self.labels.append(sample.labels_digest)

    def _add_person(self, sample: SampleFacts, person: PersonFacts) -> None:
        self.people += 1
        self.unconverged += person.converged is False
        self.fits += person.converged is not None
        self.outlined += person.outside is not None
        for name, value in person.values.items():
            self.histograms[name].add(value)
        for part, (mean, p95, largest) in person.stated_mm.items():
            number, means, p95s, most = self.stated[part]
            self.stated[part] = (number + 1, means + mean, p95s + p95, max(most, largest))
        self.stored_px, self.stored_mm = max(self.stored_px, person.stored_px), max(self.stored_mm, person.stored_mm)
        if person.iou is not None:
            self.iou = [self.iou[0] + 1, self.iou[1] + person.iou, min(self.iou[2], person.iou)]
        self._add_identity(sample, person)
        if person.hands is not None:
            self._add_hands(sample, person.hands)

    def _add_outlines(self, sample: SampleFacts) -> None:
        outside = max((person.outside for person in sample.people if person.outside is not None), default=0.0)
        if outside > self.limits.outside:
            self.offend("outline", sample.key, f"{outside:.0%} of an outline sticks out of the mask")

    def _add_hands(self, sample: SampleFacts, hands: HandEvidence) -> None:
        """Only the mistake that explains most counts: others look like it."""
        for name, gain in hands.gains_mm.items():
            self.hand_mm.setdefault(name, Gains()).add(gain)
        for name, gain in hands.gains_outline.items():
            self.hand_outline.setdefault(name, Gains()).add(gain)
        if hands.own_mm is not None and hands.gains_mm:
            name, gain = max(hands.gains_mm.items(), key=lambda item: item[1])
            if gain > HAND_MM and gain > hands.own_mm / 2:
                self.offend(f"hands: {name}", sample.key, f"fingers would be {gain:.1f} mm nearer")

    def _add_identity(self, sample: SampleFacts, person: PersonFacts) -> None:
        if person.identity is None:
            return
        first = self.identities.setdefault(person.identity, (person.betas_digest, sample.split))
        if not first[1]:
            first = self.identities[person.identity] = (first[0], sample.split)
        if first[0] != person.betas_digest:
            self.offend("identity", sample.key, f"{person.identity} has other shape coefficients than elsewhere")
        if first[1] != sample.split:
            self.offend("splits", sample.key, f"{person.identity} is in {first[1]} and in {sample.split}")
        owner = self.shapes.setdefault(person.betas_digest, person.identity)
        if owner != person.identity and first[0] == person.betas_digest:
            self.offend("identity", sample.key, f"{person.identity} has the shape coefficients of {owner}")

    def _add_camera(self, sample: SampleFacts, camera: CameraEvidence, *, is_explained: bool) -> None:
        """Only the mistake that explains most counts: others look like it, and a stale mesh like any."""
        for name, gain in camera.gains.items():
            self.camera_gains.setdefault(name, Gains()).add(gain)
        if camera.scale_curve is not None:
            self.curves[self.curve_samples % GROUPS] += camera.scale_curve
            self.curve_samples += 1
            self.radius += camera.radius
        if is_explained:
            return
        shift = camera.shift
        name, gain = max(camera.gains.items(), key=lambda item: item[1])
        step = looking_step(sample.width, sample.height)
        length = float(np.hypot(shift.x_px, shift.y_px)) / step
        if gain > max(CAMERA_GAIN, shift.gain):
            self.offend(f"camera: {name}", sample.key, f"outlines agree better by {gain:.2f}")
        elif length >= self.limits.shift_px and shift.gain > SHIFT_GAIN:
            self.offend("shift", sample.key, f"labels lie better at ({shift.x_px:+.0f}, {shift.y_px:+.0f}) px")

    def _add_registration(self, sample: SampleFacts) -> None:
        found = sample.registration
        if found is None:
            return
        step = looking_step(sample.width, sample.height)
        if found.mirrored_ratio > EDGE_RATIO:
            self.offend("camera: mirrored", sample.key, "the picture's edges are those of the mirrored mask")
        elif np.hypot(found.x_px, found.y_px) / step >= self.limits.shift_px and found.ratio > EDGE_RATIO:
            self.offend("shift", sample.key, f"the picture is ({found.x_px:+.0f}, {found.y_px:+.0f}) px off its mask")

    def _add_pose(self, sample: SampleFacts) -> bool:
        """Compare poses with earlier samples'. Whether a sample is stale: has a pose of theirs, and looks otherwise."""
        if not sample.people:
            return False
        poses = np.stack([person.pose for person in sample.people])
        found = None
        for number, person in enumerate(sample.people):
            if self.before:
                apart = np.degrees(np.linalg.norm(poses[number] - self.before[-1][1][0], axis=-1))
                self.histograms["pose_change_deg"].add(float(apart.mean()))
            if person.outside is not None and person.outside > self.limits.outside:
                found = found or self._earlier(poses[number])
        self.before.append((sample.key, poses))
        if found:
            self.offend("stale", sample.key, f"has the pose of {found}, but its picture shows another")
        return found is not None

    def _earlier(self, pose: Float[np.ndarray, "54 3"]) -> str | None:
        """The key of a sample before that has somebody in this pose."""
        for key, poses in self.before:
            apart_deg = np.degrees(np.linalg.norm(poses - pose, axis=-1).max(-1))
            if float(apart_deg.min()) < SAME_POSE_DEG:
                return key
        return None

    def _name(self, sample: SampleFacts) -> None:
        found = {
            "place": [sample.place],
            "light": [sample.light],
            "split": [sample.split],
            "licence": sample.licences,
            "version": [f"{name} {version}" for name, version in sample.versions.items()],
            "dataset": [dataset for person in sample.people for dataset in person.sources],
        }
        for kind, names in found.items():
            self.names.setdefault(kind, Counter()).update(name for name in names if name)

    def _rank(self, sample: SampleFacts) -> None:
        """Keep the worst, and those whose hash is least: a random choice that is the same every time."""
        badness, cause = _badness(sample, self.limits)
        ranked = Ranked(badness=badness, cause=cause, shard=sample.shard, key=sample.key)
        heapq.heappush(self.worst, (badness, sample.key, ranked))
        if len(self.worst) > SHOWN:
            heapq.heappop(self.worst)
        draw = int.from_bytes(hashlib.blake2b(sample.key.encode(), digest_size=6).digest(), "big")
        heapq.heappush(self.random, (-draw, sample.key, ranked))
        if len(self.random) > SHOWN:
            heapq.heappop(self.random)


def _badness(sample: SampleFacts, limits: Thresholds) -> tuple[float, str]:
    """The measure that is largest relative to its limit, and its name."""
    found: list[tuple[float, str]] = [(0.0, "")]
    if sample.problems:
        found.append((100.0, sample.problems[0]))
    for person in sample.people:
        residuals: Mapping[str, tuple[float, float, float]] = person.measured_mm or person.stated_mm
        for part, limit in limits.mean_mm.items():
            if part in residuals:
                found.append((residuals[part][0] / limit, f"{PART_NAMES.get(part, part)} {residuals[part][0]:.2f} mm"))
        if person.outside is not None:
            found.append((person.outside / limits.outside, f"{person.outside:.0%} of an outline out of the mask"))
    if sample.camera is not None and sample.camera.shift.gain > SHIFT_GAIN:
        found.append((sample.camera.shift.gain / SHIFT_GAIN, "labels lie better elsewhere"))
    return max(found)
