"""`python -m tests.humgen_double.write_blend FIGURE ROOT SEED`: the content's .blend files, in a process of its own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import bpy
import numpy as np
from jaxtyping import Float

from cuffs.mesh_normals import vertex_normals
from tests.humgen_double.bones import all_bones, deforms
from tests.humgen_double.figure import CORRECTIVES, GARMENTS, Figure, Mesh, load_figure
from tests.humgen_double.materials import cloth_material, eye_materials, hair_material, skin_material

Array = np.ndarray

NEAR = 24
"""Vertices that a joint is tied to, of those that move with its bone or the one above."""

FREE_BONES = ("facs_control", "eyeball_lookat")

OUTFITS = {
    "female": {
        "Casual/Shirt_Trousers": {"top_short": (0.5, 0.08, 0.1), "trousers": (0.08, 0.1, 0.2)},
        "Summer/Top_Shorts": {"top_short": (0.6, 0.55, 0.2), "shorts": (0.15, 0.25, 0.2)},
        "Office/Long_Sleeves": {"top_long": (0.55, 0.55, 0.6), "trousers": (0.03, 0.03, 0.04)},
    },
    "male": {
        "Casual/Shirt_Trousers": {"top_short": (0.1, 0.2, 0.5), "trousers": (0.2, 0.16, 0.1)},
        "Office/Long_Sleeves": {"top_long": (0.6, 0.6, 0.65), "trousers": (0.05, 0.05, 0.06)},
        "Winter/Sweater": {"top_long": (0.15, 0.3, 0.15), "trousers": (0.08, 0.1, 0.2)},
    },
}
FOOTWEAR = {"Casual/Sneakers": (0.6, 0.6, 0.6), "Office/Leather": (0.06, 0.03, 0.02)}
HAIR = {"Short": 0.03, "Medium": 0.09}


def main() -> None:
    """Write HG_HUMAN, poses, outfits, footwear and hair."""
    figure, root, seed = load_figure(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])
    _start()
    write_human(figure, root, np.random.default_rng([seed, 1]))
    for name in ("HG_A_Pose", "HG_T_Pose"):
        _start()
        write_pose(figure, root / f"poses/Base Poses/{name}.blend", np.random.default_rng([seed, 2]))
    for sex, outfits in OUTFITS.items():
        for name, pieces in outfits.items():
            write_clothes(figure, root / f"outfits/{sex}/{name}.blend", sex=sex, pieces=pieces)
        for name, colour in FOOTWEAR.items():
            write_clothes(figure, root / f"footwear/{sex}/{name}.blend", sex=sex, pieces={"shoes": colour})
    write_haircards(figure, root / "hair/haircards")
    for name, length_m in HAIR.items():
        write_hair(figure, root / f"hair/head/{name}.blend", f"HairSystem_{name}", length_m)
    sys.stdout.flush()
    os._exit(0)  # some of Blender's modules crash on their way out


def _start() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def _write(path: Path, things: set[bpy.types.ID]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.data.libraries.write(str(path), things, compress=True)


def add_mesh(name: str, mesh: Mesh) -> bpy.types.Object:
    """An object with texture coordinates and material numbers."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(mesh.verts.tolist(), [], mesh.faces.tolist())
    data.uv_layers.new(name="UVMap").data.foreach_set("uv", mesh.uv.astype(np.float32).ravel())
    data.polygons.foreach_set("use_smooth", np.ones(len(mesh.faces), bool))
    data.polygons.foreach_set("material_index", mesh.material.astype(np.int32))
    thing = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def add_rig(figure: Figure, name: str, rng: np.random.Generator) -> bpy.types.Object:
    """The 102 bones, each rolled at random."""
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    from_blender = rig.data.edit_bones
    for bone in all_bones():
        made = from_blender.new(bone.name)
        made.head, made.tail = figure.heads[bone.name], figure.tails[bone.name]
        made.roll = rng.uniform(-np.pi, np.pi)
        made.use_deform = deforms(bone.name)
        made.parent = from_blender[bone.parent] if bone.parent else None
        if bone.name.startswith(FREE_BONES) or (not deforms(bone.name) and not bone.name.startswith("heel")):
            continue
        own = _moved_by(figure, (bone.name, bone.parent or bone.name))
        for end, point in (("head", made.head), ("tail", made.tail)):
            distance = ((figure.body.verts - np.array(point)) ** 2).sum(1) + np.where(own, 0.0, 1.0)
            near = np.argsort(distance)[:NEAR]
            made[f"{end}_verts"] = near.tolist()
            made[f"{end}_relative_co"] = (np.array(point) - figure.body.verts[near].mean(0)).tolist()
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in rig.pose.bones:
        bone["original_name"] = bone.name
        bone.rotation_mode = "QUATERNION"
    return rig


def _moved_by(figure: Figure, names: tuple[str, ...]) -> np.ndarray:
    """Which of the body's vertices follow some bones mostly."""
    columns = [figure.deforming.index(name) for name in names if name in figure.deforming]
    return figure.body.shares[:, columns].sum(1) > 0.5


def hang(thing: bpy.types.Object, rig: bpy.types.Object, names: tuple[str, ...], shares: Float[Array, "n b"]) -> None:
    """Weights, armature and parent."""
    for column, name in enumerate(names):
        moved = np.flatnonzero(shares[:, column] > 1e-4)
        if len(moved):
            made = thing.vertex_groups.new(name=name)
            for vertex in moved.tolist():
                made.add((vertex,), float(shares[vertex, column]), "REPLACE")
    modifier = thing.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig
    thing.parent = rig


def add_key(thing: bpy.types.Object, name: str, offsets: Array | None = None, value: float = 0.0) -> bpy.types.ShapeKey:
    """A shape key relative to the first."""
    key = thing.shape_key_add(name=name, from_mix=False)
    key.interpolation = "KEY_LINEAR"
    if offsets is not None:
        rest = np.zeros(3 * len(thing.data.vertices))
        thing.data.vertices.foreach_get("co", rest)
        key.data.foreach_set("co", rest + offsets.ravel())
    key.value = value
    return key


def drive(key: bpy.types.ShapeKey, rig: bpy.types.Object, bone: str, channel: str, expression: str) -> None:
    """Let a bone's turning set a key."""
    driver = key.driver_add("value").driver
    variable = driver.variables.new()
    variable.type = "TRANSFORMS"
    driver.expression = expression
    target = variable.targets[0]
    target.id, target.bone_target = rig, bone
    target.transform_type, target.transform_space = channel, "LOCAL_SPACE"


def write_human(figure: Figure, root: Path, rng: np.random.Generator) -> None:
    """HG_HUMAN.blend: five objects by their names."""
    rig = add_rig(figure, "HG_Rig", rng)
    body = add_mesh("HG_Body", figure.body)
    for material in (skin_material(root), *map(hair_material, (".HG_Hair_Eye", ".HG_Hair_Head", ".HG_Hair_Face"))):
        body.data.materials.append(material)
    add_key(body, "Basis")
    add_key(body, "Male", figure.male)
    add_key(body, "LIVE_KEY_PERMANENT", value=1.0)
    add_key(body, "LIVE_KEY_TEMP_")
    for name, offsets in figure.correctives.items():
        stem, _, side = name.rpartition("_")
        drive(add_key(body, name, offsets), rig, f"{CORRECTIVES[stem][1]}.{side[0]}", "ROT_X", "var * 0.7")
    for name, offsets in figure.gaze.items():
        side = "L" if name.endswith("Left") else "R"
        drive(add_key(body, name, offsets), rig, f"eyeball.{side}", "ROT_Z", "-var" if "Up" in name else "var")
    hang(body, rig, figure.deforming, figure.body.shares)
    for name, weights in figure.groups.items():
        made = body.vertex_groups.new(name=name)
        for vertex in np.flatnonzero(weights > 0).tolist():
            made.add((vertex,), float(weights[vertex]), "REPLACE")
    for name in ("Eyebrows_Male", "Eyebrows_Female", "Eyelashes_Male", "Eyelashes_Female"):
        add_hair(body, name, "eyebrows_vg", length_m=0.008, count=40, slot=1)
    eyes = add_mesh("HG_Eyes", figure.eyes)
    for material in eye_materials():
        eyes.data.materials.append(material)
    add_key(eyes, "Basis")
    middle = np.repeat([half.mean(0) for half in np.split(figure.eyes.verts, 2)], len(figure.eyes.verts) // 2, axis=0)
    add_key(eyes, "eyeball_size", 0.03 * (figure.eyes.verts - middle))
    hang(eyes, rig, figure.deforming, figure.eyes.shares)
    teeth = []
    for name, mesh in (("HG_TeethUpper", figure.teeth_upper), ("HG_TeethLower", figure.teeth_lower)):
        teeth.append(add_mesh(name, mesh))
        teeth[-1].data.materials.append(bpy.data.materials.new(".HG_Teeth"))
        hang(teeth[-1], rig, figure.deforming, mesh.shares)
    track = rig.pose.bones["jaw"].constraints.new("DAMPED_TRACK")
    track.name, track.target, track.subtarget, track.influence = "Damped Track", body, "lip_lower_vg", 1.0
    for side in "LR":
        look = rig.pose.bones[f"eyeball.{side}"].constraints.new("DAMPED_TRACK")
        look.target, look.subtarget = rig, f"eyeball_lookat.{side}"
    _write(root / "models/HG_HUMAN.blend", {rig, body, eyes, *teeth})


def write_pose(figure: Figure, path: Path, rng: np.random.Generator) -> None:
    """Another rig named HG_Pose with rolls of its own, which the add-on copies onto people."""
    _write(path, {add_rig(figure, "HG_Pose", rng)})


def write_clothes(figure: Figure, path: Path, *, sex: str, pieces: Mapping[str, tuple[float, float, float]]) -> None:
    """A collection of garments, weighted like the body, with the masks that they need."""
    _start()
    collection = bpy.data.collections.new(path.stem)
    for name, colour in pieces.items():
        mesh = figure.garments[sex, name]
        thing = add_mesh(f"HG_{name}_{sex}", mesh)
        bpy.context.scene.collection.objects.unlink(thing)
        collection.objects.link(thing)
        thing.data.materials.append(cloth_material(f"{path.stem}_{name}", colour))
        add_key(thing, "Basis")
        for stem in ("cor_ElbowBend", "cor_LegFrontRaise"):
            for ending in ("Lt", "Rt"):
                bone = figure.deforming.index(f"{CORRECTIVES[stem][1]}.{ending[0]}")
                away = mesh.verts - mesh.verts.mean(0)
                add_key(thing, f"{stem}_{ending}", 0.01 * mesh.shares[:, bone, None] * away)
        for column, bone in enumerate(figure.deforming):
            moved = np.flatnonzero(mesh.shares[:, column] > 1e-4)
            if len(moved):
                made = thing.vertex_groups.new(name=bone)
                for vertex in moved.tolist():
                    made.add((vertex,), float(mesh.shares[vertex, column]), "REPLACE")
        for number, region in enumerate(GARMENTS[name]):
            thing[f"mask_{number}"] = f"mask_{region}"
    _write(path, {collection})


def add_hair(thing: bpy.types.Object, name: str, group: str, *, length_m: float, count: int, slot: int) -> None:
    """Hair as particles."""
    modifier = thing.modifiers.new(name, "PARTICLE_SYSTEM")
    system = modifier.particle_system
    system.name = name
    settings = system.settings
    settings.name = name
    settings.type, settings.count, settings.hair_length = "HAIR", count, length_m
    settings.hair_step, settings.render_step, settings.display_step = 3, 3, 2
    settings.child_type, settings.child_percent, settings.rendered_child_count = "INTERPOLATED", 5, 5
    settings.root_radius, settings.tip_radius, settings.radius_scale = 1.0, 0.4, 0.0006
    settings.material = slot + 1
    system.vertex_group_density = group


def write_hair(figure: Figure, path: Path, system: str, length_m: float) -> None:
    """A body that wears the hair; the add-on takes it over from there."""
    _start()
    body = add_mesh("HG_Body", figure.body)
    for name in (".Human", ".HG_Hair_Eye", ".HG_Hair_Head", ".HG_Hair_Face"):
        body.data.materials.append(hair_material(name))
    add_key(body, "Basis")
    scalp = body.vertex_groups.new(name="hair_scalp")
    for vertex in np.flatnonzero(figure.groups["hair_scalp"] > 0).tolist():
        scalp.add((vertex,), 1.0, "REPLACE")
    add_hair(body, system, "hair_scalp", length_m=length_m, count=400, slot=2)
    _write(path, {body})


def write_haircards(figure: Figure, folder: Path) -> None:
    """A cap for the scalp and the cards' material; the add-on makes the cards from particles."""
    _start()
    material = hair_material("HG_Haircards")
    _write(folder / "haircards_material.blend", {material})
    inside = figure.groups["hair_scalp"] > 0
    kept = inside[figure.body.faces].all(1)
    used, local = np.unique(figure.body.faces[kept], return_inverse=True)
    local = local.reshape(-1, 3)
    lifted = figure.body.verts[used] + 0.002 * vertex_normals(figure.body.verts[used], local)
    cap = add_mesh(
        "HG_Haircap_Scalp",
        Mesh(
            verts=lifted, faces=local, uv=figure.body.uv[kept], material=np.zeros(len(local), int), shares=lifted[:, :0]
        ),
    )
    cap.data.color_attributes.new("Col", "FLOAT_COLOR", "POINT")
    cap.data.materials.append(hair_material("HG_Haircap"))
    _write(folder / "haircap.blend", {cap})


if __name__ == "__main__":
    main()
