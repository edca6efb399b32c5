"""Making a human with the add-on: preset, age, shape, height, skin, eyes. What is random was drawn before."""

import json
import logging
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from blender_scripts.humgen3d.body import Skinned, mixed_verts
from blender_scripts.humgen3d.pictures import unreadable_pictures
from blender_scripts.humgen3d.rig import Bones, JawTrack, free_bones, read_bones
from blender_scripts.humgen3d.studio import Studio
from cuffs.errors import AssetBroken
from cuffs.humgen3d.records import HumanSpec

logger = logging.getLogger(__name__)

HEIGHT_KEYS = ("height_150", "height_200")
HEIGHT_SPAN = 1.3
"""How far height keys may be pushed; beyond 1 they go on as they began."""

HEIGHT_LIMIT_M = 2e-4
REMEDY = "install the content pack again, or leave this item out"


@dataclass(slots=True, eq=False)
class Human:
    """A human at rest at the world's origin, freed of constraints."""

    addon: Any
    """The add-on's own object."""

    studio: Studio
    rig: bpy.types.Object
    skinned: Skinned
    bones: Bones
    jaw: JawTrack | None
    faces: dict[str, str] = field(default_factory=dict)
    """Names of the shape keys of expressions that were loaded, by their path."""

    @property
    def children(self) -> list[bpy.types.Object]:
        """All its meshes: body, eyes, teeth, clothes, cards."""
        return [thing for thing in self.rig.children_recursive if thing.type == "MESH"]


def make_human(studio: Studio, spec: HumanSpec) -> Human:
    """Make a human, bare.

    Raises:
        AssetBroken: if the preset or something that the spec names can't be used.
        UnavailableError: if rig or mesh are not as they should be.
    """
    random.seed(spec.seed)  # the add-on draws names from it, and parts of hair cards
    bpy.context.scene.cursor.location = (0, 0, 0)
    addon = _from_preset(studio, spec.preset)
    _set_age(studio, addon, spec)
    _set_keys(studio, addon, spec)
    _set_skin(studio, addon, spec)
    objects = addon.objects
    rig, body, eyes = objects.rig, objects.body, objects.eyes
    jaw = free_bones(rig)
    skinned = Skinned(body=body, eyes=eyes)
    human = Human(addon=addon, studio=studio, rig=rig, skinned=skinned, bones=read_bones(rig), jaw=jaw)
    show_whole_body(human)
    return human


def show_whole_body(human: Human) -> None:
    """Leave the viewport's body whole: masks, subdivision and hair are for pictures alone."""
    for thing in human.skinned.things:
        for modifier in thing.modifiers:
            if modifier.type != "ARMATURE":
                modifier.show_viewport = False


def _from_preset(studio: Studio, preset: str) -> Any:  # noqa: ANN401  # the add-on has no types to name
    path = studio.root / preset
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        # "From the batch generator": the preset's own hair and clothes stay away, ours come later.
        addon = studio.module.Human.from_preset(
            native(preset), bpy.context, prettify_eevee=False, from_batch_generator=True
        )
    except (OSError, ValueError, KeyError, AttributeError, StopIteration, TypeError, RuntimeError) as problem:
        raise AssetBroken(
            f"HumGen3D's preset {preset}", path, f"{type(problem).__name__}: {problem}", REMEDY
        ) from problem
    known = {key.name for key in addon.keys}
    unknown = [name for name, value in data["keys"].items() if value and name not in known]
    if unknown := [name for name in unknown if not name.startswith(("LIVE_KEY", "height_"))]:
        logger.warning("%s asks for keys that this content lacks: %s", preset, ", ".join(unknown))
    return addon


def native(path: str) -> str:
    """A path within the content as the add-on wants it, with this system's separators."""
    return path.replace("/", os.sep)


def _set_age(studio: Studio, addon: Any, spec: HumanSpec) -> None:  # noqa: ANN401
    try:
        addon.age.set(spec.age_years)
    except (AttributeError, KeyError, StopIteration) as problem:
        what = f"a key or a node of the skin is missing ({type(problem).__name__}: {problem})"
        raise AssetBroken("HumGen3D's ageing", studio.root / "livekeys/special/age", what, REMEDY) from problem


def _set_keys(studio: Studio, addon: Any, spec: HumanSpec) -> None:  # noqa: ANN401
    """Live keys, and height by measuring the mesh: the add-on's own setter leaves the other height key alone."""
    known = {key.name: key for key in addon.keys.all_livekeys}
    for name, value in sorted(spec.keys.items()):
        if name not in known:
            raise AssetBroken(
                f"HumGen3D's live key {name}", studio.root / "livekeys", "there is none of this name", REMEDY
            )
        known[name].set_without_update(value)
    _set_height(studio, addon.objects.body, known, spec.height_m)
    addon.keys.update_human_from_key_change(bpy.context)


def stature_m(body: bpy.types.Object) -> float:
    """From sole to crown, of the mesh at rest."""
    return float(np.ptp(mixed_verts(body)[:, 2]))


def _set_height(studio: Studio, body: bpy.types.Object, keys: Mapping[str, Any], wanted_m: float) -> None:
    """Set one height key so that the mesh is as tall as wanted; the other is nought.

    Stature is linear in a key but for changes of the highest and the lowest vertex: regula falsi takes a few steps.
    """
    missing = [name for name in HEIGHT_KEYS if name not in keys]
    if missing:
        raise AssetBroken("HumGen3D's height keys", studio.root / "livekeys", f"{missing[0]} is missing", REMEDY)
    for name in HEIGHT_KEYS:
        keys[name].set_without_update(0.0)
    plain_m = stature_m(body)
    if abs(plain_m - wanted_m) < HEIGHT_LIMIT_M:
        return
    key = keys["height_200" if wanted_m > plain_m else "height_150"]
    low, low_m = 0.0, plain_m
    key.set_without_update(1.0)
    high, high_m = 1.0, stature_m(body)
    for _ in range(12):
        value = low + (high - low) * (wanted_m - low_m) / (high_m - low_m)
        value = float(np.clip(value, 0.0, HEIGHT_SPAN))
        key.set_without_update(value)
        found_m = stature_m(body)
        if abs(found_m - wanted_m) < HEIGHT_LIMIT_M:
            return
        low, low_m = (high, high_m) if abs(high_m - wanted_m) < abs(low_m - wanted_m) else (low, low_m)
        high, high_m = value, found_m
    raise AssetBroken(
        "HumGen3D's height keys",
        studio.root / "livekeys",
        f"they reach {found_m:.3f} m, not the {wanted_m:.3f} m asked for",
        "ask for heights nearer to the content's own",
    )


def _set_skin(studio: Studio, addon: Any, spec: HumanSpec) -> None:  # noqa: ANN401
    """Texture, and inputs of skin, eyes and hair."""
    if spec.texture is not None:
        try:
            addon.skin.texture.set(spec.texture)
        except (OSError, RuntimeError, AttributeError, UnboundLocalError) as problem:
            path = studio.root / spec.texture
            raise AssetBroken(
                "HumGen3D's skin texture", path, f"{type(problem).__name__}: {problem}", REMEDY
            ) from problem
        if pictures := unreadable_pictures([addon.objects.body]):
            what = f"a picture of the skin can't be read: {pictures[0]}"
            raise AssetBroken("HumGen3D's skin texture", studio.root / spec.texture, what, REMEDY)
    for name, factor in sorted(spec.skin_times.items()):
        set_input(studio, addon.skin, name, float(getattr(addon.skin, name).value) * factor)
    for name, value in sorted(spec.skin.items()):
        owner = addon.skin if hasattr(addon.skin, name) else addon.skin.gender_specific
        set_input(studio, owner, name, value)
    if spec.iris is not None:
        set_input(studio, addon.eyes, "iris_color", (*spec.iris, 1.0))
    for name, value in sorted(spec.hair.items()):
        for kind in ("eyebrows", "eyelashes", "regular_hair"):
            set_input(studio, getattr(addon.hair, kind), name, value)


def set_input(studio: Studio, owner: object, name: str, value: object) -> None:
    """Set an input of a shader by the add-on's name for it.

    Raises:
        AssetBroken: if the content's material has no such node.
    """
    socket = getattr(owner, name, None)
    try:
        socket.value = value  # type: ignore[union-attr]
        found = socket.value  # type: ignore[union-attr]
    except (AttributeError, KeyError, IndexError, TypeError) as problem:
        found = None
        reason: object = problem
    else:
        reason = "the value didn't stay"
    if found is None or not np.allclose(np.array(found, float), np.array(value, float), atol=1e-5):
        what = f"{type(owner).__name__}.{name} can't be set: a node of the material is missing ({reason})"
        raise AssetBroken("HumGen3D's material", studio.root / "models/HG_HUMAN.blend", what, REMEDY)
