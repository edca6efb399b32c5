"""Processor time that readers of pose data sets take to open and to draw, and their memory, on files of full size.

python -m benchmarks.readers FOLDER --rows 1000000     writes files of random poses into FOLDER and measures each source
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

DRAWS = 10_000


def write_labels(folder: Path, rows: int) -> dict[str, str]:
    """BEDLAM's labels, ten files of random people before level cameras."""
    folder.mkdir(parents=True)
    rng, count = np.random.default_rng(0), rows // 10
    extrinsics = np.tile(np.eye(4), (count, 1, 1))
    for number in range(10):
        np.savez(
            folder / f"scene{number}_6fps.npz",
            imgname=np.array([f"seq_{n // 100:06d}/seq_{n // 100:06d}_{n % 100:04d}.png" for n in range(count)]),
            pose_cam=rng.normal(0, 0.2, (count, 165)), shape=rng.normal(size=(count, 11)),
            trans_cam=rng.normal(size=(count, 3)), cam_ext=extrinsics,
            cam_int=np.tile(np.diag([1500.0, 1500, 1]), (count, 1, 1)), gender=np.array(["m"] * count),
        )  # fmt: skip
    return {"kind": "bedlam", "path": str(folder)}


def write_ubody(folder: Path, rows: int) -> dict[str, str]:
    """UBody's annotations in one scene; people repeat, ids don't."""
    place = folder / "annotations" / "Speech"
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    lengths = {"root_pose": 3, "body_pose": 63, "lhand_pose": 45, "rhand_pose": 45, "jaw_pose": 3, "expr": 10}
    lengths |= {"shape": 10, "trans": 3}
    fits = [
        json.dumps({
            "smplx_param": {key: rng.normal(0, 0.2, size).tolist() for key, size in lengths.items()},
            "cam_param": {"focal": [35558.0, 35558.0], "princpt": [640.0, 360.0]},
        })
        for _ in range(50)
    ]  # fmt: skip
    with (place / "smplx_annotation.json").open("w") as file:
        file.write("{" + ", ".join(f'"{n}": {fits[n % 50]}' for n in range(2)))
        for n in range(2, rows):
            file.write(f', "{n}": {fits[n % 50]}')
        file.write("}")
    keypoints = json.dumps(
        {"keypoints": rng.uniform(0, 999, 399).round(3).tolist(), "lefthand_valid": 1, "valid_label": 1}
    )
    with (place / "keypoint_annotation.json").open("w") as file:
        images = ", ".join(f'{{"id": {n}, "file_name": "/v{n // 500}/{n % 500:06d}.png"}}' for n in range(rows))
        file.write(f'{{"images": [{images}], "annotations": [')
        for n in range(rows):
            file.write(f'{", " if n else ""}{{"id": {n}, "image_id": {n}, {keypoints[1:]}')
        file.write("]}")
    return {"kind": "ubody", "path": str(folder), "mean_hand_path": str(write_mean(folder.parent))}


def write_interhand(folder: Path, rows: int) -> dict[str, str]:
    """InterHand2.6M's fits; a fiftieth of the rows, as the real one has."""
    place = folder / "annotations" / "train"
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    hands = [
        json.dumps({"pose": rng.normal(0, 0.3, 48).tolist(), "shape": [0.1] * 10, "trans": [0, 0, 1]}) for _ in "abc"
    ]
    frames = ", ".join(f'"{n}": {{"right": {hands[n % 3]}, "left": {hands[n % 2]}}}' for n in range(rows // 50))
    (place / "InterHand2.6M_train_MANO_NeuralAnnot.json").write_text(f'{{"0": {{{frames}}}}}')
    return {"kind": "interhand", "path": str(folder), "mean_hand_path": str(write_mean(folder.parent))}


def write_motions(folder: Path, rows: int) -> dict[str, str]:
    """BEDLAM's motions, 200 frames each."""
    rng = np.random.default_rng(0)
    for number in range(rows // 200):
        place = folder / f"subject{number % 100}" / str(number)
        place.mkdir(parents=True)
        np.savez(
            place / "motion_seq.npz", poses=rng.normal(0, 0.2, (200, 165)), trans=np.zeros((200, 3)),
            betas=np.zeros(11), mocap_frame_rate=np.array(30), motion_info=np.array(["walk"] * 6),
            gender=np.array("neutral"),
        )  # fmt: skip
    return {"kind": "bedlam", "path": str(folder)}


def write_mean(folder: Path) -> Path:
    """Some mean hand."""
    right = np.tile([0.1, 0.2, 0.5], 15)
    np.savez(folder / "mean.npz", hands_meanl=right * np.tile([1, -1, -1], 15), hands_meanr=right)
    return folder / "mean.npz"


def measure(config: dict[str, str], cache: Path) -> None:
    """Open a source twice and draw from it; in a process of its own, so that its memory is its own."""
    from pose_sources import BodyAtHand, open_source, poses_config

    start = time.process_time()
    parsed = poses_config(config, where="benchmark")
    open_source(parsed, folder=Path(), body=BodyAtHand(), cache=cache)  # pyright: ignore[reportArgumentType]
    first = time.process_time() - start
    source = open_source(parsed, folder=Path(), body=BodyAtHand(), cache=cache)  # pyright: ignore[reportArgumentType]
    again = time.process_time() - start - first
    rng, start = np.random.default_rng(0), time.process_time()
    for _ in range(DRAWS):
        source.draw(rng)
    draws = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    poses = len(source)  # pyright: ignore[reportArgumentType]
    print(f"{config['kind']:10s}{poses:9d} poses: opened first {first:6.1f} s, then {again:5.1f} s; "
          f"{DRAWS} draws {draws:5.1f} s; {memory:.2f} GiB", flush=True)  # fmt: skip


WRITERS = {"labels": write_labels, "ubody": write_ubody, "interhand": write_interhand, "motions": write_motions}


def main() -> None:
    """Write what is missing, then measure each source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", choices=WRITERS)
    parser.add_argument("--measure", help="for its own use")
    arguments = parser.parse_args()
    if arguments.measure:
        measure(json.loads(arguments.measure), arguments.folder / "cache")
        return
    for name, write in WRITERS.items():
        if arguments.only not in (None, name):
            continue
        place = arguments.folder / name
        kept = arguments.folder / f"{name}.json"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            config = write(place, arguments.rows)
            kept.write_text(json.dumps(config))
        command = [sys.executable, "-m", "benchmarks.readers", str(arguments.folder), "--measure", kept.read_text()]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
