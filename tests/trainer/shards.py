"""Shards of labelled pictures without Blender: bodies of random poses, drawn flat, one colour a person."""

import io
import json
from dataclasses import replace

import numpy as np
from PIL import Image

from cuffs.annotate.raster import Canvas, nearest_faces
from cuffs.body import forward
from cuffs.camera import intrinsics, project
from cuffs.codec import encode
from cuffs.records import BodyModelRef, CameraRecord, ImageRecord, SmplxRecord
from cuffs.rotations import rotvec_to_rotmat
from cuffs.shards import SampleFiles, ShardContent, write_shard
from cuffs.skeleton import BODY, INDEX, LEFT_HAND, RIGHT_HAND
from tests.cuffs.samples import random_sample

COLOURS = np.array([[230, 120, 40], [40, 140, 230], [60, 200, 90]])
FACING = np.array([np.pi, 0.0, 0.0])
"""Turns SMPL-X's y-up body upright before a camera whose y is down."""


def random_people(rng, count, *, distance_m=(2.2, 3.2), bend=0.25):
    """SmplxRecords of people who stand about the middle of the view."""
    records = []
    for number in range(count):
        pose = rng.normal(size=(55, 3)) * bend
        middle = (number - (count - 1) / 2) * 0.8
        records.append(
            SmplxRecord(
                global_orient=FACING + rng.normal(size=3) * 0.2,
                body_pose=pose[BODY],
                left_hand_pose=pose[LEFT_HAND],
                right_hand_pose=pose[RIGHT_HAND],
                jaw_pose=np.array([abs(pose[22, 0]) * 0.5, 0, 0]),
                leye_pose=np.zeros(3),
                reye_pose=np.zeros(3),
                betas=rng.normal(size=10) * 0.5,
                expression=rng.normal(size=10) * 0.5,
                transl=np.array([middle + rng.normal() * 0.1, 0.3, rng.uniform(*distance_m)]),
            )
        )
    return records


def pose(body, record):
    """Vertices and joints of a record, float64."""
    return forward(
        body,
        rotmats=rotvec_to_rotmat(record.full_pose()),
        betas=record.betas,
        expression=record.expression,
        transl=record.transl,
    )


def make_sample(rng, body, key, *, people=1, size=(96, 96), offset_px=(0.0, 0.0)):
    """A Sample whose labels agree with each other, and the bodies' vertices, near to far."""
    width, height = size
    plain = random_sample(rng, key, people=people, body_sha256=body.sha256)
    K = intrinsics(fov_x_deg=56.0, width=width, height=height, offset_px=offset_px)
    posed = [(record, *pose(body, record)) for record in random_people(rng, people)]
    posed.sort(key=lambda one: one[2][INDEX["head"], 2])
    persons = [
        replace(person, smplx=record, joints3d_cam=joints, joints2d=project(joints, K))
        for person, (record, _, joints) in zip(plain.people, posed, strict=True)
    ]
    sample = replace(
        plain,
        image=ImageRecord(width=width, height=height),
        camera=CameraRecord(K=K, T_world_cam=None, fov_x_deg=56.0, fov_y_deg=56.0, distortion=None),
        body_model=BodyModelRef(name=body.name, sha256=body.sha256, num_betas=10),
        people=tuple(persons),
    )
    return sample, [verts for _, verts, _ in posed]


def draw_bodies(rng, body, sample, verts):
    """The bodies in flat colours on a plain ground."""
    size = Canvas(left=0, top=0, width=sample.image.width, height=sample.image.height)
    picture = np.full((size.height, size.width, 3), rng.integers(0, 255, 3), np.uint8)
    if verts:
        faces = np.concatenate([body.faces + number * len(verts[0]) for number in range(len(verts))])
        hit, _ = nearest_faces(np.concatenate(verts), faces, sample.camera.K, size)
        picture[hit >= 0] = COLOURS[(hit[hit >= 0] // len(body.faces)) % len(COLOURS)]
    return Image.fromarray(picture)


def write_dataset(folder, body, *, counts=(1, 2, 1, 0), seed=0, splits=None, shards=1):
    """A dataset with so many people in its pictures; the samples' keys."""
    rng = np.random.default_rng(seed)
    (folder / "shards").mkdir(parents=True)
    (folder / "files").mkdir()
    files = []
    for slot, people in enumerate(counts):
        split = "train" if splits is None else splits[slot]
        sample, verts = make_sample(rng, body, f"s{seed}_{slot:04d}", people=people)
        sample = replace(sample, provenance=replace(sample.provenance, slot=slot, split=split))
        jpg = io.BytesIO()
        draw_bodies(rng, body, sample, verts).save(jpg, "JPEG", quality=95)
        paths = {suffix: folder / "files" / f"{sample.key}.{suffix}" for suffix in ("jpg", "json")}
        paths["jpg"].write_bytes(jpg.getvalue())
        paths["json"].write_text(json.dumps(encode(sample)))
        files.append(SampleFiles(key=sample.key, slot=slot, attempt=0, people=people, files=paths))
    for chunk in range(shards):
        part = files[chunk::shards]
        content = ShardContent(chunk=chunk, plan_hash="0" * 16, samples=part)
        write_shard(folder / "shards" / f"shard-{chunk:06d}.tar", content)
    return [file.key for file in files]
