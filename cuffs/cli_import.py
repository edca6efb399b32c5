"""`cuffs import`: other data sets' pictures and labels as our shards."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tqdm import tqdm

from cuffs.body import find_body_model
from cuffs.codec import encode
from cuffs.errors import ConfigError
from cuffs.imports import ImportRequest, import_pictures
from cuffs.imports.run import require_smplx
from cuffs.places import assets_folder, cache_folder
from cuffs.plan import read_plan
from cuffs.report.card import write_card
from pose_sources import rest_shapes
from pose_sources.agora import AgoraConfig, open_agora
from pose_sources.bedlam import Bedlam2Config, BedlamConfig, open_bedlam, open_bedlam2
from pose_sources.bedlam.labels import LabelSource
from pose_sources.mean_hand import MeanHand, find_mean_hand
from pose_sources.pictured import HumansConfig, given_pictures, open_humans, pictures_of
from pose_sources.pictured.pictures import PicturedSource
from pose_sources.rest_shapes import RestShapes
from pose_sources.ubody import UBodyConfig, open_ubody

Kind = Literal["bedlam", "bedlam2", "agora", "ubody", "cuffs"]
Config = BedlamConfig | Bedlam2Config | AgoraConfig | UBodyConfig | HumansConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How labels are read."""

    images: Path | None = None
    """Folder below which the pictures lie; SRC if not given."""

    hands: Literal["auto", "absolute", "relative"] = "auto"
    """Of agora-*.npz and of the published CUFFS, where nobody has said how hands are stored; others ignore it."""

    mean_hand: Path | None = None
    """A file with SMPL-X's mean hand, for relative hands; otherwise the licensed body model's."""

    skip_bad: bool = False
    """Leave out labels and pictures that can't be used, and count them; otherwise the first one stops."""


def import_command(
    kind: Annotated[Kind, tyro.conf.Positional],
    src: Annotated[Path, tyro.conf.Positional],
    out: Path,
    reading: Annotated[Reading, tyro.conf.arg(name="")] = Reading(),
    workers: int | None = None,
    shard_size: int = 1000,
) -> None:
    """Write another data set's pictures and labels as shards, with flags that say which parts are truth.

    Args:
        kind: bedlam, bedlam2: label npz and pictures; agora: fits, dataframes and pictures, or its npz among BEDLAM's
            labels; ubody: annotations and frames; cuffs: the published pickle, or any in Multi-HMR's layout.
        src: The data set's folder, or for labels one file.
        out: The new dataset's folder; an interrupted import goes on when it is run again.
        reading: How labels are read.
        workers: Processes; as many as there are cores if not given.
        shard_size: Pictures in a shard.
    """
    model = find_body_model(cache_folder())
    require_smplx(model)
    shapes = rest_shapes(model, assets_folder())
    config = _config(kind, src, reading)
    source = _open(config, find_mean_hand(reading.mean_hand, model), shapes)
    count = sum(1 for _ in pictures_of(source))
    if not count:
        raise ConfigError(f"{src}: nobody is in any picture.")
    request = ImportRequest(
        dataset=kind,
        images=reading.images or (src if src.is_dir() else src.parent),
        count=count,
        licences=(source.licence,),
        settings=encode(config),
        shard_size=shard_size,
        skip_bad=reading.skip_bad,
        workers=workers or len(os.sched_getaffinity(0)),
    )
    given = given_pictures(source, pictures_of(source), shapes.rest_pelvis, metric=kind != "ubody")
    with tqdm(total=count, desc="importing", unit="picture", disable=not sys.stderr.isatty()) as bar:
        found = import_pictures(request, given, model, out, bar.update)
    write_card(out, read_plan(out))
    for cause, number in found.left_out.items():
        print(f"  left out {number:6d}  {cause}")
    print(f"{found.pictures} pictures, {found.people} people: {out}")


def _config(kind: Kind, src: Path, reading: Reading) -> Config:
    path, bad = str(src.resolve()), "skip" if reading.skip_bad else "error"
    if kind == "bedlam":
        return BedlamConfig(path=path, what="labels", bad_data=bad)
    if kind == "bedlam2":
        return Bedlam2Config(path=path, what="labels", bad_data=bad)
    if kind == "ubody":
        return UBodyConfig(path=path, bad_data=bad)
    if kind == "cuffs":
        return HumansConfig(path=path, hands=reading.hands)
    if src.is_file() or any(src.rglob("agora-*.npz")):
        return BedlamConfig(path=path, what="agora", hands=reading.hands, bad_data=bad)
    return AgoraConfig(path=path, each="crop", kids="drop", bad_data=bad)


def _open(config: Config, mean: MeanHand | None, shapes: RestShapes) -> PicturedSource:
    folder, cache = Path(), cache_folder()
    if isinstance(config, HumansConfig):
        return open_humans(config, folder=folder, mean=mean)
    if isinstance(config, UBodyConfig):
        return open_ubody(config, folder=folder, mean=mean, cache=cache)
    if isinstance(config, AgoraConfig):
        return open_agora(config, folder=folder, mean=mean, rest_pelvis=shapes.rest_pelvis, cache=cache)
    if isinstance(config, Bedlam2Config):
        found = open_bedlam2(config, folder=folder, rest_pelvis=shapes.rest_pelvis, cache=cache)
    else:
        found = open_bedlam(config, folder=folder, mean=mean, rest_pelvis=shapes.rest_pelvis, cache=cache)
    assert isinstance(found, LabelSource), "what: labels or agora opens labels"
    return found
