"""3DPW's test sequences: SMPL in the wild (von Marcard et al. 2018; protocol: multi_hmr.md, 6)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from cuffs.errors import AssetBroken, AssetMissing
from trainer.evaluate.human36m import FOURTEEN, PELVIS, ToHuman36m, load_human36m
from trainer.evaluate.licensed import read_pickle_of
from trainer.evaluate.measures import aligned_mm, centred_mm
from trainer.evaluate.shots import Benchmark, Errors, Figure, Shot, means, project_px
from trainer.evaluate.smpl import NUM_BETAS, NUM_JOINTS, SmplModel, load_smpl, smpl_verts
from trainer.predict.finder import FoundPerson

WHAT: Final = "3DPW"
REMEDY: Final = "unpack 3DPW's sequenceFiles.zip and imageFiles.zip into one folder"
KEYS: Final = ("genders", "poses", "trans", "betas", "cam_poses", "cam_intrinsics", "campose_valid")
GENDERS: Final = {"m": "male", "f": "female"}
MEASURES: Final = ("mpjpe", "pa_mpjpe", "pve", "pa_pve")


def open_three_dpw(name: str, folder: Path, assets: Path | None) -> Benchmark:
    """3DPW's folder.

    Raises:
        AssetMissing: if sequences, pictures or a licensed file aren't there.
    """
    sequences = sorted((folder / "sequenceFiles" / "test").glob("*.pkl"))
    if not sequences:
        raise AssetMissing(f"{WHAT}'s test sequences", folder / "sequenceFiles" / "test", REMEDY)
    for path in sequences:
        if not (pictures := folder / "imageFiles" / path.stem).is_dir():
            raise AssetMissing(f"{WHAT}'s pictures", pictures, REMEDY)
    maps = load_human36m(assets, by=WHAT)
    models = {gender: load_smpl(assets, gender, by=WHAT) for gender in GENDERS.values()}

    def shots() -> Iterator[Shot]:
        for path in sequences:
            yield from _sequence(path, folder / "imageFiles" / path.stem, models, maps)

    def figure(person: FoundPerson, K: np.ndarray) -> Figure:
        return smpl_figure(maps.transfer @ person.verts_cam, K, maps)

    return Benchmark(
        kind="3dpw",
        name=name,
        shots=shots,
        figure=figure,
        errors=errors,
        summary=means(MEASURES),
        notes=("people who aren't labelled are no mistakes; people who aren't found count in recall alone",),
    )


def smpl_figure(verts: np.ndarray, K: np.ndarray, maps: ToHuman36m) -> Figure:
    """Somebody as SMPL's mesh: pelvis and 14 joints."""
    joints = maps.regressor @ verts
    kept = joints[[PELVIS, *FOURTEEN]]
    return Figure(points_px=project_px(kept[1:], K), joints=kept, verts=verts)


def errors(ours: Figure, truth: Figure) -> Errors:
    """14 joints and all vertices, Human3.6M's pelvises put on each other; PA- after the best similarity."""
    our_root, true_root = ours.joints[0], truth.joints[0]
    return {
        "mpjpe": [centred_mm(ours.joints[1:], truth.joints[1:], our_root, true_root)],
        "pa_mpjpe": [aligned_mm(ours.joints[1:], truth.joints[1:])],
        "pve": [centred_mm(ours.verts, truth.verts, our_root, true_root)],
        "pa_pve": [aligned_mm(ours.verts, truth.verts)],
    }


def _sequence(path: Path, pictures: Path, models: Mapping[str, SmplModel], maps: ToHuman36m) -> Iterator[Shot]:
    data = read_sequence(path)
    K = data["cam_intrinsics"]
    for frame in range(len(data["cam_poses"])):
        people = []
        for number, gender in enumerate(data["genders"]):
            if not data["campose_valid"][number][frame]:
                continue
            pose = data["poses"][number][frame].reshape(NUM_JOINTS, 3)
            world = smpl_verts(
                models[GENDERS[gender]], pose, data["betas"][number][:NUM_BETAS], data["trans"][number][frame]
            )
            T_cam_world = data["cam_poses"][frame]
            people.append(smpl_figure(world @ T_cam_world[:3, :3].T + T_cam_world[:3, 3], K, maps))
        if people:
            picture = pictures / f"image_{frame:05d}.jpg"
            yield Shot(group=path.stem, path=picture, K=K, people=tuple(people))


def read_sequence(path: Path) -> dict[str, Any]:
    """One of 3DPW's pickles, written by Python 2: arrays of a sequence, lists over its people.

    Raises:
        AssetBroken: naming what is missing or of another shape; no code of the file is run.
    """
    data = read_pickle_of(path, what=WHAT, remedy=REMEDY)
    if not isinstance(data, Mapping):
        raise AssetBroken(WHAT, path, "it holds no named arrays", REMEDY)
    if missing := [key for key in KEYS if key not in data]:
        raise AssetBroken(WHAT, path, f"without {', '.join(missing)}", REMEDY)
    genders = [str(gender) for gender in data["genders"]]
    if any(gender not in GENDERS for gender in genders):
        raise AssetBroken(WHAT, path, f"genders are {genders}, not m or f", REMEDY)
    try:
        lists = {
            key: [np.asarray(one, np.float64) for one in data[key]]
            for key in ("poses", "trans", "betas", "campose_valid")
        }
        arrays = {key: np.asarray(data[key], np.float64) for key in ("cam_poses", "cam_intrinsics")}
    except (TypeError, ValueError) as problem:
        raise AssetBroken(WHAT, path, f"values are no numbers ({problem})", REMEDY) from problem
    frames, people = len(arrays["cam_poses"]), len(genders)
    shapes = {"poses": (frames, 3 * NUM_JOINTS), "trans": (frames, 3), "campose_valid": (frames,)}
    fits = arrays["cam_poses"].shape[1:] == (4, 4) and arrays["cam_intrinsics"].shape == (3, 3)
    fits = fits and all(len(values) == people for values in lists.values())
    fits = fits and all(one.shape == shape for key, shape in shapes.items() for one in lists[key])
    if not fits or any(one.ndim != 1 or len(one) < NUM_BETAS for one in lists["betas"]):
        raise AssetBroken(WHAT, path, "its arrays don't fit each other", REMEDY)
    return {**lists, **arrays, "genders": genders}
