"""What a recipe says about UBody."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from cuffs.errors import ConfigError
from pose_sources.bad_data import BadDataPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class UBodyConfig:
    """UBody as its zips unpack: `annotations/SCENE/smplx_annotation.json`, `keypoint_annotation.json` beside it, and
    `splits/`. Videos are not needed."""

    KIND: ClassVar[str] = "ubody"

    path: str
    """UBody's folder; a relative path starts at the recipe."""

    scenes: tuple[str, ...] = ()
    """Names of scenes, `TalkShow` say; none: all that are there."""

    split: Literal["all", "train", "test"] = "all"
    """Which videos, by the lists in `splits/`."""

    test_list: Literal["intra_scene", "inter_scene"] = "intra_scene"
    """Which of the two lists says what is for testing."""

    mean_hand_path: str | None = None
    """A file with SMPL-X's mean hand, which the fits' hands are relative to; null: that of the licensed body model."""

    bad_data: BadDataPolicy = "error"
    """Files and annotations that can't be used: error stops; skip leaves them out, counts and lists them. Annotations
    that the data set itself marks as not valid, or never fitted, are no bad data."""

    licence: str = "UBody: research only (no terms published with the data)"
    """What is noted with every pose."""

    def __post_init__(self) -> None:
        if not self.path:
            raise ConfigError("path is empty; it names UBody's folder.")
