"""What a recipe says about BEDLAM and BEDLAM2."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from cuffs.errors import ConfigError
from pose_sources.bad_data import BadDataPolicy

Hands = Literal["auto", "absolute", "relative"]

BEDLAM_LICENCE: Final = "BEDLAM: non-commercial scientific research"
BEDLAM2_LICENCE: Final = "BEDLAM2: non-commercial scientific research"


@dataclass(frozen=True, slots=True, kw_only=True)
class BedlamConfig:
    """BEDLAM as its zips unpack: a folder of labels (`all_npz_12_training/*.npz`), of labels with hands
    (`all_npz_12_hands/*-hands.npz`) or of motions (`neutral_ground_truth/SUBJECT/NUMBER/motion_seq.npz`)."""

    KIND: ClassVar[str] = "bedlam"

    path: str
    """A file, or a folder that is searched with its subfolders; a relative path starts at the recipe."""

    what: Literal["auto", "labels", "motions", "agora"] = "auto"
    """labels: people of the pictures; motions: every frame of the motions; agora: the files `agora-*.npz` that lie
    among the labels. auto: whatever is there, an error where both labels and motions are."""

    fps: float | None = 30.0
    """Of motions: frames a second to keep, by leaving out frames in whole steps. None keeps all."""

    hands: Hands = "auto"
    """Of `agora-*.npz`, where it is not documented: hands are absolute, or relative to the mean hand. auto: told from
    the hands; where they don't tell, hands are not used. BEDLAM's own are absolute."""

    mean_hand_path: str | None = None
    """A file with SMPL-X's mean hand; null: that of the licensed body model. Only relative hands need it."""

    exclude: tuple[str, ...] = ()
    """Files to leave out, as patterns against their path within the folder."""

    bad_data: BadDataPolicy = "error"
    """Files and rows that can't be used: error stops; skip looks through everything when opened, leaves them out,
    counts and lists them."""

    licence: str = ""
    """What is noted with every pose; empty: the data set's own terms."""

    def __post_init__(self) -> None:
        require_path_and_fps(self.path, self.fps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bedlam2Config:
    """BEDLAM2: labels (`bedlam2_labels_processed/*.npz`) or motions (`motions_npz_training/BODY_MOTION.npz`)."""

    KIND: ClassVar[str] = "bedlam2"

    path: str
    """A file, or a folder that is searched with its subfolders; a relative path starts at the recipe."""

    what: Literal["auto", "labels", "motions"] = "auto"
    """labels: people of the pictures; motions: every frame of the motions. auto: whatever is there."""

    fps: float | None = 30.0
    """Of motions: frames a second to keep, by leaving out frames in whole steps. None keeps all."""

    exclude: tuple[str, ...] = ()
    """Files to leave out, as patterns against their path within the folder."""

    bad_data: BadDataPolicy = "error"
    """Files and rows that can't be used: error stops; skip looks through everything when opened, leaves them out,
    counts and lists them."""

    licence: str = BEDLAM2_LICENCE
    """What is noted with every pose."""

    def __post_init__(self) -> None:
        require_path_and_fps(self.path, self.fps)


def require_path_and_fps(path: str, fps: float | None) -> None:
    """Refuse an empty path and impossible frame rates.

    Raises:
        ConfigError: naming the key.
    """
    if not path:
        raise ConfigError("path is empty; it names a file or a folder.")
    if fps is not None and not 0 < fps <= 1000:
        raise ConfigError(f"fps is {fps}, but must be above 0 and at most 1000.")
