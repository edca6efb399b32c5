"""Garments as parts of the topology, and the points that openings add to hm08's vertices."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.base_mesh import BaseMesh, triangles
from cuffs.character.beneath import beneath_close, beneath_skirt
from cuffs.character.body_frame import BodyFrame
from cuffs.character.garment import Garment
from cuffs.character.garment_shape import ease_share, standoff
from cuffs.character.grown import Grown
from cuffs.character.helper_cut import Cutting, Helper, cut_garment, prepare_helper
from cuffs.character.openings import cloth_field
from cuffs.character.records import Part
from cuffs.character.skin_ties import Skin, skin_ties
from cuffs.character.slicing import Sliced, sliced
from cuffs.character.subdivision import subdivision

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GarmentParts:
    """All garments, and the points that they need besides hm08's vertices."""

    parts: tuple[Part, ...]
    grown: Grown


def garment_parts(base: BaseMesh, frame: BodyFrame, garments: Mapping[str, Garment], *, skin: Skin) -> GarmentParts:
    """Cut garments.

    Args:
        base: MakeHuman's mesh.
        frame: the person that they are cut on; its vertices are hm08's.
        garments: by name.
        skin: what they lie on.
    """
    names = sorted({garment.helper for garment in garments.values()})
    helpers = {name: prepare_helper(base, frame, name, skin.body) for name in names}
    parts, cuts, first = [], [], len(frame.rest)
    for name, garment in garments.items():
        part, cut = _make_part(helpers[garment.helper], frame, name, garment, skin=skin)
        added = part.vertices >= len(frame.rest)
        part.vertices[added] += first - len(frame.rest)
        first += len(cut.ends)
        parts.append(part)
        cuts.append(cut)
    ends = np.concatenate([cut.ends for cut in cuts])
    share = np.concatenate([cut.share for cut in cuts])
    grown = Grown(
        corners=ends[:, [0, 1, 1]],
        bary=np.stack([1 - share, share, np.zeros_like(share)], 1),
        step=np.zeros((len(ends), 3)),
    )
    return GarmentParts(parts=tuple(parts), grown=grown)


def _make_part(helper: Helper, frame: BodyFrame, name: str, garment: Garment, *, skin: Skin) -> tuple[Part, Sliced]:
    """A garment, its added points numbered from the number of hm08's vertices."""
    cutting = cut_garment(helper, frame, garment)
    quads = helper.mesh.quads[cutting.kept]
    offset = standoff(frame, garment, quads)
    cut = sliced(triangles(quads), cloth_field(frame, garment.openings, frame.rest))
    vertices, faces = np.unique(cut.faces, return_inverse=True)
    ease = ease_share(frame, garment, quads, frame.rest)
    wide, eased = _with_cut(cut, np.stack([offset, ease], 1))[vertices].T
    middle = subdivision(faces.reshape(cut.faces.shape), len(vertices))
    points = middle.apply(_with_cut(cut, frame.rest)[vertices])
    limbs = middle.between(_with_cut(cut, frame.limb_weights)[vertices])
    corners, bary = skin_ties(skin, points, limbs, is_close=garment.kind != "skirt")
    part = Part(
        name=name,
        kind=garment.kind,
        vertices=vertices.astype(np.int32),
        faces=faces.reshape(cut.faces.shape).astype(np.int32),
        offset=wide.astype(np.float32),
        hides=_hidden(helper, cutting, frame, garment, body=skin.body).astype(np.int32),
        ease=eased.astype(np.float32),
        skin_corners=corners.astype(np.int32),
        skin_bary=bary.astype(np.float32),
    )
    return part, cut


def _with_cut(cut: Sliced, values: Float[Array, "verts channels"]) -> Float[Array, "more channels"]:
    """What full vertices have, followed by what the points of a cut have between them."""
    share = cut.share[:, None]
    return np.concatenate([values, (1 - share) * values[cut.ends[:, 0]] + share * values[cut.ends[:, 1]]])


def _hidden(
    helper: Helper, cutting: Cutting, frame: BodyFrame, garment: Garment, *, body: Int[Array, " body"]
) -> Int[Array, " hidden"]:
    """Full numbers of the skin that the garment covers safely."""
    if garment.kind == "skirt":
        return body[beneath_skirt(frame, helper.mesh.quads[cutting.kept], body)]
    waist = np.zeros(len(frame.rest), bool)
    waist[[vertex for loop in cutting.waist for vertex in loop]] = True
    field = cloth_field(frame, garment.openings, frame.rest)
    return body[beneath_close(helper.mesh.quads, cutting.kept, helper.above, waist=waist, field=field)]
