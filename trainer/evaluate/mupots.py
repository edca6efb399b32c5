"""MuPoTs-3D: 20 sequences with up to four people, joints in millimetres (Mehta et al. 2018).

Read as the benchmark's archive unpacks: MultiPersonTestSet/TSn with annot.mat and img_NNNNNN.jpg. Its own evaluation
(mpii_mupots_multiperson_eval.m) says who is whose match: people there in their order take the unmatched guess with the
most joints, neck to ankles, within 40 px along both axes; none within is nobody. The measure: share of 14 joints, head
to ankles, within 150 mm, pelvises put on each other; over matched people, and over all, where whoever isn't found has
all joints wrong. No guess is scaled to the true bones' lengths, and truth is in real millimetres (annot3): we measure
people in metres.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import scipy.io

from cuffs.errors import AssetBroken, AssetMissing
from trainer.evaluate import human36m as h36m
from trainer.evaluate.human36m import joint_figures, load_human36m
from trainer.evaluate.measures import within
from trainer.evaluate.shots import MM, Benchmark, Errors, Figure, Judged, Pairs, Shot, counts, detection, mean_of

WHAT: Final = "MuPoTs-3D"
REMEDY: Final = "unpack MuPoTS-3D.zip whole: MultiPersonTestSet/TS1 … TS20, each with annot.mat and its pictures"
NUM_SEQUENCES: Final = 20
NUM_LISTED: Final = 17
PELVIS: Final = 14
MEASURED: Final = tuple(range(14))
"""Head top, neck, right arm, left arm, right leg, left leg."""

OURS: Final = (
    h36m.HEAD_TOP, h36m.NECK, h36m.R_SHOULDER, h36m.R_ELBOW, h36m.R_WRIST, h36m.L_SHOULDER, h36m.L_ELBOW, h36m.L_WRIST,
    h36m.R_HIP, h36m.R_KNEE, h36m.R_ANKLE, h36m.L_HIP, h36m.L_KNEE, h36m.L_ANKLE,
)  # fmt: skip
"""The same, of Human3.6M's."""

MATCHED_BY: Final = slice(1, 14)
MATCH_PX: Final = 40.0
LIMIT_MM: Final = 150.0
MAX_FIT_PX: Final = 2.0


def open_mupots(name: str, folder: Path, assets: Path | None) -> Benchmark:
    """MuPoTs-3D's folder, or the MultiPersonTestSet in it.

    Raises:
        AssetMissing: if sequences or a licensed file aren't there.
    """
    root = folder / "MultiPersonTestSet" if (folder / "MultiPersonTestSet").is_dir() else folder
    found = [path for path in root.glob("TS*") if re.fullmatch(r"TS\d+", path.name)]
    sequences = sorted(found, key=lambda path: int(path.name[2:]))
    if not sequences:
        raise AssetMissing(f"{WHAT}'s sequences", root / "TS1", REMEDY)
    for path in sequences:
        if not (path / "annot.mat").is_file():
            raise AssetMissing(f"{WHAT}'s annotations", path / "annot.mat", REMEDY)
    maps = load_human36m(assets, by=WHAT)
    absent = NUM_SEQUENCES - len(sequences)

    def shots() -> Iterator[Shot]:
        for path in sequences:
            yield from _sequence(path)

    return Benchmark(
        kind="mupots",
        name=name,
        shots=shots,
        figure=joint_figures(maps, OURS),
        errors=errors,
        summary=summary,
        pair=pair_by_joints,
        notes=(f"{absent} of {NUM_SEQUENCES} sequences aren't there",) if absent else (),
    )


def pair_by_joints(found: Sequence[Figure], there: Sequence[Figure]) -> Pairs:
    """The benchmark's own matching."""
    pairs: list[tuple[int, int]] = []
    free = list(range(len(found)))
    for number, truth in enumerate(there):
        close = {
            guess: int((np.abs(found[guess].points_px - truth.points_px)[MATCHED_BY] < MATCH_PX).all(1).sum())
            for guess in free
        }
        best = max(free, key=lambda guess: close[guess], default=None)
        if best is not None and close[best] > 0:
            pairs.append((best, number))
            free.remove(best)
    return pairs


def errors(ours: Figure, truth: Figure) -> Errors:
    """1 for each joint within 150 mm, 0 for each other."""
    right = within(ours.joints[1:], truth.joints[1:], ours.joints[0], truth.joints[0], limit_mm=LIMIT_MM)
    return {"pck": [100.0 * value for value in right.tolist()]}


def summary(judged: Sequence[Judged]) -> dict[str, float | None]:
    """Shares in percent, as a mean over sequences as the benchmark has it."""
    groups = sorted({one.group for one in judged})
    parts = [[one for one in judged if one.group == group] for group in groups]
    matched = [value for part in parts if (value := mean_of(part, "pck")) is not None]
    everyone = [value for part in parts if (value := _share_of_all(part)) is not None]
    return {
        "pck3d_matched": float(np.mean(matched)) if matched else None,
        "pck3d_all": float(np.mean(everyone)) if everyone else None,
        "recall": detection(judged)["recall"],
        **counts(judged),
    }


def _share_of_all(judged: Sequence[Judged]) -> float | None:
    hits = sum(len(one.errors) for one in judged)
    people = hits + sum(one.missed for one in judged)
    return None if not people else (mean_of(judged, "pck") or 0.0) * hits / people


def _sequence(folder: Path) -> Iterator[Shot]:
    cells = _cells(folder / "annot.mat")
    people = [[_person(cell, folder) for cell in row] for row in cells]
    labelled = [one for row in people for one in row if one is not None]
    if not labelled:
        return
    K = fit_camera(np.concatenate([px for px, _ in labelled]), np.concatenate([mm for _, mm in labelled]), folder)
    for frame, row in enumerate(people):
        figures = tuple(
            Figure(
                points_px=px[list(MEASURED)],
                joints=joints_mm[[PELVIS, *MEASURED]] / MM,
                verts=np.zeros((0, 3)),
            )
            for px, joints_mm in (one for one in row if one is not None)
        )
        if figures:
            yield Shot(group=folder.name, path=folder / f"img_{frame:06d}.jpg", K=K, people=figures)


def _cells(path: Path) -> np.ndarray:
    """Structures by (frame, person)."""
    try:
        data = scipy.io.loadmat(path)
    except (ValueError, OSError, NotImplementedError, TypeError, scipy.io.matlab.MatReadError) as problem:
        raise AssetBroken(f"{WHAT}'s annotations", path, str(problem), REMEDY) from problem
    cells = data.get("annotations")
    if not isinstance(cells, np.ndarray) or cells.ndim != 2:
        raise AssetBroken(f"{WHAT}'s annotations", path, "it holds no cells 'annotations'", REMEDY)
    return cells


def _person(cell: np.ndarray, folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Joints in pixels and millimetres, (17, 2) and (17, 3); None where nobody is labelled."""
    try:
        if not bool(np.ravel(cell["isValidFrame"][0, 0])[0]):
            return None
        px = np.asarray(cell["annot2"][0, 0], np.float64).T
        joints_mm = np.asarray(cell["annot3"][0, 0], np.float64).T
    except (IndexError, KeyError, ValueError, TypeError) as problem:
        raise AssetBroken(f"{WHAT}'s annotations", folder / "annot.mat", f"a person lacks {problem}", REMEDY) from None
    if px.shape != (NUM_LISTED, 2) or joints_mm.shape != (NUM_LISTED, 3):
        found = f"a person has joints of shapes {px.T.shape} and {joints_mm.T.shape}, not (2, 17) and (3, 17)"
        raise AssetBroken(f"{WHAT}'s annotations", folder / "annot.mat", found, REMEDY)
    return px, joints_mm


def fit_camera(px: np.ndarray, joints_mm: np.ndarray, folder: Path) -> np.ndarray:
    """The sequence's camera, which no file states: its joints and their pixels leave one that projects the one to the
    other.

    Raises:
        AssetBroken: if none does to 2 px.
    """
    K = np.eye(3)
    for axis in (0, 1):
        design = np.stack([joints_mm[:, axis] / joints_mm[:, 2], np.ones(len(px))], 1)
        solution = np.linalg.lstsq(design, px[:, axis], rcond=None)[0]
        K[axis, axis], K[axis, 2] = solution
        off = float(np.abs(design @ solution - px[:, axis]).max())
        if off > MAX_FIT_PX:
            found = f"joints don't project to their pixels by any camera: {off:.1f} px are left"
            raise AssetBroken(f"{WHAT}'s annotations", folder / "annot.mat", found, REMEDY)
    return K
