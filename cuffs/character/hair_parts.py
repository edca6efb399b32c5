"""Hair as parts of the topology: the points that haircuts add to hm08's vertices, and how they follow skin and rig."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from cuffs.character.base_mesh import BaseMesh, triangles
from cuffs.character.body_frame import BodyFrame
from cuffs.character.grown import Grown, tie
from cuffs.character.hair_styles import ROOTS_OF_HANGING, STYLES, HairStyle, curve
from cuffs.character.open_hair import grow
from cuffs.character.open_surface import MATERIALS, BodySurface
from cuffs.character.records import Part
from cuffs.character.skull import Skull, Surface, joined

Array = np.ndarray

HEAD_ONLY_M, BACK_ONLY_M = 0.06, 0.20
"""Down to the one, below the skull's middle, hanging hair follows the head; from the other on, the skin that it is tied
to: neck and back."""

SHADOW_DEG = 3.0
"""Skin shows the roots of hair up to about so far beyond a hairline."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HairParts:
    """All haircuts, and the points that they need."""

    parts: tuple[Part, ...]
    grown: Grown
    follows_skin: Float[Array, " points"]
    """How far each point follows the rig as the skin does that it is tied to; else it follows the head."""

    hangs: Bool[Array, " points"]


def hair_parts(base: BaseMesh, frame: BodyFrame, surface: BodySurface, *, first: int) -> HairParts:
    """Grow all haircuts on the middling person.

    Args:
        base: MakeHuman's mesh.
        frame: the middling person.
        surface: the body mesh.
        first: full number of the first point.
    """
    faces = surface.vertices[surface.faces]
    is_skin = np.isin(surface.material, [MATERIALS.index(name) for name in ("skin", "lips")])
    head, torso = frame.limb_weight("head"), frame.limb_weight("torso")
    scalp = faces[is_skin & (head[faces].min(1) > 0.3)]
    trunk = faces[is_skin & ((head + torso)[faces].min(1) > 0.3)]
    obstacles = np.concatenate([trunk, triangles(base.groups["helper-tights"].verts)])
    skull = Skull(frame, scalp, triangles(base.groups["body"].verts))
    cuts = {name: grow(style, skull) for name, style in STYLES.items()}
    parts = []
    for name, cut in cuts.items():
        density = scalp_density(STYLES[name], skull, frame, surface)
        parts.append(_part(name, cut, first=first, density=density))
        first += len(cut.points)
    everything = joined(list(cuts.values()))
    on_scalp, in_air = tie(everything.points, frame.rest, scalp), tie(everything.points, frame.rest, obstacles)
    depth = skull.centre[2] - everything.points[:, 2]
    share = np.clip((depth - HEAD_ONLY_M) / (BACK_ONLY_M - HEAD_ONLY_M), 0, 1)
    return HairParts(
        parts=tuple(parts),
        grown=_either(everything.hangs, in_air, on_scalp),
        follows_skin=np.where(everything.hangs, share, 1.0),
        hangs=everything.hangs,
    )


def _part(name: str, cut: Surface, *, first: int, density: Float[Array, " body"]) -> Part:
    return Part(
        name=name,
        kind="hair",
        vertices=np.arange(first, first + len(cut.points), dtype=np.int32),
        faces=cut.faces.astype(np.int32),
        offset=np.zeros(len(cut.points), np.float32),
        hides=np.zeros(0, np.int32),
        volume=cut.volume.astype(np.int32),
        tail=cut.tail.astype(np.int32),
        scalp=density.astype(np.float32),
    )


def scalp_density(style: HairStyle, skull: Skull, frame: BodyFrame, surface: BodySurface) -> Float[Array, " body"]:
    """How densely a haircut grows at each of the body's vertices, 0 to 1."""
    away = frame.rest[surface.vertices] - skull.centre
    x, y, z = (away / np.linalg.norm(away, axis=1, keepdims=True)).T
    azimuth, elevation = np.degrees(np.arctan2(x, -y)), np.degrees(np.arcsin(z))
    line = curve(style.line, azimuth)
    if style.ends_m is not None:
        line = np.maximum(line, curve(ROOTS_OF_HANGING, azimuth))
    share = np.clip((elevation - line) / SHADOW_DEG + 0.5, 0, 1)
    names = [MATERIALS.index(name) for name in ("skin",)]
    is_skin = np.zeros(len(surface.vertices), bool)
    is_skin[np.unique(surface.faces[np.isin(surface.material, names)])] = True
    is_skin[np.unique(surface.faces[surface.material == MATERIALS.index("ears")])] = False
    return share * is_skin * (frame.limb_weight("head")[surface.vertices] > 0.3)


def _either(choose: Bool[Array, " points"], yes: Grown, no: Grown) -> Grown:
    pick = choose[:, None]
    return Grown(
        corners=np.where(pick, yes.corners, no.corners),
        bary=np.where(pick, yes.bary, no.bary),
        step=np.where(pick, yes.step, no.step),
    )


def hair_weights(hair: HairParts, weights: Float[Array, "verts bones"], head: int) -> Float[Array, "points bones"]:
    """Skinning of the points that hair adds.

    Args:
        hair: the points.
        weights: of the full vertices.
        head: number of the head's bone.
    """
    share = hair.follows_skin[:, None]
    found = share * hair.grown.spread(weights)
    found[:, head] += 1 - share[:, 0]
    return found


def hair_actions(hair: HairParts, actions: Float[Array, "actions verts 3"]) -> Float[Array, "actions points 3"]:
    """How facial actions move the points that hair adds: with the skin, unless they hang."""
    moved: Sequence[Array] = [hair.grown.spread(action) * ~hair.hangs[:, None] for action in actions]
    return np.stack(moved)
