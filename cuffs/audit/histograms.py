"""Histograms in flat memory: distances for percentiles, and quantities for charts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float, Int

BIN_MM: Final = 0.02
MAX_MM: Final = 400.0


@dataclass(slots=True)
class Distances:
    """A histogram of distances in millimetres, for means and percentiles."""

    counts: Int[np.ndarray, " bins"] = field(default_factory=lambda: np.zeros(int(MAX_MM / BIN_MM) + 1, np.int64))
    total: float = 0.0
    largest: float = 0.0

    def add(self, values_mm: Float[np.ndarray, " values"]) -> None:
        """Count some more."""
        bins = np.minimum(values_mm / BIN_MM, len(self.counts) - 1).astype(np.int64)
        self.counts += np.bincount(bins, minlength=len(self.counts))
        self.total += float(values_mm.sum())
        self.largest = max(self.largest, float(values_mm.max(initial=0.0)))

    def merge(self, other: "Distances") -> None:
        """Count what another histogram has."""
        self.counts += other.counts
        self.total += other.total
        self.largest = max(self.largest, other.largest)

    def stats(self) -> dict[str, float | int | None]:
        """Mean, p95, p99, max and count; null without values."""
        number = int(self.counts.sum())
        if number == 0:
            return {"mean": None, "p95": None, "p99": None, "max": None, "count": 0}
        share = np.cumsum(self.counts) / number
        p95, p99 = (float((np.searchsorted(share, level) + 0.5) * BIN_MM) for level in (0.95, 0.99))
        return {
            "mean": round(self.total / number, 4),
            "p95": round(p95, 3),
            "p99": round(p99, 3),
            "max": round(self.largest, 3),
            "count": number,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Something that is drawn as a histogram."""

    title: str
    unit: str
    low: float
    high: float
    """Values beyond are counted in the first and the last bin."""

    bins: int = 40
    whole: bool = False
    """Whether values are whole numbers, each the middle of a bin."""


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "distance_m": Quantity(title="Distance of the pelvis", unit="m", low=0, high=10),
    "fov_x_deg": Quantity(title="Horizontal field of view", unit="°", low=0, high=120),
    "yaw_deg": Quantity(title="Yaw: 0 faces the camera", unit="°", low=-180, high=180),
    "pitch_deg": Quantity(title="Pitch: camera looks down on the body", unit="°", low=-90, high=90),
    "hand_px": Quantity(title="Larger hand", unit="px", low=0, high=200),
    "beta_abs_max": Quantity(title="Largest shape coefficient", unit="σ", low=0, high=6),
    "body_angle_deg": Quantity(title="Mean angle of body joints", unit="°", low=0, high=80),
    "finger_angle_deg": Quantity(title="Mean angle of finger joints", unit="°", low=0, high=80),
    "pose_change_deg": Quantity(title="Pose spread: mean joint angle to the sample before", unit="°", low=0, high=100),
    "people": Quantity(title="People in a picture", unit="", low=-0.5, high=8.5, bins=9, whole=True),
    "visible_fraction": Quantity(title="Visible fraction", unit="", low=0, high=1, bins=20),
    "truncation": Quantity(title="Truncation: joints out of the frame", unit="", low=0, high=1, bins=20),
    "outside": Quantity(title="Outline sticking out of the mask", unit="", low=0, high=0.5, bins=25),
    "fingertip_px": Quantity(title="Fingertips: label against rendered body", unit="px", low=0, high=10, bins=200),
}


@dataclass(slots=True)
class Histogram:
    """Counts of one quantity."""

    quantity: Quantity
    counts: Int[np.ndarray, " bins"]
    total: float = 0.0

    @classmethod
    def empty(cls, quantity: Quantity) -> "Histogram":
        """Without values."""
        return cls(quantity=quantity, counts=np.zeros(quantity.bins, np.int64))

    def add(self, value: float) -> None:
        """Count one value."""
        low, high, bins = self.quantity.low, self.quantity.high, self.quantity.bins
        self.counts[int(np.clip((value - low) / (high - low) * bins, 0, bins - 1))] += 1
        self.total += value

    def figures(self) -> dict[str, object]:
        """Counts, edges, mean, and quantiles (to within a bin, as if its values were spread evenly), for JSON."""
        quantity, number = self.quantity, int(self.counts.sum())
        edges = np.linspace(quantity.low, quantity.high, quantity.bins + 1)
        levels = [self._quantile(level, edges) for level in (0.05, 0.5, 0.95)] if number else None
        return {
            "title": quantity.title,
            "unit": quantity.unit,
            "counts": self.counts.tolist(),
            "edges": [round(float(edge), 4) for edge in edges],
            "count": number,
            "mean": round(self.total / number, 4) if number else None,
            "p5_p50_p95": levels,
        }

    def _quantile(self, level: float, edges: Float[np.ndarray, " edges"]) -> float:
        below = np.cumsum(self.counts)
        place = int(np.searchsorted(below, level * below[-1]))
        if self.quantity.whole:
            return round(float(edges[place : place + 2].mean()), 4)
        into = (level * below[-1] - (below[place] - self.counts[place])) / self.counts[place]
        return round(float(edges[place] + into * (edges[place + 1] - edges[place])), 4)
