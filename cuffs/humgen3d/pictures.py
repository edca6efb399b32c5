"""Pictures of a registration: what it left between the surfaces, painted on both meshes. They stay on this machine."""

import io
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from cuffs.body import BodyModel, body_parts
from cuffs.character import Topology
from cuffs.correspond import Correspondence
from cuffs.humgen3d.maker import MadeHuman
from cuffs.publish import write_bytes
from cuffs.report.charts import heading, labelled, stacked
from cuffs.report.figures import View, draw_body
from cuffs.skeleton import INDEX

Array = np.ndarray

FULL_MM = 2.0
"""Painted full red."""

NOWHERE = (60, 60, 200)
"""Vertices without a counterpart, and skin that none of the model's vertices lies on."""

FRONT_RAD = -np.pi / 2
"""People at rest face -y."""


def write_pictures(
    path: Path, model: BodyModel, human: MadeHuman, table: Correspondence, carried: Float[Array, "v 3"]
) -> None:
    """Draw the body model as it lies on the human, and the human, both painted by the gaps."""
    ours = _paint(table.gap_mm[model.faces].mean(1), table.is_covered[model.faces].all(1))
    theirs = _paint(*_gaps_of_faces(human.topology, table))
    parts = body_parts(model)
    rest, topology = human.identity.rest.astype(np.float64), human.topology
    rows = [[heading(f"gap after registration: white 0, red {FULL_MM:g} mm, blue: no counterpart", 900)]]
    for name, view in (
        ("all", View(width=260, height=420)), ("all", View(width=260, height=420, yaw_deg=180)),
        ("face", View(width=260, height=260)), ("left_hand", View(width=260, height=260, yaw_deg=60, pitch_deg=60)),
    ):  # fmt: skip
        shown = parts[name]
        near = _near(topology, table, shown)
        pair = (
            (model.name, draw_body(carried, model.faces, view, facing_rad=FRONT_RAD, colours=ours, shown=shown)),
            ("HumGen3D", draw_body(rest, topology.body_faces, view, facing_rad=FRONT_RAD, colours=theirs, shown=near)),
        )
        rows.append([labelled(picture, f"{whose}: {name}") for whose, picture in pair])
    columns = [rows[0], [cell for row in rows[1:3] for cell in row], [cell for row in rows[3:] for cell in row]]
    buffer = io.BytesIO()
    Image.fromarray(stacked(columns)).save(buffer, format="PNG")
    write_bytes(path, buffer.getvalue())


def _paint(gap_mm: Float[Array, " faces"], is_known: Array) -> Array:
    share = np.clip(gap_mm / FULL_MM, 0, 1)[:, None]
    colours = (1 - share) * np.array([235.0, 235, 235]) + share * np.array([220.0, 30, 20])
    colours[~is_known] = NOWHERE
    return colours.astype(np.uint8)


def _gaps_of_faces(topology: Topology, table: Correspondence) -> tuple[Float[Array, " faces"], Array]:
    """Mean gap of the model's vertices that lie on or beside each triangle, and whether there are any."""
    verts = len(topology.body_vertices)
    corners = table.corners[table.is_covered]
    total = np.bincount(corners.ravel(), np.repeat(table.gap_mm[table.is_covered], 3), verts)
    count = np.bincount(corners.ravel(), minlength=verts)
    reached = count[topology.body_faces].sum(1)
    return total[topology.body_faces].sum(1) / np.maximum(reached, 1), reached > 0


def _near(topology: Topology, table: Correspondence, numbers: Array) -> Array:
    """The human's vertices that a part of the model lies on."""
    found = np.unique(table.corners[numbers][table.is_covered[numbers]])
    follows_head = topology.bone_joint[topology.skin_bones[found, 0]] == INDEX["head"]
    return found if len(found) else np.flatnonzero(follows_head)
