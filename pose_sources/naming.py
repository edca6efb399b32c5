"""Sources as they are named on the command line: a recipe, a path, or a kind and a path."""

import dataclasses
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cuffs.config import build, load_yaml
from cuffs.errors import ConfigError, PoseFileError
from pose_sources.configs import SourceConfig
from pose_sources.mixture import MixtureConfig
from pose_sources.npz_index import read_headers
from pose_sources.opening import paths_of, poses_config

KINDS: Final[dict[str, Any]] = {option.KIND: option for option in typing.get_args(SourceConfig)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSource:
    """A source and where its relative paths start from."""

    text: str
    """As it is named in messages."""

    config: SourceConfig
    folder: Path
    may_be_missing: bool = False
    """A recipe goes on without it."""


def named_sources(text: str, *, skip_bad: bool, mean_hand: Path | None) -> list[NamedSource]:
    """The sources that a word of the command line means.

    Args:
        text: a recipe (.yaml): all sources of its poses; KIND:PATH; or a path, whose kind is told from what is there.
        skip_bad: leave out what can't be used, whatever a recipe says.
        mean_hand: a file with SMPL-X's mean hand, where a recipe names none.

    Raises:
        ConfigError: for an unknown kind, or a recipe that is wrong.
        PoseFileError: for a path where no source is known in.
    """
    if text.endswith((".yaml", ".yml")):
        found = list(_of_recipe(Path(text)))
    else:
        kind, colon, path = text.partition(":")
        data = {"kind": kind, "path": path} if colon and kind in KINDS else {**told_kind(Path(text)), "path": text}
        if colon and kind not in KINDS and not Path(text).exists():
            raise ConfigError(f"{text}: {kind!r} is no kind of source; there are {', '.join(KINDS)}.")
        found = [NamedSource(text=text, config=_one(data, text), folder=Path())]
    return [dataclasses.replace(one, config=_adapted(one.config, skip_bad, mean_hand)) for one in found]


def _of_recipe(path: Path) -> Iterator[NamedSource]:
    data = load_yaml(path).get("poses")
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: no key `poses` in it, so it names no sources.")
    config = poses_config(data, where=str(path))
    if not isinstance(config, MixtureConfig):
        yield NamedSource(text=f"{path}: poses", config=config, folder=path.parent)
        return
    for role, sources in (("bodies", config.bodies), ("hands", config.hands)):
        for number, source in enumerate(sources):
            yield NamedSource(
                text=f"{path}: poses.{role}[{number}]",
                config=source.source,
                folder=path.parent,
                may_be_missing=source.missing == "skip",
            )


def missing_paths(named: NamedSource) -> list[Path]:
    """Files and folders that a source names and that aren't there."""
    return [path for path in paths_of(named.config, named.folder) if not path.exists()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    source: SourceConfig


def _one(data: dict[str, Any], text: str) -> SourceConfig:
    return build(_Word, {"source": data}, where=text).source


def _adapted(config: SourceConfig, skip_bad: bool, mean_hand: Path | None) -> SourceConfig:
    """The configuration with what the command line says beside it, where it has such keys."""
    names = {field.name for field in dataclasses.fields(config)}
    changes: dict[str, Any] = {}
    if skip_bad and "bad_data" in names:
        changes["bad_data"] = "skip"
    if mean_hand is not None and "mean_hand_path" in names and not getattr(config, "mean_hand_path"):  # noqa: B009
        changes["mean_hand_path"] = str(mean_hand.absolute())
    return dataclasses.replace(config, **changes)


def told_kind(path: Path) -> dict[str, Any]:
    """The kind of source that lies at a path, and what tells its variants apart.

    Raises:
        PoseFileError: if there is nothing, or nothing that is known.
    """
    if not path.exists():
        raise PoseFileError(f"{path} is not there. Name a recipe, a file, a folder, or KIND:PATH.")
    if path.is_dir() and (path.name.startswith("smplx_gt") or _any(path, "smplx_gt*/", "*_withjv.pkl")):
        return {"kind": "agora"}
    if _any(path, "InterHand2.6M_*_MANO_NeuralAnnot.json"):
        return {"kind": "interhand"}
    if path.is_dir() and _any(path, "smplx_annotation.json"):
        return {"kind": "ubody"}
    files = [path] if path.is_file() else [one for one in sorted(path.rglob("*.npz")) if _may_tell(one)]
    if not files or files[0].suffix != ".npz":
        raise PoseFileError(
            f"{path}: nothing that a source is known by. If it is one, name its kind: "
            f"{' or '.join(f'{kind}:PATH' for kind in KINDS if kind != 'procedural')}."
        )
    return _told_by_arrays(files[0])


def _told_by_arrays(path: Path) -> dict[str, Any]:
    names, _ = read_headers(path, frozenset())
    if "pose_cam" in names:
        if path.name.startswith("agora"):
            return {"kind": "bedlam", "what": "agora"}
        return {"kind": "bedlam2"} if "hand_det_conf" in names else {"kind": "bedlam"}
    if names & {"motion_info", "global_ori"}:
        return {"kind": "bedlam"}
    if "poses" in names and not names & {"mocap_frame_rate", "mocap_framerate"}:
        return {"kind": "bedlam2"}
    return {"kind": "amass"}


def _may_tell(path: Path) -> bool:
    return not (path.name == "shape.npz" or path.name.endswith("_stagei.npz") or path.name.startswith("agora"))


def _any(path: Path, *patterns: str) -> bool:
    """Whether a file is named so, or a folder has something named so."""
    if path.is_file():
        return any(path.match(pattern) for pattern in patterns)
    return any(next(path.rglob(pattern.rstrip("/")), None) is not None for pattern in patterns)
