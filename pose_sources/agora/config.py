"""What a recipe says about AGORA."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from cuffs.config import require_span
from cuffs.errors import ConfigError
from pose_sources.bad_data import BadDataPolicy

AGORA_LICENCE: Final = "AGORA: non-commercial scientific research"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgoraConfig:
    """AGORA as its zips unpack into one folder: the fits `smplx_gt_neutral_gender/` or `smplx_gt/`, and, where they are
    wanted, the dataframes `SMPLX/*_withjv.pkl`, which know gender, age and place. Pictures are not needed."""

    KIND: ClassVar[str] = "agora"

    path: str
    """The folder; a relative path starts at the recipe."""

    fits: Literal["auto", "neutral", "gendered"] = "auto"
    """Which fits: `smplx_gt_neutral_gender` or `smplx_gt`. auto: the neutral ones where both are there."""

    each: Literal["fit", "crop"] = "fit"
    """fit: every scan once. crop: every person of every picture, turned as there; needs the dataframes."""

    max_occlusion: float = 90.0
    """Of crops: people of whom more percent are hidden are left out, and those the data set calls not valid."""

    kids: Literal["keep", "drop"] = "keep"
    """Whether children's fits are read. Their poses are as good; their shapes are another model's."""

    hands: Literal["relative", "absolute"] = "relative"
    """How hands are stored: relative to the mean hand, as the data set's own programs read them."""

    mean_hand_path: str | None = None
    """A file with SMPL-X's mean hand; null: that of the licensed body model."""

    exclude: tuple[str, ...] = ()
    """Fits to leave out, as patterns against their path within the folder: `*/trainset_movedrenderpeople_*`."""

    bad_data: BadDataPolicy = "error"
    """Files and people that can't be used: error stops; skip leaves them out, counts and lists them."""

    licence: str = AGORA_LICENCE
    """What is noted with every pose."""

    def __post_init__(self) -> None:
        if not self.path:
            raise ConfigError("path is empty; it names AGORA's folder.")
        require_span("max_occlusion", (0.0, self.max_occlusion), 0.0, 100.0)
