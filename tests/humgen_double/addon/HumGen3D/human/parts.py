"""Skin, eyes, hair and clothes: nodes by their names, and things appended from the content."""

import json
from pathlib import Path

import bpy
import numpy as np
from mathutils import kdtree


def content(path):
    """A path within the content; the root ends with a separator."""
    return bpy.context.preferences.addons["HumGen3D"].preferences.filepath + path


class Input:
    """An input of the nodes of a name."""

    def __init__(self, owner, node, socket):
        self.owner, self.node, self.socket = owner, node, socket

    @property
    def value(self):
        found = self.owner.nodes.get(self.node).inputs[self.socket].default_value
        return found if isinstance(found, float) else tuple(found)

    @value.setter
    def value(self, value):
        node = self.owner.nodes.get(self.node)
        if node is not None:
            node.inputs[self.socket].default_value = value


def set_inputs(owner, values):
    for name, value in values.items():
        if isinstance(found := getattr(owner, name, None), Input):
            found.value = value


class Sexed:
    def __init__(self, skin):
        self.nodes = skin.nodes
        male = skin.human.gender == "male"
        sockets = {"mustache_shadow": 2, "beard_shadow": 3} if male else {"foundation_amount": 1, "lipstick_opacity": 8}
        for name, socket in sockets.items():
            setattr(self, name, Input(self, "Gender_Group", socket))


class Skin:
    def __init__(self, human):
        self.human, self.texture = human, Texture(human)
        for name, node, socket in (
            ("tone", "Skin_tone", 1), ("redness", "Skin_tone", 2), ("saturation", "Skin_tone", 3),
            ("freckles", "Freckles_control", "Pos2"), ("splotches", "Splotches_control", "Pos2"),
        ):  # fmt: skip
            setattr(self, name, Input(self, node, socket))

    @property
    def nodes(self):
        return self.human.objects.body.data.materials[0].node_tree.nodes

    @property
    def gender_specific(self):
        return Sexed(self)

    def make_gendered(self, gender):
        if gender == "male":
            self.nodes["Gender_Group"].node_tree = self.nodes["Delete_node"].node_tree
        self.nodes.remove(self.nodes["Delete_node"])

    def set_from_dict(self, values):
        set_inputs(self, values)
        set_inputs(self.gender_specific, values["gender_specific"])
        self.texture.set(values["texture.set"])


class Texture:
    def __init__(self, human):
        self.human = human

    def set(self, path):
        self.human.skin.nodes["Color"].image = bpy.data.images.load(content(path), check_existing=True)


class Eyes:
    def __init__(self, human):
        self.human = human
        self.iris_color = Input(self, "HG_Eye_Color", 7)
        self.sclera_color = Input(self, "HG_Scelera_Color", 7)

    @property
    def nodes(self):
        return self.human.objects.eyes.data.materials[1].node_tree.nodes


class HairKind:
    def __init__(self, human, slot):
        self.human, self.slot = human, slot
        for name, socket in (("lightness", "Lightness"), ("redness", "Redness"), ("salt_and_pepper", "Pepper & Salt")):
            setattr(self, name, Input(self, "HG_Hair", socket))

    @property
    def nodes(self):
        return self.human.objects.body.data.materials[self.slot].node_tree.nodes

    @property
    def modifiers(self):
        body = self.human.objects.body
        return [each for each in body.modifiers if each.type == "PARTICLE_SYSTEM" and not each.name.startswith("Eye")]

    def set(self, path, context):
        wanted = json.loads(Path(content(path)).read_text())
        with bpy.data.libraries.load(content(f"hair/head/{wanted['blend_file']}"), link=False) as (there, taken):
            taken.particles = [name for name in there.particles if name in wanted["hair_systems"]]
        body = self.human.objects.body
        for settings in taken.particles:
            modifier = body.modifiers.new(settings.name, "PARTICLE_SYSTEM")
            modifier.particle_system.settings = settings
            modifier.particle_system.vertex_group_density = "hair_scalp"
            for name, value in wanted["hair_systems"][settings.name].items():
                if name == "length":
                    settings.child_length = value

    def convert_to_haircards(self, context):
        with bpy.data.libraries.load(content("hair/haircards/haircap.blend"), link=False) as (_, taken):
            taken.objects = ["HG_Haircap_Scalp"]
        cap, human = taken.objects[0], self.human
        bpy.data.collections["HumGen"].objects.link(cap)
        cap["hg_haircard"] = 1
        fit_to_body(human, cap)
        follow_rig(human, cap, {"head": np.ones(len(cap.data.vertices))})


class Hair:
    def __init__(self, human):
        self.eyebrows, self.eyelashes = HairKind(human, 1), HairKind(human, 1)
        self.regular_hair, self.face_hair = HairKind(human, 2), HairKind(human, 3)


class Pattern:
    def set(self, path, thing):
        tree = thing.active_material.node_tree
        image = tree.nodes.new("ShaderNodeTexImage")
        image.image = bpy.data.images.load(content(path), check_existing=True)
        tree.links.new(image.outputs[0], tree.nodes["HG_Control"].inputs["Pattern"])


class Wear:
    def __init__(self, human, tag):
        self.human, self.tag, self.pattern = human, tag, Pattern()

    @property
    def objects(self):
        return [thing for thing in self.human.objects if self.tag in thing]

    def set(self, path, context):
        with bpy.data.libraries.load(content(path), link=False) as (there, taken):
            taken.collections = list(there.collections)
        body = self.human.objects.body
        for collection in taken.collections:
            for thing in list(collection.objects):
                bpy.data.collections["HumGen"].objects.link(thing)
                thing[self.tag] = 1
                fit_to_body(self.human, thing)
                follow_rig(self.human, thing, {})
                drive_like(body, thing)
                for mask in filter(None, (thing.get(f"mask_{number}") for number in range(10))):
                    if mask not in body.modifiers:
                        modifier = body.modifiers.new(mask, "MASK")
                        modifier.vertex_group, modifier.invert_vertex_group = mask, True
            bpy.data.collections.remove(collection)


class Clothing:
    def __init__(self, human):
        self.outfit, self.footwear = Wear(human, "cloth"), Wear(human, "shoe")


def fit_to_body(human, thing):
    """Each vertex keeps its place beside the nearest of the body's."""
    body = human.objects.body
    plain = body.data.vertices if human.gender == "female" else body.data.shape_keys.key_blocks["Male"].data
    tree = kdtree.KDTree(len(plain))
    for number, point in enumerate(plain):
        tree.insert(point.co, number)
    tree.balance()
    made = np.array([point.co for point in body.data.shape_keys.key_blocks["LIVE_KEY_PERMANENT"].data])
    made += np.array([point.co for point in plain]) - np.array([point.co for point in body.data.vertices])
    if thing.data.shape_keys is None:
        thing.shape_key_add(name="Basis", from_mix=False)
    key = thing.shape_key_add(name="Body Proportions", from_mix=False)
    for vertex, point in zip(thing.data.vertices, key.data, strict=True):
        near, number, _ = tree.find(vertex.co)
        point.co = vertex.co + type(near)(made[number]) - near
    key.value = 1.0


def follow_rig(human, thing, weights):
    for bone, shares in weights.items():
        made = thing.vertex_groups.new(name=bone)
        for vertex, share in enumerate(shares):
            made.add((vertex,), float(share), "REPLACE")
    thing.parent = human.objects.rig
    thing.modifiers.new("Armature", "ARMATURE").object = human.objects.rig


def drive_like(body, thing):
    """Corrective keys of clothes move with the body's of the same name."""
    for key in thing.data.shape_keys.key_blocks:
        if key.name.startswith("cor_") and key.name in body.data.shape_keys.key_blocks:
            driver = key.driver_add("value").driver
            driver.expression = "var"
            variable = driver.variables.new()
            variable.targets[0].id_type = "KEY"
            variable.targets[0].id = body.data.shape_keys
            variable.targets[0].data_path = f'key_blocks["{key.name}"].value'
