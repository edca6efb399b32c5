"""AGORA: what its evaluator says of a network (Patel et al. 2021; its package's documents and code are the definition).

Matching: of all pairs the one whose 24 joints' differences have the least spectral norm, pixels of 3840 x 2160; a pair
whose boxes overlap by less than 0.1 makes a false alarm of the guess. People hidden by more than 90 % don't count, but
whoever is found in their place is a false alarm. F1, then errors over matched people: MVE and MPJPE of the body with
the middles of the hips put on each other, of hands at the wrists, of the face at the neck; full body = body + (left
hand + right hand + face) / 3; NMVE and NMJE = the error / F1. The evaluator's means of hands and face count a missed
person of a picture in which somebody was found as 0, and it rounds F1 to 2 digits and errors to 1 before dividing: so
do we.

FOLDER/SMPLX/*_withjv.pkl (or FOLDER/*_withjv.pkl) and pictures anywhere below FOLDER. Without dataframes, as for the
test set, there are only guesses, for the submission.
"""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float

from cuffs.body import BodyModel, landmarks
from cuffs.errors import AssetBroken, AssetMissing
from cuffs.foreign_tables import AGORA, Frame
from cuffs.skeleton import INDEX, NUM_VERTS
from cuffs.unpickle import unpickle_plain
from trainer.evaluate.measures import centred_mm
from trainer.evaluate.parts import Parts
from trainer.evaluate.shots import Benchmark, Errors, Figure, Judged, Pairs, Shot, counts, project_px
from trainer.matching import box_iou
from trainer.predict.finder import FoundPerson
from trainer.predict.pictures import read_picture

WHAT: Final = "AGORA"
REMEDY: Final = "unpack validation_SMPLX.zip and the validation pictures of either size into one folder"
WIDTH_PX: Final = 3840
"""Of what dataframes' joints are in."""

SMALL: Final = "_1280x720"
NUM_MATCHED, NUM_BODY, NUM_POINTS = 24, 22, 127
MIN_IOU: Final = 0.1
MOST_HIDDEN: Final = 90.0
HIPS: Final = (INDEX["left_hip"], INDEX["right_hip"])
PARTS: Final = ("lhand", "rhand", "face")
JOINTS_OF: Final = {
    "lhand": (INDEX["left_wrist"], slice(25, 40)),
    "rhand": (INDEX["right_wrist"], slice(40, 55)),
    "face": (INDEX["neck"], slice(76, NUM_POINTS)),
}
"""Root, and the joints that are measured beside it."""

FOCAL_MM: Final = {"hdri": 50.0, "cam00": 18.0, "cam01": 18.0, "cam02": 18.0, "cam03": 18.0, "ag2": 28.0}
FREE_FOCAL_MM, SENSOR_MM = 28.0, 36.0
"""By a part of a picture's name, in this order; the free one for all others (pose_formats.md, 2.5)."""

MAX_BYTES: Final = 2**34
COLUMNS: Final = ("imgPath", "occlusion", "isValid", "gt_joints_2d", "gt_joints_3d", "gt_verts")


def open_agora(name: str, folder: Path, body: BodyModel, parts: Parts) -> Benchmark:
    """AGORA's folder.

    Raises:
        AssetMissing: if there are neither pictures nor dataframes, or dataframes without joints and meshes.
    """
    frames = sorted([*folder.glob("*.pkl"), *(folder / "SMPLX").glob("*.pkl")])
    pictures = {path.name: path for path in sorted(folder.rglob("*.png"))}
    if not pictures:
        raise AssetMissing(f"{WHAT}'s pictures", folder, REMEDY)
    usable = [path for path in frames if path.stem.endswith("_withjv")]
    if frames and not usable:
        raise AssetMissing(
            f"{WHAT}'s dataframes with joints and vertices", frames[0].with_name(f"{frames[0].stem}_withjv.pkl"), REMEDY
        )

    def shots() -> Iterator[Shot]:
        if not usable:
            yield from (_shot(path, ()) for path in pictures.values())
        for path in usable:
            yield from _labelled(path, pictures)

    def figure(person: FoundPerson, K: np.ndarray) -> Figure:
        return found_figure(person, K, body)

    no_truth = "no dataframes (SMPLX/*_withjv.pkl): nothing is measured, the submission alone can be made"
    return Benchmark(
        kind="agora",
        name=name,
        shots=shots,
        figure=figure,
        errors=lambda ours, truth: part_errors(ours, truth, parts),
        summary=summary,
        pair=pair_as_agora,
        notes=parts.notes if usable else (no_truth,),
    )


def found_figure(person: FoundPerson, K: Float[np.ndarray, "3 3"], body: BodyModel) -> Figure:
    """127 joints and the mesh; 24 joints in pixels of 3840 x 2160."""
    joints = np.concatenate([person.joints3d_cam, landmarks(body, person.verts_cam)])
    points = project_px(joints[:NUM_MATCHED], K) * (WIDTH_PX / (2 * K[0, 2]))
    return Figure(points_px=points, joints=joints, verts=person.verts_cam)


def pair_as_agora(found: Sequence[Figure], there: Sequence[Figure]) -> Pairs:
    """The evaluator's greedy matching; pairs of people that count."""
    if not found or not there:
        return []
    guesses = np.stack([one.points_px[:NUM_MATCHED] for one in found])
    truths = np.stack([one.points_px[:NUM_MATCHED] for one in there])
    cost = np.linalg.norm(guesses[:, None] - truths, ord=2, axis=(2, 3))
    overlap = _overlaps(found, there)
    pairs: list[tuple[int, int]] = []
    taken, settled, alarms = set(), set(), 0
    for guess, truth in zip(*np.unravel_index(np.argsort(cost, axis=None, kind="stable"), cost.shape), strict=True):
        if len(settled) == len(there) or len(taken) + alarms >= len(found):
            break
        apart = overlap[guess, truth] < MIN_IOU
        if not apart and (guess in taken or truth in settled):
            continue
        alarms += int(apart)
        if not there[truth].counted:
            settled.add(truth)
        elif not apart:
            pairs.append((int(guess), int(truth)))
            taken.add(guess)
            settled.add(truth)
    return pairs


def _overlaps(found: Sequence[Figure], there: Sequence[Figure]) -> Float[np.ndarray, "found there"]:
    """Boxes count whole pixels: both edges are in."""

    def boxes(figures: Sequence[Figure]) -> torch.Tensor:
        sides = [[*one.points_px.min(0), *(one.points_px.max(0) + 1)] for one in figures]
        return torch.tensor(np.array(sides), dtype=torch.float64)

    return box_iou(boxes(found)[:, None], boxes(there)).numpy()


def part_errors(ours: Figure, truth: Figure, parts: Parts) -> Errors:
    """Of body, hands and face: joints and vertices, roots put on each other."""
    our_root, true_root = (one.joints[list(HIPS)].mean(0) for one in (ours, truth))
    found: dict[str, list[float]] = {
        "body-MPJPE": [centred_mm(ours.joints[:NUM_BODY], truth.joints[:NUM_BODY], our_root, true_root)],
        "body-MVE": [centred_mm(ours.verts[parts.body], truth.verts[parts.body], our_root, true_root)],
    }
    verts_of = {"lhand": parts.left_hand, "rhand": parts.right_hand, "face": parts.face}
    for part, (root, joints) in JOINTS_OF.items():
        roots = ours.joints[root], truth.joints[root]
        with_root = np.concatenate([[root], np.arange(joints.start, joints.stop)])
        found[f"{part}-MPJPE"] = [centred_mm(ours.joints[with_root], truth.joints[with_root], *roots)]
        found[f"{part}-MVE"] = [centred_mm(ours.verts[verts_of[part]], truth.verts[verts_of[part]], *roots)]
    return found


def summary(judged: Sequence[Judged]) -> dict[str, float | None]:
    """The evaluator's table, rounded as it rounds."""
    hits = sum(len(one.errors) for one in judged)
    extra, missed = sum(one.extra for one in judged), sum(one.missed for one in judged)
    looked_at = hits + sum(one.missed for one in judged if one.extra or one.errors)
    if not hits + missed:
        return dict(counts(judged))
    f1 = round(hits / (hits + 0.5 * (extra + missed)), 2)
    values: dict[str, float | None] = {
        "f1": f1,
        "precision": round(hits / (hits + extra), 2) if hits + extra else None,
        "recall": round(hits / (hits + missed), 2),
    }
    for kind, normalised in (("MVE", "NMVE"), ("MPJPE", "NMJE")):
        totals = {part: _total(judged, f"{part}-{kind}") for part in ("body", *PARTS)}
        if not hits:
            continue
        errors = {part: round(totals[part] / (hits if part == "body" else looked_at), 1) for part in totals}
        errors["fullbody"] = round(errors["body"] + sum(errors[part] / 3 for part in PARTS), 1)
        values |= {f"{part}-{kind}": error for part, error in errors.items()}
        for part in ("body", "fullbody"):
            values[f"{part}-{normalised}"] = round(errors[part] / f1, 1) if f1 else None
    return {**values, **counts(judged)}


def _total(judged: Sequence[Judged], measure: str) -> float:
    return sum(value for one in judged for errors in one.errors for value in errors[measure])


def camera_of(picture: str, *, width: int, height: int) -> Float[np.ndarray, "3 3"]:
    """K of a picture, told from its name."""
    focal = next((focal for part, focal in FOCAL_MM.items() if part in picture), FREE_FOCAL_MM) / SENSOR_MM * width
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])


def _shot(path: Path, people: tuple[Figure, ...]) -> Shot:
    height, width = read_picture(path).pixels.shape[:2]
    return Shot(group=WHAT, path=path, K=camera_of(path.name, width=width, height=height), people=people)


def _labelled(path: Path, pictures: Mapping[str, Path]) -> Iterator[Shot]:
    columns = read_frame(path)
    for row in range(len(columns["imgPath"])):
        name = Path(str(columns["imgPath"][row])).name
        small = f"{Path(name).stem}{SMALL}{Path(name).suffix}"
        picture = pictures.get(name) or pictures.get(small)
        if picture is None:
            raise AssetMissing(f"{WHAT}'s picture {name} (or {small})", path.parent, REMEDY)
        yield _shot(picture, tuple(_people(columns, row, path)))


def _people(columns: Mapping[str, Any], row: int, path: Path) -> Iterator[Figure]:
    for number, hidden in enumerate(columns["occlusion"][row]):
        arrays = [
            np.asarray(columns[key][row][number], np.float64) for key in ("gt_joints_2d", "gt_joints_3d", "gt_verts")
        ]
        px, joints, verts = (array.reshape(-1, array.shape[-1]) for array in arrays)
        if px.shape != (NUM_POINTS, 2) or joints.shape != (NUM_POINTS, 3) or verts.shape != (NUM_VERTS, 3):
            found = f"row {row}, person {number}: shapes {px.shape}, {joints.shape}, {verts.shape}"
            raise AssetBroken(f"{WHAT}'s dataframe (of SMPL-X)", path, found, REMEDY)
        counted = bool(columns["isValid"][row][number]) and 0 <= float(hidden) <= MOST_HIDDEN
        yield Figure(points_px=px, joints=joints, verts=verts, counted=counted)


def read_frame(path: Path) -> dict[str, np.ndarray]:
    """Columns of a dataframe; no code of the file is run, and pandas isn't needed.

    Raises:
        AssetBroken: if it is something else, or a column is missing.
    """
    if path.stat().st_size > MAX_BYTES:
        raise AssetBroken(f"{WHAT}'s dataframe", path, f"it has {path.stat().st_size} bytes", REMEDY)
    try:
        with path.open("rb") as stream:
            frame = unpickle_plain(stream, further=AGORA)
        columns = frame.columns() if isinstance(frame, Frame) else {}
    except pickle.UnpicklingError as problem:
        raise AssetBroken(f"{WHAT}'s dataframe", path, str(problem), REMEDY) from problem
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise AssetBroken(f"{WHAT}'s dataframe", path, f"without {', '.join(missing)}", REMEDY)
    return columns
