"""Hair, beard, outfit, footwear, patterns and colours of a human that is otherwise finished.

Clothes come last: the add-on fits them anew whenever the body's shape changes.
"""

import random
from collections.abc import Callable

import bpy

from blender_scripts.humgen3d.human import REMEDY, Human, native, show_whole_body
from blender_scripts.humgen3d.pictures import unreadable_pictures
from cuffs.errors import AssetBroken
from cuffs.humgen3d.records import require_inside
from cuffs.records import CharacterSpec, GarmentSpec, HairSpec

CARDS, PARTICLES = "humgen3d_cards", "humgen3d_particles"
"""Kinds of hair, as `HairSpec.material.kind`."""

CLOTH = "humgen3d"
"""Kind of a garment's material: the content's own. `pattern` is a path, or "plain"; `colour` recolours."""

KEEP = "own colours"
"""A garment's `trim` that leaves its colours alone."""

MASKS = tuple(f"mask_{number}" for number in range(10))
"""Properties of clothes that name the body's groups beneath them."""

CAUSES = (OSError, RuntimeError, AttributeError, KeyError, IndexError, StopIteration, TypeError, ValueError)
"""What the add-on runs into when content is not as it expects."""


def dress(human: Human, spec: CharacterSpec, *, seed: int) -> None:
    """Add all that a spec wants worn.

    Args:
        human: at rest, bare.
        spec: what they wear; names are paths within the content.
        seed: of what the add-on draws itself.

    Raises:
        AssetBroken: naming the item that can't be used, and why.
    """
    random.seed(seed)
    if spec.hair is not None:
        _add_hair(human, spec.hair)
    for beard in spec.fur:
        _tried(human, beard.name, lambda path: human.addon.hair.face_hair.set(path, bpy.context))
    for garment in spec.garments:
        _add_garment(human, garment)
    _require_rest(human)
    show_whole_body(human)


def _tried(human: Human, name: str, action: Callable[[str], object]) -> None:
    """Do something with an item of the content; say which one failed.

    Raises:
        AssetBroken: if it does.
    """
    require_inside("look", name)
    path = human.studio.root / name
    if not path.is_file():
        raise AssetBroken(f"HumGen3D's {name}", path, "it is not there", REMEDY)
    try:
        action(native(name))
    except CAUSES as problem:
        raise AssetBroken(f"HumGen3D's {name}", path, f"{type(problem).__name__}: {problem}", REMEDY) from problem


def _add_hair(human: Human, hair: HairSpec) -> None:
    regular = human.addon.hair.regular_hair
    _tried(human, hair.name, lambda path: regular.set(path, bpy.context))
    if hair.material.kind == CARDS:
        _tried(human, hair.name, lambda _: regular.convert_to_haircards(context=bpy.context))
        for modifier in regular.modifiers:  # the particles that became cards are still there
            modifier.show_render = False


def _add_garment(human: Human, garment: GarmentSpec) -> None:
    kind = human.addon.clothing.footwear if garment.name.startswith("footwear/") else human.addon.clothing.outfit
    _tried(human, garment.name, lambda path: kind.set(path, bpy.context))
    things = list(kind.objects)
    path = human.studio.root / garment.name
    if not things:
        raise AssetBroken(f"HumGen3D's {garment.name}", path, "it holds no clothes", REMEDY)
    groups = {group.name for group in human.skinned.body.vertex_groups}
    for thing in things:
        wanted = [str(thing[mask]) for mask in MASKS if mask in thing]
        if missing := [name for name in wanted if name not in groups]:
            what = f"{thing.name} hides the body's group {missing[0]!r}, which the body lacks: skin would show through"
            raise AssetBroken(f"HumGen3D's {garment.name}", path, what, REMEDY)
        if not any(modifier.type == "ARMATURE" for modifier in thing.modifiers):
            raise AssetBroken(f"HumGen3D's {garment.name}", path, f"{thing.name} doesn't follow the rig", REMEDY)
    _recolour(human, garment, things)
    if pictures := unreadable_pictures(things):
        raise AssetBroken(f"HumGen3D's {garment.name}", path, f"its picture can't be read: {pictures[0]}", REMEDY)


def _recolour(human: Human, garment: GarmentSpec, things: list[bpy.types.Object]) -> None:
    """Set the colours and the pattern of an outfit's own material.

    Raises:
        AssetBroken: if a pattern is asked for and no part of the outfit can take one.
    """
    material = garment.material
    controls = [node for thing in things if (node := _control(thing)) is not None]
    if material.trim != KEEP:
        colours = [material.colour, material.second_colour or material.colour]
        for number, node in enumerate(controls):  # parts begin with different colours: shirt and trousers aren't alike
            mine = [socket for socket in node.inputs if socket.type == "RGBA" and socket.name.endswith("_C0")]
            for place, socket in enumerate(socket for socket in mine if not socket.is_linked):
                socket.default_value = (*colours[(number + place) % 2], 1.0)
    if material.pattern == "plain":
        return
    taking = [thing for thing in things if _takes_pattern(thing)]
    if not taking:
        path = human.studio.root / garment.name
        what = "no part of it has the node HG_Control with a pattern"
        raise AssetBroken(f"HumGen3D's {garment.name}", path, what, "leave patterns out, or this outfit")
    for thing in taking:
        _tried(human, material.pattern, lambda name, thing=thing: human.addon.clothing.outfit.pattern.set(name, thing))


def takes_pattern(human: Human, name: str) -> bool:
    """Whether any part of the outfit or shoes that are worn takes a pattern."""
    kind = human.addon.clothing.footwear if name.startswith("footwear/") else human.addon.clothing.outfit
    return any(_takes_pattern(thing) for thing in kind.objects)


def _takes_pattern(thing: bpy.types.Object) -> bool:
    node = _control(thing)
    return node is not None and "Pattern" in node.inputs


def _control(thing: bpy.types.Object) -> bpy.types.Node | None:
    """The node that holds a garment's colours."""
    material = thing.active_material
    if material is None or material.node_tree is None:
        return None
    return material.node_tree.nodes.get("HG_Control")


def _require_rest(human: Human) -> None:
    """The rig must stand where it stood: all positions are relative to it.

    Raises:
        RuntimeError: if it was moved.
    """
    bpy.context.view_layer.update()
    for thing in (human.rig, *human.skinned.things):
        if any(
            abs(thing.matrix_world[row][column] - (row == column)) > 1e-6 for row in range(4) for column in range(4)
        ):
            raise RuntimeError(f"{thing.name} doesn't stand at the origin.")
