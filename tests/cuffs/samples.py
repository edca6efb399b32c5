"""Small finished samples, made without rendering: what the farm hands to the shards."""

import io
import json

import numpy as np
from PIL import Image

from cuffs.codec import encode
from cuffs.records import (
    BodyModelRef,
    CameraRecord,
    FitResidual,
    HandFlags,
    HandSizes,
    ImageRecord,
    PersonRecord,
    PoseSourceRecord,
    Provenance,
    ResidualStats,
    Sample,
    SmplxRecord,
)
from cuffs.shards import SampleFiles
from tests.cuffs.strategies import random_origin

SIZE = 24


def random_sample(rng, key, *, people=1, body_sha256="0" * 64, slot=0):
    stats = ResidualStats(mean=1.0, p95=2.0, p99=3.0, max=4.0)
    origin = random_origin(rng)
    heads = np.sort(rng.uniform(1, 3, people))
    records = []
    for number in range(people):
        joints = rng.normal(size=(55, 3)) * 0.3 + [0, 0, heads[number]]
        joints[15, 2] = heads[number]
        records.append(
            PersonRecord(
                smplx=SmplxRecord(
                    global_orient=rng.normal(size=3),
                    body_pose=rng.normal(size=(21, 3)),
                    left_hand_pose=rng.normal(size=(15, 3)),
                    right_hand_pose=rng.normal(size=(15, 3)),
                    jaw_pose=rng.normal(size=3),
                    leye_pose=rng.normal(size=3),
                    reye_pose=rng.normal(size=3),
                    betas=rng.normal(size=10),
                    expression=rng.normal(size=10),
                    transl=rng.normal(size=3),
                ),
                hand_valid=HandFlags(left=True, right=True),
                face_valid=True,
                expression_valid=True,
                depth_valid=True,
                betas_valid=True,
                joints2d=rng.normal(size=(55, 2)),
                joints3d_cam=joints,
                in_frame=rng.uniform(size=55) < 0.5,
                occluded=tuple(rng.choice([0, 1, 2, None], 55)),
                bbox_xyxy=(0.0, 0.0, 4.0, 4.0),
                bbox_body_xyxy=(-1.0, 0.0, 4.0, 5.0),
                visible_fraction=0.5,
                hand_px=HandSizes(left=4.0, right=5.0),
                fit_mm=FitResidual(
                    all=stats, body=stats, head=stats, left_hand=stats, right_hand=stats, fingers=stats, face=stats
                ),
                fit_converged=True,
                landmarks2d=rng.normal(size=(72, 2)),
                character=None,
                pose_source=PoseSourceRecord(body=origin, left_hand=origin, right_hand=origin),
            )
        )
    return Sample(
        key=key,
        image=ImageRecord(width=SIZE, height=SIZE),
        camera=CameraRecord(
            K=np.array([[30.0, 0, 12], [0, 30, 12], [0, 0, 1]]),
            T_world_cam=np.eye(4),
            fov_x_deg=43.6,
            fov_y_deg=43.6,
            distortion=None,
        ),
        body_model=BodyModelRef(name="open", sha256=body_sha256, num_betas=10),
        people=tuple(records),
        provenance=Provenance(
            recipe_hash="0" * 16,
            seed=0,
            slot=slot,
            attempt=0,
            chunk=0,
            split="train",
            place="studio",
            light="studio",
            licences=("CC0",),
            versions={"cuffs": "0"},
        ),
    )


def write_sample(folder, rng, sample):
    """A sample's files on disk; person i covers a 2 x 2 square of the mask."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    for number in range(len(sample.people)):
        mask[4 * number : 4 * number + 2, :2] = number + 1
    jpg, png = io.BytesIO(), io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8)).save(jpg, "JPEG")
    Image.fromarray(mask).save(png, "PNG")
    files = {"jpg": jpg.getvalue(), "json": json.dumps(encode(sample)).encode(), "mask.png": png.getvalue()}
    paths = {}
    for suffix, data in files.items():
        paths[suffix] = folder / f"{sample.key}.{suffix}"
        paths[suffix].write_bytes(data)
    return SampleFiles(key=sample.key, slot=sample.provenance.slot, attempt=0, people=len(sample.people), files=paths)
