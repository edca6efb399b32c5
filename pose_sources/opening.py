"""From what a recipe says to something that poses can be drawn from."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.codec import encode
from cuffs.config import build
from cuffs.errors import PoseFileError
from pose_sources.agora import AgoraConfig, open_agora
from pose_sources.amass import AmassConfig, open_amass
from pose_sources.anatomy import Anatomy, build_anatomy
from pose_sources.bedlam import Bedlam2Config, BedlamConfig, open_bedlam, open_bedlam2
from pose_sources.configs import SourceConfig
from pose_sources.features import FEATURES, parse_expression
from pose_sources.interhand import InterHandConfig, open_interhand
from pose_sources.mean_hand import MeanHand, find_mean_hand
from pose_sources.mixture import MixtureConfig, Poses, Weighted, WeightedSource
from pose_sources.natural import build_judge
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.source import open_procedural, open_procedural_hands
from pose_sources.rest_shapes import RestShapes
from pose_sources.rest_skeleton import REST_JOINTS
from pose_sources.selection import select
from pose_sources.source import PoseSource, RestPelvis
from pose_sources.ubody import UBodyConfig, open_ubody

log = logging.getLogger(__name__)

PosesConfig = SourceConfig | MixtureConfig
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

    model: BodyModel | None = None
    """The body model itself, for limits on its posed mesh."""


def body_at_hand(model: BodyModel, shapes: RestShapes) -> BodyAtHand:
    """What sources can use of the body model in use and of the others at hand."""
    return BodyAtHand(rest_joints=model.joint_template, rest_pelvis=shapes.rest_pelvis, model=model)


def rest_shapes(model: BodyModel, assets: Path | None) -> RestShapes:
    """The body models at hand.

    Args:
        model: in use; it counts as SMPL-X where it is SMPL-X.
        assets: folder of the user's licensed files, where there is one.
    """
    return RestShapes(assets=assets, given={model.name: model})


def open_poses(
    config: PosesConfig, *, folder: Path | None = None, body: BodyAtHand | None = None, cache: Path | None = None
) -> Poses:
    """Open what a recipe's poses come from. Files cost an index only; a source with `select` is looked through once.

    Args:
        config: what the recipe says.
        folder: what relative paths start from; the working folder when not given.
        body: the body model that the poses are for; an average adult's skeleton when not given.
        cache: where is kept what was found when sources were looked through; nowhere when not given.

    Raises:
        ConfigError: if limits need a body model that isn't given, or nothing is left of a source.
        PoseFileError: if a file is missing or can't be used.
    """
    place, body = folder or Path(), body or BodyAtHand()
    anatomy = build_anatomy(body.rest_joints - body.rest_joints[0])
    opening = _Opening(folder=place, body=body, anatomy=anatomy, cache=cache)
    if not isinstance(config, MixtureConfig):
        return Poses(opening.all("source", (WeightedSource(source=config),)), anatomy=anatomy)
    bodies, hands = opening.all("bodies", config.bodies), opening.all("hands", config.hands)
    if not bodies.sources:
        missing = "\n  ".join(_named(source, place) for source in config.bodies)
        raise PoseFileError(f"poses: none of the sources of bodies is there:\n  {missing}")
    if config.hands and not hands.sources:
        log.warning("poses.hands: none of the sources is there: bodies keep their own hands")
    natural = config.natural
    return Poses(
        bodies,
        hands if hands.sources else None,
        swap=config.swap,
        mirror_bodies=config.mirror_bodies,
        judge=None if natural is None else build_judge(natural, body.model, body.rest_joints),
        where=None if config.where is None else parse_expression(config.where, FEATURES, where="poses.where"),
        anatomy=anatomy,
    )


def open_source(config: SourceConfig, *, folder: Path, body: BodyAtHand, cache: Path | None = None) -> PoseSource:
    """Open one source.

    Raises:
        PoseFileError: if a file is missing or can't be used.
    """
    match config:
        case AmassConfig():
            return open_amass(config, folder=folder, rest_pelvis=body.rest_pelvis)
        case BedlamConfig():
            mean = _mean_hand(config.mean_hand_path, folder, body)
            return open_bedlam(config, folder=folder, mean=mean, rest_pelvis=body.rest_pelvis)
        case Bedlam2Config():
            return open_bedlam2(config, folder=folder, rest_pelvis=body.rest_pelvis)
        case InterHandConfig():
            mean = _mean_hand(config.mean_hand_path, folder, body)
            return open_interhand(config, folder=folder, mean=mean, rest_joints=body.rest_joints, cache=cache)
        case AgoraConfig():
            mean = _mean_hand(config.mean_hand_path, folder, body)
            return open_agora(config, folder=folder, mean=mean, rest_pelvis=body.rest_pelvis, cache=cache)
        case UBodyConfig():
            mean = _mean_hand(config.mean_hand_path, folder, body)
            return open_ubody(config, folder=folder, mean=mean, cache=cache)
        case ProceduralConfig():
            return open_procedural(config, body.rest_joints)


def _mean_hand(path: str | None, folder: Path, body: BodyAtHand) -> MeanHand | None:
    return find_mean_hand(None if path is None else folder / path, body.model)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Opening:
    """What is shared by the sources of a recipe."""

    folder: Path
    body: BodyAtHand
    anatomy: Anatomy
    cache: Path | None

    def all(self, role: str, sources: tuple[WeightedSource, ...]) -> Weighted:
        """Those that are there, with their shares; what is missing and what stands in for it is named in the log."""
        there = {}
        for number, source in enumerate(sources):
            if source.missing == "skip" and _missing_paths(source.source, self.folder):
                log.warning("poses.%s[%d] is left out: %s", role, number, _named(source, self.folder))
            else:
                there[number] = source
        used = {number: source for number, source in there.items() if not source.stand_in}
        if not used and there:
            used = there
            names = ", ".join(source.source.KIND for source in used.values())
            log.warning("poses.%s: nothing else is there, so %s stands in", role, names)
        opened = tuple(self._one(source, role=role, where=f"poses.{role}[{n}]") for n, source in used.items())
        weights = np.array([source.weight for source in used.values()])
        return Weighted(opened, tuple((weights / weights.sum()).tolist()))

    def _one(self, source: WeightedSource, *, role: str, where: str) -> PoseSource:
        config = source.source
        if role == "hands" and isinstance(config, ProceduralConfig):
            opened = open_procedural_hands(config, self.body.rest_joints)
        else:
            opened = open_source(config, folder=self.folder, body=self.body, cache=self.cache)
        if source.select is None:
            return opened
        table_path = self._table_path(source, role)
        return select(opened, source.select, self.anatomy, where=f"{where}.select", table_path=table_path)

    def _table_path(self, source: WeightedSource, role: str) -> Path | None:
        """Named by the source's configuration and by its files' names, sizes and dates."""
        if self.cache is None or source.select is None:
            return None
        files = [_stamps(path) for path in paths_of(source.source, self.folder)]
        said = [role, encode(source.source), source.select.pool, source.select.stride, files]
        name = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]
        return self.cache / "poses" / f"{name}.npz"


def paths_of(config: SourceConfig, folder: Path) -> list[Path]:
    """Every file and folder that a source's configuration names: its keys `path` and `…_path`."""
    named = {name: getattr(config, name) for name in config.__dataclass_fields__}
    return [folder / value for name, value in named.items() if f"_{name}".endswith("_path") and value]


def _missing_paths(config: SourceConfig, folder: Path) -> list[Path]:
    return [path for path in paths_of(config, folder) if not path.exists()]


def _named(source: WeightedSource, folder: Path) -> str:
    """The kind of a source and which of its files aren't there."""
    missing = ", ".join(str(path) for path in _missing_paths(source.source, folder))
    return f"{source.source.KIND}: {missing or 'everything'} is not there"


def _stamps(path: Path) -> list[tuple[str, int, int]]:
    """Name, size and date of a file, or of every file in a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = ((file, file.stat()) for file in files if file.is_file())
    return [(file.relative_to(path.parent).as_posix(), stat.st_size, stat.st_mtime_ns) for file, stat in found]
