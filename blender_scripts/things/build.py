"""Things by kind: how each is built and what it is made of."""

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
from jaxtyping import Float
from mathutils import Matrix

from blender_scripts.materials.floor import floor_material
from blender_scripts.materials.stuff import stuff_material
from blender_scripts.meshes import add_mesh, set_materials
from blender_scripts.things import furniture, outdoors
from blender_scripts.things.furniture import Builder
from blender_scripts.things.kit import Kit
from cuffs.errors import RecordError
from cuffs.records import MaterialSpec, ThingSpec
from cuffs.records.scene_spec import Colour
from cuffs.seeding import stream

WHITE: Colour = (0.72, 0.71, 0.68)
BLACK: Colour = (0.02, 0.02, 0.022)
STEEL: Colour = (0.55, 0.55, 0.56)
SOIL: Colour = (0.07, 0.05, 0.035)
BARK: Colour = (0.11, 0.085, 0.06)
LAMP: Colour = (1.6, 1.35, 1.0)
SCREEN: Colour = (0.35, 0.5, 0.75)
PAPER: Colour = (0.5, 0.3, 0.22)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One row of the table."""

    builder: Builder
    surfaces: tuple[tuple[str, str | Colour], ...]
    """Stuff and colour of each surface: "first" and "second" are the spec's."""


def _kind(builder: Builder, *surfaces: tuple[str, str | Colour]) -> _Kind:
    return _Kind(builder=builder, surfaces=surfaces)


THINGS: dict[str, _Kind] = {
    "chair": _kind(furniture.chair, ("wood", "first"), ("cloth", "second")),
    "office_chair": _kind(furniture.office_chair, ("plastic", BLACK), ("cloth", "first")),
    "sofa": _kind(furniture.sofa, ("wood", (0.2, 0.12, 0.07)), ("cloth", "first"), ("cloth", "second")),
    "leather_sofa": _kind(furniture.sofa, ("wood", (0.1, 0.06, 0.04)), ("leather", "first"), ("cloth", "second")),
    "table": _kind(furniture.table, ("wood", "second"), ("wood", "first"), ("paper", PAPER)),
    "shelf": _kind(furniture.shelf, ("wood", "first"), ("paper", PAPER), ("paint", "second")),
    "cabinet": _kind(furniture.cabinet, ("wood", "first"), ("metal", STEEL), ("paint", "second")),
    "wardrobe": _kind(furniture.cabinet, ("paint", "first"), ("metal", STEEL), ("paint", "second")),
    "bed": _kind(furniture.bed, ("wood", "second"), ("cloth", WHITE), ("cloth", "first")),
    "television": _kind(furniture.television, ("plastic", BLACK), ("plastic", (0.012, 0.012, 0.014))),
    "television_on": _kind(furniture.television, ("plastic", BLACK), ("screen", SCREEN)),
    "desk": _kind(furniture.desk_set, ("metal", STEEL), ("wood", "first"), ("paper", PAPER), ("plastic", BLACK),
                  ("screen", SCREEN)),
    "floor_lamp": _kind(furniture.floor_lamp, ("metal", STEEL), ("cloth", "first")),
    "floor_lamp_lit": _kind(furniture.floor_lamp, ("metal", STEEL), ("shade", (1.5, 1.1, 0.7))),
    "pendant": _kind(furniture.pendant, ("plastic", BLACK), ("paint", "first"), ("glow", LAMP)),
    "ceiling_panel": _kind(furniture.ceiling_panel, ("paint", WHITE), ("glow", (2.4, 2.4, 2.4))),
    "plant": _kind(furniture.potted_plant, ("paint", "second"), ("soil", SOIL), ("leaf", "first"), ("bark", BARK)),
    "picture": _kind(furniture.framed_picture, ("wood", "second"), ("paint", WHITE), ("picture", "first")),
    "rug": _kind(furniture.rug, ("rug", "first")),
    "curtain": _kind(furniture.curtain, ("cloth", "first")),
    "radiator": _kind(furniture.radiator, ("paint", "first")),
    "fridge": _kind(furniture.fridge, ("paint", "first"), ("metal", STEEL)),
    "counter": _kind(furniture.counter, ("paint", "first"), ("metal", STEEL), ("paper", PAPER), ("wood", "second")),
    "carton": _kind(furniture.carton, ("card", (0.36, 0.24, 0.13))),
    "crate": _kind(furniture.carton, ("wood", "first")),
    "ball": _kind(furniture.ball, ("plastic", "first")),
    "column": _kind(furniture.column, ("stone", "first")),
    "wall_bars": _kind(furniture.wall_bars, ("wood", "first")),
    "rack": _kind(furniture.rack, ("paint", "first"), ("metal", STEEL), ("card", (0.36, 0.26, 0.16))),
    "tree": _kind(outdoors.tree, ("bark", BARK), ("leaf", "first")),
    "conifer": _kind(outdoors.conifer, ("bark", BARK), ("leaf", "first")),
    "bush": _kind(outdoors.bush, ("leaf", "first")),
    "hedge": _kind(outdoors.hedge, ("leaf", "first"), ("soil", (0.03, 0.05, 0.02))),
    "grass": _kind(outdoors.grass, ("leaf", "first")),
    "lamp_post": _kind(outdoors.lamp_post, ("paint", "first"), ("paint", WHITE)),
    "lamp_post_lit": _kind(outdoors.lamp_post, ("paint", "first"), ("glow", (3.0, 2.3, 1.4))),
    "waste_bin": _kind(outdoors.waste_bin, ("paint", "first"), ("paint", "second")),
    "bench": _kind(outdoors.bench, ("wood", "first"), ("paint", "second")),
    "bollard": _kind(outdoors.bollard, ("paint", "first"), ("paint", "second")),
    "sign_post": _kind(outdoors.sign_post, ("metal", STEEL), ("paint", "first"), ("paint", WHITE)),
    "planter": _kind(outdoors.planter, ("stone", "second"), ("soil", SOIL), ("leaf", "first")),
    "fence": _kind(outdoors.fence, ("wood", "first")),
    "railing": _kind(outdoors.fence, ("paint", "first")),
    "rock": _kind(outdoors.rock, ("stone", "first")),
    "car": _kind(outdoors.car, ("lacquer", "first"), ("glass", (0.3, 0.35, 0.4)), ("plastic", BLACK),
                 ("metal", STEEL), ("paint", (0.8, 0.8, 0.78)), ("paint", (0.4, 0.02, 0.02)), ("plastic", BLACK)),
    "house": _kind(outdoors.facade, ("stone", "first"), ("glass", (0.35, 0.42, 0.5)), ("paint", WHITE),
                   ("stone", "second"), ("paint", (0.12, 0.14, 0.13)), ("stone", (0.2, 0.18, 0.17))),
    "brick_house": _kind(outdoors.facade, ("brick", "first"), ("glass", (0.35, 0.42, 0.5)), ("paint", WHITE),
                         ("stone", "second"), ("paint", (0.15, 0.06, 0.05)), ("stone", (0.16, 0.15, 0.15))),
    "pavement": _kind(outdoors.pavement, ("stone", (0.42, 0.41, 0.39)), ("paving", "first")),
    "marking": _kind(outdoors.marking, ("paint", WHITE)),
    "parasol": _kind(outdoors.parasol, ("metal", STEEL), ("cloth", "first")),
    "low_wall": _kind(outdoors.gate_post, ("stone", "first")),
    "brick_wall": _kind(outdoors.gate_post, ("brick", "first")),
}  # fmt: skip

OVERHEAD = ("lamp_post", "lamp_post_lit", "house", "brick_house", "tree")
"""What may reach beyond its stated width and depth, above heads: arms of lamps, balconies and roofs, leaves."""

SPARE_M = 0.04
"""Beyond the stated width and depth: rims, handles."""

THING_KINDS = tuple(sorted(THINGS))


def add_things(specs: Iterable[ThingSpec]) -> None:
    """Build things. Equal ones share their mesh, so that a row of chairs costs what one does.

    Raises:
        RecordError: if a kind doesn't exist.
    """
    meshes: dict[tuple[object, ...], bpy.types.Mesh] = {}
    for spec in specs:
        if spec.kind not in THINGS:
            raise RecordError(f"there is no thing {spec.kind!r}; there are {', '.join(THING_KINDS)}.")
        form = (spec.kind, spec.size_m, spec.colour, spec.second_colour, spec.variant)
        if form in meshes:
            thing = bpy.data.objects.new(spec.kind, meshes[form])
            bpy.context.scene.collection.objects.link(thing)
        else:
            thing = _built(spec)
            meshes[form] = thing.data
        thing.matrix_world = Matrix.Translation(spec.at_world) @ Matrix.Rotation(np.radians(spec.yaw_deg), 4, "Z")


def _built(spec: ThingSpec) -> bpy.types.Object:
    kit = Kit()
    kind = THINGS[spec.kind]
    kind.builder(kit, spec, stream(spec.variant, f"thing {spec.kind}"))
    verts, triangles, material, smooth = kit.merged()
    thing = add_mesh(spec.kind, _fitted(verts, spec), triangles, smooth=False)
    thing.data.polygons.foreach_set("use_smooth", smooth)
    set_materials(thing, [_surface(stuff, colour, spec) for stuff, colour in kind.surfaces], material)
    return thing


def _fitted(verts: Float[np.ndarray, "verts 3"], spec: ThingSpec) -> Float[np.ndarray, "verts 3"]:
    """The mesh within its stated width and depth, squeezed where leaves or a round top reach farther: the planner keeps
    just that clear of people. What is overhead may reach out."""
    if spec.kind in OVERHEAD:
        return verts
    reach = np.abs(verts[:, :2]).max(0)
    allowed = np.array(spec.size_m[:2]) / 2 + SPARE_M
    return verts * np.append(np.minimum(1.0, allowed / np.maximum(reach, 1e-6)), 1.0)


def _surface(stuff: str, colour: str | Colour, spec: ThingSpec) -> bpy.types.Material:
    if isinstance(colour, str):
        colour = spec.colour if colour == "first" else spec.second_colour
    if stuff == "paving":
        pattern = ("paving", "concrete", "cobbles")[spec.variant % 3]
        paving = MaterialSpec(kind="floor", colour=colour, pattern=pattern, roughness=0.8, scale_m=0.4)
        return floor_material("paving", paving, rotation_rad=float(np.radians(-spec.yaw_deg)))
    return stuff_material(stuff, colour)
