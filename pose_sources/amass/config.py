"""What a recipe says about motion files."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from cuffs.errors import ConfigError
from pose_sources.bad_data import BadDataPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class AmassConfig:
    """Motion files: AMASS's SMPL-X (`*_stageii.npz`) and SMPL-H (`*_poses.npz`), BEDLAM's `motion_seq.npz`."""

    KIND: ClassVar[str] = "amass"

    path: str
    """A file, or a folder that is searched with its subfolders; a relative path starts at the recipe.
    `shape.npz` and `*_stagei.npz` are left out."""

    fps: float | None = 30.0
    """Frames a second to keep, by leaving out frames in whole steps. None keeps all. New frames are never made."""

    up_axis: Literal["auto", "y", "z"] = "auto"
    """Which axis is up in the files. auto: y in BEDLAM's (they have `motion_info` or `global_ori`), z in all others."""

    draw_by: Literal["frame", "file"] = "frame"
    """frame: every frame is equally likely, so long recordings weigh more. file: every file is."""

    skip_frozen: bool = False
    """Draw again where nothing moves between a frame and the one before it, as at padded ends of recordings."""

    exclude: tuple[str, ...] = ()
    """Files to leave out, as patterns against their path within the folder: `CMU/*/broken_*.npz`."""

    bad_data: BadDataPolicy = "error"
    """Files that can't be used: error stops; skip reads them all when opened, leaves bad ones out, counts and lists
    them."""

    licence: str = "AMASS: non-commercial scientific research"
    """What is noted with every pose. BEDLAM's and your own files have terms of their own."""

    def __post_init__(self) -> None:
        if not self.path:
            raise ConfigError("path is empty; it names a motion file or a folder of them.")
        if self.fps is not None and not 0 < self.fps <= 1000:
            raise ConfigError(f"fps is {self.fps}, but must be above 0 and at most 1000.")
