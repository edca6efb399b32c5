"""From what a recipe says to something that poses can be drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from cuffs.config import build
from pose_sources.amass import AmassConfig, open_amass
from pose_sources.mixture import MixtureConfig, Poses, SourceConfig, Weighted, WeightedSource
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.source import open_procedural
from pose_sources.rest_skeleton import REST_JOINTS
from pose_sources.source import PoseSource, RestPelvis

PosesConfig = ProceduralConfig | AmassConfig | MixtureConfig
"""What may stand under a recipe's `poses`, told apart by `kind`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RecipePart:
    poses: PosesConfig


def poses_config(data: Mapping[str, Any], *, where: str) -> PosesConfig:
    """What a recipe says under `poses`.

    Args:
        data: keys and values below `poses`.
        where: what `poses` is a key of, for messages: the recipe.

    Raises:
        ConfigError: naming the place; an unknown key or kind comes with the nearest known one.
    """
    return build(_RecipePart, {"poses": data}, where=where).poses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyAtHand:
    """What sources can use of the body model that the poses are for."""

    rest_joints: Float[np.ndarray, "55 3"] = field(default_factory=lambda: REST_JOINTS)
    """Its joints at rest, mean shape, metres. The procedural poses are made for them."""

    rest_pelvis: RestPelvis | None = None
    """Where its pelvis rests, for the translation of motion files whose y is up; None: that translation is unknown."""


def open_poses(config: PosesConfig, *, folder: Path | None = None, body: BodyAtHand | None = None) -> Poses:
    """Open what a recipe's poses come from. Files cost an index only.

    Args:
        config: what the recipe says.
        folder: what relative paths start from; the working folder when not given.
        body: the body model that the poses are for; an average adult's skeleton when not given.

    Raises:
        PoseFileError: if a file is missing or can't be used.
    """
    place, body = folder or Path(), body or BodyAtHand()
    if not isinstance(config, MixtureConfig):
        return Poses(_open_all((WeightedSource(source=config),), place, body))
    return Poses(
        _open_all(config.bodies, place, body),
        _open_all(config.hands, place, body) if config.hands else None,
        hands_share=config.hands_share,
        mirror_bodies=config.mirror_bodies,
        mirror_hands=config.mirror_hands,
    )


def open_source(config: SourceConfig, *, folder: Path, body: BodyAtHand) -> PoseSource:
    """Open one source.

    Raises:
        PoseFileError: if a file is missing or can't be used.
    """
    if isinstance(config, AmassConfig):
        return open_amass(config, folder=folder, rest_pelvis=body.rest_pelvis)
    return open_procedural(config, body.rest_joints)


def _open_all(sources: tuple[WeightedSource, ...], folder: Path, body: BodyAtHand) -> Weighted:
    weights = np.array([source.weight for source in sources])
    opened = tuple(open_source(source.source, folder=folder, body=body) for source in sources)
    return Weighted(opened, tuple((weights / weights.sum()).tolist()))
