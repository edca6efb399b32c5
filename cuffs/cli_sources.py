"""`cuffs poses index` and `cuffs poses check`: what sources hold, and whether it means what it is taken for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import tyro

from cuffs.body import find_body_model
from cuffs.errors import CheckFailed
from cuffs.places import assets_folder, cache_folder
from pose_sources import BodyAtHand, NamedSource, body_at_hand, named_sources, open_source, rest_shapes
from pose_sources.bad_data import Skipped
from pose_sources.checking import check_source
from pose_sources.mean_hand import find_mean_hand
from pose_sources.naming import missing_paths
from pose_sources.rest_shapes import RestShapes

Sources = Annotated[tuple[str, ...], tyro.conf.Positional]
Source = Annotated[str, tyro.conf.Positional]


def index_command(sources: Sources, skip_bad: bool = False, mean_hand: Path | None = None) -> None:
    """Look through sources of poses and say what is in them. What was found is kept, so that recipes open fast.

    Args:
        sources: A recipe (all its sources), a path whose kind is told from what is there, or KIND:PATH.
        skip_bad: Leave out files and rows that can't be used, and list them; otherwise the first one stops.
        mean_hand: A file with SMPL-X's mean hand, for relative hands; otherwise the licensed body model's.
    """
    body, _ = _body()
    for word in sources:
        for named in _present(named_sources(word, skip_bad=skip_bad, mean_hand=mean_hand)):
            source = open_source(named.config, folder=named.folder, body=body, cache=cache_folder())
            size = f"{len(source)} poses" if hasattr(source, "__len__") else "poses without end"  # pyright: ignore
            skipped: tuple[Skipped, ...] = getattr(source, "skipped", ())
            left_out = f", {len(skipped)} bad files or rows left out" if skip_bad or skipped else ""
            print(f"{named.text}: {source.name}, {size}{left_out}; {source.licence}")
            for one in skipped:
                print(f"  left out: {one.file}{'' if one.row is None else f', row {one.row}'}: {one.why}")


def check_command(source: Source, count: int = 200, skip_bad: bool = False, mean_hand: Path | None = None) -> None:
    """Check that a source's poses mean what its reader takes them for: axes, units, hands, cameras, joints.

    Args:
        source: A recipe (all its sources), a path whose kind is told from what is there, or KIND:PATH.
        count: How many poses are looked at, evenly from the whole.
        skip_bad: Leave out files and rows that can't be used; otherwise the first one stops.
        mean_hand: A file with SMPL-X's mean hand, for relative hands; otherwise the licensed body model's.
    """
    failures: list[str] = []
    body, shapes = _body()
    for named in _present(named_sources(source, skip_bad=skip_bad, mean_hand=mean_hand)):
        print(named.text)
        given = getattr(named.config, "mean_hand_path", None)
        mean = find_mean_hand(named.folder / given if given else mean_hand, body.model)
        opened = open_source(named.config, folder=named.folder, body=body, cache=cache_folder())
        for finding in check_source(opened, count, shapes=shapes, average=body.rest_joints, mean=mean):
            print(f"  {finding.level:5s}{finding.what}: {finding.detail}")
            if finding.level == "bad":
                failures.append(f"{named.text}: {finding.what}")
    if failures:
        raise CheckFailed("not as it should be:\n  " + "\n  ".join(failures))


def _present(sources: list[NamedSource]) -> Iterator[NamedSource]:
    """Those that are there; of the others those that a recipe can do without are named."""
    for named in sources:
        missing = missing_paths(named)
        if missing and named.may_be_missing:
            print(f"{named.text}: left out, {', '.join(map(str, missing))} is not there")
        else:
            yield named


def _body() -> tuple[BodyAtHand, RestShapes]:
    """The body model in use, and the others at hand."""
    model = find_body_model(cache_folder())
    shapes = rest_shapes(model, assets_folder())
    return body_at_hand(model, shapes), shapes
