"""BEDLAM's form: a label npz a scene, and a tree of PNGs (pose_formats.md, section 1).

A shard becomes a scene, a sample a sequence of one frame. The camera's yaw is folded into the world, whose y points
down; `cam_ext` is roll and pitch, and for each person an offset of their own::

    camera = project(cam_int, verts(pose_cam, shape, trans_cam) + cam_ext[:3, 3])
    camera = project(cam_int, cam_ext[:3, :3] @ verts(pose_world, shape, trans_world) + cam_ext[:3, 3])

BEDLAM knows no facial expression: keypoints and projected vertices are those of the neutral face, so that they agree
with the parameters. The labels' own is in a further column, `expression`, which BEDLAM's readers pass over.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel, landmarks
from cuffs.camera import inverse, project
from cuffs.export.stream import (
    FOLDERS,
    Exported,
    SourceSample,
    pinhole_picture,
    png_bytes,
    posed,
    rest_pelvis,
    source_samples,
)
from cuffs.records import PersonRecord
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat

NUM_BETAS: Final = 11
"""BEDLAM's neutral labels have eleven; the last is 0 here."""

NUM_PROJECTED: Final = 437
"""Vertices that are projected. BEDLAM's choice of them is not published; these are evenly spaced."""

BODY_JOINTS: Final = slice(0, 22)
BOX_MARGIN: Final = 1.2
BOX_UNIT: Final = 200.0
"""`scale` is in units of so many pixels."""


def export_bedlam(folder: Path, out: Path, model: BodyModel) -> Exported:
    """Write a dataset in BEDLAM's form.

    Args:
        folder: the dataset.
        out: a folder to fill.
        model: the labels' body model.
    """
    result = Exported()
    scene: tuple[str, str] | None = None
    rows: list[dict[str, object]] = []
    for source in source_samples(folder):
        found = (FOLDERS[source.sample.provenance.split], f"{source.shard.replace('-', '_')}_6fps")
        if scene is not None and found != scene and rows:
            _flush(out, scene, rows)
            rows = []
        scene = found
        rows += _write_sample(out, scene, source, model, result)
    if scene is not None and rows:
        _flush(out, scene, rows)
    return result


def _flush(out: Path, scene: tuple[str, str], rows: list[dict[str, object]]) -> None:
    """Write a scene's labels; a scene whose splits take turns in its shard is written in parts."""
    split, name = scene
    labels = out / f"all_npz_12_{split}"
    labels.mkdir(parents=True, exist_ok=True)
    path = labels / f"{name}.npz"
    columns = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    if path.exists():
        with np.load(path, allow_pickle=False) as before:
            columns = {key: np.concatenate([before[key], columns[key]]) for key in columns}
    with path.open("wb") as file:
        np.savez(file, **columns)


def _write_sample(
    out: Path, scene: tuple[str, str], source: SourceSample, model: BodyModel, result: Exported
) -> list[dict[str, object]]:
    split, name = scene
    sequence = f"seq_{source.sample.provenance.slot % 10**6:06d}"
    imgname = f"{sequence}/{sequence}_0000.png"
    path = out / split / name / "png" / imgname
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(pinhole_picture(source)))
    result.images += 1
    rows = []
    for person in source.sample.people:
        row = _row(source, person, model)
        if row is None:
            result.left_out["a vertex lies behind the camera"] += 1
            continue
        rows.append({"imgname": imgname, **row})
        result.people += 1
    return rows


def _row(source: SourceSample, person: PersonRecord, model: BodyModel) -> Mapping[str, object] | None:
    """One person's labels; None where BEDLAM would leave them out."""
    verts, joints = posed(model, _without_expression(person))
    if (verts[:, 2] <= 0).any():
        return None
    sample, smplx = source.sample, person.smplx
    K = sample.camera.K
    R_cam_world, offset_cam = bedlam_camera(sample.camera.T_world_cam, joints[0])
    pelvis = rest_pelvis(model, _without_expression(person))
    root = rotvec_to_rotmat(smplx.global_orient)
    pose = smplx.full_pose().reshape(165)
    pose_world = pose.copy()
    pose_world[:3] = rotmat_to_rotvec((R_cam_world.T @ root)[None])[0]
    cam_ext = np.eye(4)
    cam_ext[:3, :3], cam_ext[:3, 3] = R_cam_world, offset_cam
    pixels = project(np.concatenate([joints, landmarks(model, verts)]), K)
    chosen = np.linspace(0, len(verts) - 1, NUM_PROJECTED).round().astype(int)
    centre, scale = _box(pixels[BODY_JOINTS], width=sample.image.width, height=sample.image.height)
    origin = person.pose_source.body
    return {
        "center": centre,
        "scale": scale,
        "pose_cam": pose,
        "pose_world": pose_world,
        "shape": np.concatenate([smplx.betas, np.zeros(NUM_BETAS - len(smplx.betas))]),
        "trans_cam": smplx.transl - offset_cam,
        "trans_world": R_cam_world.T @ (pelvis + smplx.transl - offset_cam) - pelvis,
        "gtkps": _homogeneous(pixels).astype(np.float32),
        "cam_int": K,
        "cam_ext": cam_ext,
        "gender": "neutral",
        "proj_verts": _homogeneous(project(verts[chosen], K)).astype(np.float32),
        "expression": smplx.expression,
        "motion_info": f"{origin.dataset}/{origin.file}#{origin.row}:{origin.frame}",
        "sub": "" if person.character is None else person.character.identity,
    }


def _without_expression(person: PersonRecord) -> PersonRecord:
    return replace(person, smplx=replace(person.smplx, expression=np.zeros_like(person.smplx.expression)))


def bedlam_camera(
    T_world_cam: Float[np.ndarray, "4 4"] | None, pelvis_cam: Float[np.ndarray, "3"]
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
    """`cam_ext`: a rotation that is roll times pitch, and where the ground below a person is for the camera.

    Args:
        T_world_cam: camera to world, z up; None where unknown: the world is then the camera's own frame.
        pelvis_cam: the person's pelvis, metres.
    """
    if T_world_cam is None:
        return np.eye(3), np.zeros(3)
    T_cam_world = inverse(T_world_cam)
    down = T_cam_world[:3, :3] @ np.array([0.0, 0.0, -1.0])
    pitch, roll = np.arcsin(np.clip(down[2], -1, 1)), np.arctan2(-down[0], down[1])
    R = rotvec_to_rotmat(np.array([0.0, 0.0, roll])) @ rotvec_to_rotmat(np.array([pitch, 0.0, 0.0]))
    pelvis_world = T_world_cam[:3, :3] @ pelvis_cam + T_world_cam[:3, 3]
    ground_world = pelvis_world * [1, 1, 0]
    return R, T_cam_world[:3, :3] @ ground_world + T_cam_world[:3, 3]


def _homogeneous(pixels: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
    return np.concatenate([pixels, np.ones((len(pixels), 1))], 1)


def _box(pixels: Float[np.ndarray, "n 2"], *, width: int, height: int) -> tuple[np.ndarray, float]:
    """Centre and scale of the joints that are in the picture; of all where none is."""
    seen = ((pixels >= 0) & (pixels < [width, height])).all(1)
    used = pixels[seen] if seen.any() else pixels
    low, high = used.min(0), used.max(0)
    return (low + high) / 2, float((high - low).max()) / BOX_UNIT * BOX_MARGIN
