"""What was found as files: JSON and arrays with named fields, meshes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Int
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

from cuffs.codec import encode
from cuffs.npz import write_npz
from cuffs.publish import write_bytes
from trainer.predict.finder import FoundPeople, FoundPerson

FORMAT = "cuffs-people-1"
COLOURS = np.array([[86, 180, 233], [230, 159, 0], [0, 158, 115], [204, 121, 167], [240, 228, 66], [213, 94, 0]])
"""Okabe and Ito's: as overlays have them."""

TO_Y_UP = np.diag([1.0, -1.0, -1.0, 1.0])
"""Camera axes (y down, z forward) to those of glTF and of most viewers of OBJ (y up, z towards the viewer)."""


def as_json(found: FoundPeople, *, body_sha256: str) -> dict[str, Any]:
    """One picture's people as plain values; everything but the vertices."""
    height, width = found.frame.pixels.shape[:2]
    return {
        "format": FORMAT,
        "picture": Path(found.frame.where).name,
        "width": width,
        "height": height,
        "K": found.K.tolist(),
        "body_model_sha256": body_sha256,
        "people": [_person(person) for person in found.people],
    }


def _person(person: FoundPerson) -> dict[str, Any]:
    fields = {name: getattr(person, name) for name in ("score", "head_px", "joints2d", "joints3d_cam")}
    return {**encode(fields), "smplx": encode(person.smplx)}


def write_json(path: Path, found: FoundPeople, *, body_sha256: str) -> None:
    """Write one picture's people, whole or not at all.

    Raises:
        OutputError: if it can't be written.
    """
    write_bytes(path, json_line(found, body_sha256=body_sha256))


def json_line(found: FoundPeople, *, body_sha256: str) -> bytes:
    """One picture's people as one line."""
    return (json.dumps(as_json(found, body_sha256=body_sha256), allow_nan=False) + "\n").encode()


def write_arrays(path: Path, found: Sequence[FoundPeople]) -> None:
    """Write people of one picture, or of all pictures of a film, as one flat list.

    `frame` (people) says which picture each is in; `K` (pictures, 3, 3), `scores`, `head_px`, `joints2d`,
    `joints3d_cam` and every field of `SmplxRecord` have a row for each person; vertices follow from those by the body
    model, and would be a hundred times as large.

    Raises:
        OutputError: if it can't be written.
    """
    people = [(number, person) for number, picture in enumerate(found) for person in picture.people]
    smplx = ("global_orient", "body_pose", "left_hand_pose", "right_hand_pose", "jaw_pose", "leye_pose", "reye_pose")
    arrays = {
        "frame": np.array([number for number, _ in people], np.int64),
        "K": np.stack([picture.K for picture in found]),
        "scores": np.array([person.score for _, person in people]),
    }
    shapes = {"head_px": (2,), "joints2d": (55, 2), "joints3d_cam": (55, 3)}
    for name, shape in shapes.items():
        arrays[name] = np.array([getattr(person, name) for _, person in people]).reshape(-1, *shape)
    rows = {"body_pose": (21, 3), "left_hand_pose": (15, 3), "right_hand_pose": (15, 3), "betas": (10,)}
    for name in (*smplx, "betas", "expression", "transl"):
        shape = rows.get(name, (10,) if name == "expression" else (3,))
        arrays[name] = np.array([getattr(person.smplx, name) for _, person in people]).reshape(-1, *shape)
    write_npz(path, arrays)


def write_mesh(path: Path, found: FoundPeople, faces: Int[np.ndarray, "faces 3"]) -> None:
    """Write everybody as .glb or .obj, metres, the camera at the origin looking along -z with y up.

    A picture without people gives no file: neither format holds nothing.

    Raises:
        OutputError: if it can't be written.
    """
    if not found.people:
        return
    options = {} if path.suffix == ".glb" else {"include_texture": False}
    exported = people_scene(found, faces).export(file_type=path.suffix.removeprefix("."), **options)
    write_bytes(path, exported if isinstance(exported, bytes) else str(exported).encode())


def people_scene(found: FoundPeople, faces: Int[np.ndarray, "faces 3"]) -> trimesh.Scene:
    """Everybody in their colour: metres, the camera at the origin looking along -z with y up."""
    scene = trimesh.Scene()
    for number, person in enumerate(found.people):
        mesh = trimesh.Trimesh(person.verts_cam, faces, process=False)
        mesh.apply_transform(TO_Y_UP)
        colour = [*COLOURS[number % len(COLOURS)].tolist(), 255]
        mesh.visual = TextureVisuals(
            material=PBRMaterial(baseColorFactor=colour, metallicFactor=0.0, roughnessFactor=0.8)
        )
        scene.add_geometry(mesh, node_name=f"person_{number}", geom_name=f"person_{number}")
    return scene
