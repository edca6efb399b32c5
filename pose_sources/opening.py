"""From what a recipe says to something that poses can be drawn from."""

from pathlib import Path

import numpy as np

from pose_sources.amass import AmassConfig, open_amass
from pose_sources.mixture import MixtureConfig, Poses, SourceConfig, Weighted, WeightedSource
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.source import open_procedural
from pose_sources.source import PoseSource, RestPelvis

PosesConfig = ProceduralConfig | AmassConfig | MixtureConfig
"""What may stand under a recipe's `poses`, told apart by `kind`."""


def open_poses(config: PosesConfig, *, folder: Path | None = None, rest_pelvis: RestPelvis | None = None) -> Poses:
    """Open what a recipe's poses come from. Files cost an index only.

    Args:
        config: what the recipe says.
        folder: what relative paths start from; the working folder when not given.
        rest_pelvis: where pelvises rest, for the translation of motion files whose y is up.

    Raises:
        PoseFileError: if a file is missing or can't be used.
    """
    place = folder or Path()
    if not isinstance(config, MixtureConfig):
        return Poses(_open_all((WeightedSource(source=config),), place, rest_pelvis))
    return Poses(
        _open_all(config.bodies, place, rest_pelvis),
        _open_all(config.hands, place, rest_pelvis) if config.hands else None,
        hands_share=config.hands_share,
        mirror_bodies=config.mirror_bodies,
        mirror_hands=config.mirror_hands,
    )


def open_source(config: SourceConfig, *, folder: Path, rest_pelvis: RestPelvis | None = None) -> PoseSource:
    """Open one source.

    Raises:
        PoseFileError: if a file is missing or can't be used.
    """
    if isinstance(config, AmassConfig):
        return open_amass(config, folder=folder, rest_pelvis=rest_pelvis)
    return open_procedural(config)


def _open_all(sources: tuple[WeightedSource, ...], folder: Path, rest_pelvis: RestPelvis | None) -> Weighted:
    weights = np.array([source.weight for source in sources])
    opened = tuple(open_source(source.source, folder=folder, rest_pelvis=rest_pelvis) for source in sources)
    return Weighted(opened, tuple((weights / weights.sum()).tolist()))
