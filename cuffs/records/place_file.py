"""What planning knows of a user's panorama, photograph or room."""

from dataclasses import dataclass

from cuffs.records.checks import require_range


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFile:
    """A file in a plan's assets/places."""

    name: str
    horizon: float = 0.5
    """Of a photograph: where its horizon lies, as a share of its height from the top."""

    fov_x_deg: float = 65.0
    """Of a photograph: its horizontal angle of view."""

    spots: tuple[tuple[float, float, float], ...] = ((0.0, 0.0, 0.0),)
    """Of a .blend room: where people may stand, in its own axes, metres."""

    def __post_init__(self) -> None:
        require_range(f"{self.name}: horizon", self.horizon, -2.0, 3.0)
        require_range(f"{self.name}: fov_x_deg", self.fov_x_deg, 5.0, 150.0)
