"""What an open character shows of itself: skin, eyes, mouth, teeth and tongue, as triangles with materials."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.base_mesh import BaseMesh, Quads, triangles

Array = np.ndarray

MATERIALS = ("skin", "lips", "nails", "ears", "eye", "mouth", "tongue", "teeth", "gums")

PAINTED = {"ears": "ears", "lips": "lips", "inside-mouth": "mouth", "fingernails": "nails", "toenails": "nails"}
"""Masks on the body's texture, in the order that they are painted, and the material each stands for."""

GROUPS = {
    "helper-l-eye": "eye", "helper-r-eye": "eye", "helper-tongue": "tongue", "helper-upper-teeth": "teeth",
    "helper-lower-teeth": "teeth",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodySurface:
    """The body mesh; faces number its own vertices."""

    vertices: Int[Array, " body"]
    faces: Int[Array, "faces 3"]
    uv: Float[Array, "faces 3 2"]
    material: Int[Array, " faces"]


def body_surface(base: BaseMesh) -> BodySurface:
    """The body with eyes, tongue and teeth, edited as anny does by default: without nipples."""
    skin = without_nipples(base.groups["body"])
    quads, material = [skin], [painted_materials(base, skin)]
    for group, name in GROUPS.items():
        quads.append(base.groups[group])
        material.append(np.full(len(quads[-1].verts), MATERIALS.index(name)))
    verts = np.concatenate([part.verts for part in quads])
    texture = np.concatenate([part.texture for part in quads])
    vertices, renumbered = np.unique(verts, return_inverse=True)
    return BodySurface(
        vertices=vertices,
        faces=triangles(renumbered.reshape(verts.shape)),
        uv=base.texture[triangles(texture)],
        material=np.repeat(np.concatenate(material), 2),
    )


def without_nipples(body: Quads) -> Quads:
    """The body's faces with anny's edits for public use."""
    import torch
    from anny.models.full_model import get_edited_mesh_faces

    verts, texture = get_edited_mesh_faces(torch.from_numpy(body.verts), torch.from_numpy(body.texture))
    return Quads(verts=verts.numpy(), texture=texture.numpy())


def painted_materials(base: BaseMesh, skin: Quads) -> Int[Array, " quads"]:
    """Material of each of the body's faces, from the masks."""
    material = np.zeros(len(skin.verts), int)
    for mask, name in PAINTED.items():
        material[base.mask(mask, skin)] = MATERIALS.index(name)
    return material
