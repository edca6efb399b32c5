"""What a recipe says about InterHand2.6M."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from cuffs.errors import ConfigError
from pose_sources.bad_data import BadDataPolicy

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterHandConfig:
    """InterHand2.6M's annotations as they unpack: `annotations/SPLIT/InterHand2.6M_SPLIT_MANO_NeuralAnnot.json`, and
    beside it `…_joint_3d.json`, which is used where it is there. Pictures are not needed."""

    KIND: ClassVar[str] = "interhand"

    path: str
    """The folder, one of those it is in, or one MANO file; a relative path starts at the recipe."""

    splits: tuple[Split, ...] = ("train", "val", "test")
    """Which of the splits' files are read, where they are there."""

    max_misfit_mm: float | None = None
    """Hands are left out whose fit is further than this (root mean square over the joints) from the joints that were
    annotated, the average hand posed, scaled and turned onto them. Needs `…_joint_3d.json`. 15 to 25 are sensible."""

    mean_hand_path: str | None = None
    """A file with SMPL-X's mean hand, which the fits are relative to; null: that of the licensed body model."""

    bad_data: BadDataPolicy = "error"
    """Files and hands that can't be used: error stops; skip leaves them out, counts and lists them. Hands that were
    never fitted are no bad data."""

    licence: str = "InterHand2.6M: CC BY-NC 4.0"
    """What is noted with every pose."""

    def __post_init__(self) -> None:
        if not self.path:
            raise ConfigError("path is empty; it names the folder of InterHand2.6M's annotations.")
        if not self.splits:
            raise ConfigError("splits is empty; name at least one of train, val, test.")
        if self.max_misfit_mm is not None and self.max_misfit_mm <= 0:
            raise ConfigError(f"max_misfit_mm is {self.max_misfit_mm}, but must be above 0.")
