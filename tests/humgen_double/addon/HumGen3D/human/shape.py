"""Live keys, which move the rig's joints along, and age."""

from pathlib import Path

import bpy
import numpy as np

from HumGen3D.human.parts import Input, content

EYE_TAIL = np.array([0.0008, -0.0173, 0.0])
TEETH_TAIL = {"jaw": (0.0, -0.0128, -0.0075), "jaw_upper": (0.0, -0.0247, 0.0003)}


def coordinates(points):
    flat = np.zeros(3 * len(points), np.float32)
    points.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def moved_by_file(path, count):
    with np.load(path) as file:
        flat = np.zeros(3 * count)
        flat[file["indices"]] = file["relative_coordinates"]
    return flat.reshape(-1, 3)


class LiveKey:
    def __init__(self, human, name, path):
        self.human, self.name, self.path = human, name, path

    def set_without_update(self, value):
        body = self.human.objects.body
        key = body.data.shape_keys.key_blocks["LIVE_KEY_PERMANENT"]
        change = value - body.get(f"live {self.name}", 0.0)
        verts = coordinates(key.data) + change * moved_by_file(self.path, len(key.data))
        key.data.foreach_set("co", verts.ravel())
        body[f"live {self.name}"] = value


class ShapeKey:
    def __init__(self, block):
        self.block, self.name = block, block.name


class Keys:
    def __init__(self, human):
        self.human = human

    @property
    def all_livekeys(self):
        found, other = [], {"male": "female", "female": "male"}[self.human.gender]
        for path in Path(content("livekeys")).rglob("*.npz"):
            words = path.stem.split("_")
            sexed = {words[0], words[-1]} & {"male", "female"}
            if sexed != {other}:
                name = path.stem.replace(f"{self.human.gender}_", "") if sexed else path.stem
                found.append(LiveKey(self.human, name, path))
        return found

    def __iter__(self):
        yield from self.all_livekeys
        yield from map(ShapeKey, self.human.objects.body.data.shape_keys.key_blocks)

    def set_from_dict(self, values):
        live = {key.name: key for key in self.all_livekeys}
        blocks = self.human.objects.body.data.shape_keys.key_blocks
        for name, value in values.items():
            if name in live and value:
                live[name].set_without_update(value)
            elif name in blocks:
                blocks[name].value = value
        self.update_human_from_key_change(bpy.context)

    def load_from_npz(self, path):
        body = self.human.objects.body
        offsets = moved_by_file(path, len(body.data.vertices))
        key = body.shape_key_add(name=Path(path).stem, from_mix=False)
        key.data.foreach_set("co", (coordinates(body.data.vertices) + offsets).ravel())
        return key

    def update_human_from_key_change(self, context):
        """Joints keep their place beside the vertices that they are tied to; eyes and teeth keep theirs by joints."""
        rig, body = self.human.objects.rig, self.human.objects.body
        verts = coordinates(body.data.shape_keys.key_blocks["LIVE_KEY_PERMANENT"].data)
        context.view_layer.objects.active = rig
        bpy.ops.object.mode_set(mode="EDIT")
        for bone in rig.data.edit_bones:
            for end in ("head", "tail"):
                if f"{end}_verts" in bone:
                    near = verts[list(bone[f"{end}_verts"])].mean(0)
                    setattr(bone, end, near + np.array(bone[f"{end}_relative_co"]))
        bpy.ops.object.mode_set(mode="OBJECT")
        bones = {bone["original_name"]: rig.data.bones[bone.name] for bone in rig.pose.bones}
        eyes = self.human.objects.eyes
        half = len(eyes.data.vertices) // 2
        for side, rows, sign in (("R", slice(0, half), -1), ("L", slice(half, None), 1)):
            _move(eyes, rows, np.array(bones[f"eyeball.{side}"].tail_local) - EYE_TAIL * [sign, 1, 1])
        for name, teeth in (("jaw", self.human.objects.lower_teeth), ("jaw_upper", self.human.objects.upper_teeth)):
            _move(teeth, slice(None), np.array(bones[name].tail_local) - TEETH_TAIL[name])


def _move(thing, rows, middle):
    """Put the middle of some vertices somewhere, in all shape keys."""
    base = coordinates(thing.data.vertices)
    step = np.zeros_like(base)
    step[rows] = middle - base[rows].mean(0)
    for points in (thing.data.vertices, *(key.data for key in getattr(thing.data.shape_keys, "key_blocks", ()))):
        points.foreach_set("co", (coordinates(points) + step).ravel())


class Age:
    def __init__(self, human):
        self.human = human

    def set(self, years):
        human = self.human
        live = {key.name: key for key in human.keys.all_livekeys}
        live["aged_young"].set_without_update(max(0.0, 3 - years / 10))
        aged = max(0.0, (years - 40) / 30)
        live["aged"].set_without_update(aged)
        human.keys.update_human_from_key_change(bpy.context)
        nodes = human.skin.nodes
        nodes["Age_Multiply"].inputs["Factor"].default_value = aged
        nodes["HG_Age"].inputs["Strength"].default_value = 6 * aged
        nodes["Normal Map"].inputs["Strength"].default_value = min((years - 10) / 10, 2.5)

    def set_from_dict(self, values):
        if values["set"] != 30:
            self.set(values["set"])
        Input(self.human.skin, "Age_Multiply", "Factor").value = values["age_color"]
