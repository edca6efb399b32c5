"""Materials with the nodes that the add-on looks for, by its names for them."""

from pathlib import Path

import bpy

Inputs = list[tuple[str, str, object]]


def group(name: str, inputs: Inputs) -> bpy.types.NodeTree:
    """A node group that passes its first input on; whatever else it has does nothing."""
    tree = bpy.data.node_groups.new(name, "ShaderNodeTree")
    tree.interface.new_socket("Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    for socket, kind, default in inputs:
        made = tree.interface.new_socket(socket, in_out="INPUT", socket_type=f"NodeSocket{kind}")
        made.default_value = default
    into, out = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    tree.links.new(into.outputs[0], out.inputs[0])
    return tree


WHITE = (1.0, 1.0, 1.0, 1.0)


def _skin_tone() -> bpy.types.NodeTree:
    """Colour times tone."""
    tree = group("HG_Skin_tone", [("Color", "Color", WHITE), ("Tone", "Float", 1.0), ("Redness", "Float", 0.3),
                                  ("Saturation", "Float", 1.0)])  # fmt: skip
    into = next(node for node in tree.nodes if node.type == "GROUP_INPUT")
    out = next(node for node in tree.nodes if node.type == "GROUP_OUTPUT")
    scale = tree.nodes.new("ShaderNodeVectorMath")
    scale.operation = "SCALE"
    tree.links.new(into.outputs["Color"], scale.inputs[0])
    tree.links.new(into.outputs["Tone"], scale.inputs["Scale"])
    hue = tree.nodes.new("ShaderNodeHueSaturation")
    tree.links.new(scale.outputs[0], hue.inputs["Color"])
    tree.links.new(into.outputs["Saturation"], hue.inputs["Saturation"])
    tree.links.new(hue.outputs[0], out.inputs[0])
    return tree


FEMALE: Inputs = [
    ("Color", "Color", WHITE), ("Foundation Amount", "Float", 0.0), ("Foundation Color", "Color", WHITE),
    ("Blush Opacity", "Float", 0.0), ("Blush Color", "Color", WHITE), ("Eyebrows Opacity", "Float", 0.0),
    ("Eyebrows Color", "Color", WHITE), ("Lipstick Color", "Color", WHITE), ("Lipstick Opacity", "Float", 0.0),
    ("Eyeliner Opacity", "Float", 0.0), ("Eyeliner Color", "Color", WHITE),
]  # fmt: skip
BEARD: Inputs = [
    ("Color", "Color", WHITE),
    ("Alpha", "Float", 1.0),
    ("Mustache", "Float", 0.0),
    ("Beard", "Float", 0.0),
]
SPOTS: Inputs = [("Color", "Color", WHITE), ("Pos1", "Float", 0.0), ("Fac", "Float", 0.0), ("Pos2", "Float", 0.0)]


def skin_material(root: Path) -> bpy.types.Material:
    """`.Human`: a texture through tone, spots and make-up."""
    material = bpy.data.materials.new(".Human")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = 0.5

    def add(kind: str, name: str, tree: bpy.types.NodeTree | None = None) -> bpy.types.Node:
        node = nodes.new(kind)
        node.name = name
        if tree is not None:
            node.node_tree = tree
        return node

    colour = add("ShaderNodeTexImage", "Color")
    colour.image = bpy.data.images.load(str(root / "textures/female/Default 4K/Female 01.png"))
    chain = [
        add("ShaderNodeGroup", "Skin_tone", _skin_tone()),
        add("ShaderNodeGroup", "Freckles_control", group("HG_Freckles", SPOTS)),
        add("ShaderNodeGroup", "Splotches_control", group("HG_Splotches", SPOTS)),
        add("ShaderNodeGroup", "Gender_Group", group(".HG_Female", FEMALE)),
    ]
    last = colour.outputs[0]
    for node in chain:
        links.new(last, node.inputs[0])
        last = node.outputs[0]
    for name in ("Cavity_Multiply", "Age_Multiply"):
        mix = add("ShaderNodeMix", name)
        mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
        mix.inputs["Factor"].default_value = 0.0
        links.new(last, mix.inputs[6])
        mix.inputs[7].default_value = (0.8, 0.7, 0.7, 1)
        last = mix.outputs[2]
    links.new(last, shader.inputs["Base Color"])
    add("ShaderNodeGroup", "Delete_node", group(".HG_Beard_Shadow", BEARD))
    add("ShaderNodeMath", "Underwear_Switch")
    add("ShaderNodeMath", "Underwear_Opacity")
    multiply = add("ShaderNodeMath", "R_Multiply")
    multiply.operation = "MULTIPLY"
    multiply.inputs[1].default_value = 1.0
    rough = add("ShaderNodeTexImage", "skin_rough_spec")
    links.new(rough.outputs[0], multiply.inputs[0])
    links.new(multiply.outputs[0], shader.inputs["Roughness"])
    normal_image, normal, age = (
        add("ShaderNodeTexImage", "Normal"),
        add("ShaderNodeNormalMap", "Normal Map"),
        add("ShaderNodeNormalMap", "HG_Age"),
    )
    links.new(normal_image.outputs[0], normal.inputs["Color"])
    links.new(normal.outputs[0], shader.inputs["Normal"])
    age.inputs["Strength"].default_value = 0.0
    return material


def hair_material(name: str) -> bpy.types.Material:
    """`.HG_Hair_…`: colour from lightness and redness."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    inputs: Inputs = [("Color", "Color", (0.12, 0.07, 0.04, 1))]
    names = ("Lightness", "Redness", "Roughness", "Pepper & Salt", "Roots", "Root Lightness", "Root Redness",
             "Roots Hue", "Fast/Accurate", "Hue")  # fmt: skip
    inputs += [(each, "Float", 0.5) for each in names]
    node = nodes.new("ShaderNodeGroup")
    node.name, node.node_tree = "HG_Hair", group("HG_Hair", inputs)
    links.new(node.outputs[0], nodes["Principled BSDF"].inputs["Base Color"])
    return material


def eye_materials() -> tuple[bpy.types.Material, bpy.types.Material]:
    """The clear outer shell; the inner one with colours of iris and sclera."""
    outer = bpy.data.materials.new(".HG_Eyes_Outer")
    outer.use_nodes = True
    nodes, links = outer.node_tree.nodes, outer.node_tree.links
    clear = nodes.new("ShaderNodeBsdfTransparent")
    links.new(clear.outputs[0], nodes["Material Output"].inputs["Surface"])
    inner = bpy.data.materials.new(".HG_Eyes_Inner")
    inner.use_nodes = True
    nodes, links = inner.node_tree.nodes, inner.node_tree.links
    place = nodes.new("ShaderNodeUVMap")
    distance, inside = nodes.new("ShaderNodeVectorMath"), nodes.new("ShaderNodeMath")
    distance.operation, inside.operation = "LENGTH", "LESS_THAN"
    inside.inputs[1].default_value = 0.45
    links.new(place.outputs[0], distance.inputs[0])
    links.new(distance.outputs["Value"], inside.inputs[0])
    last = None
    for name, colour in (("HG_Scelera_Color", (0.8, 0.78, 0.75, 1)), ("HG_Eye_Color", (0.1, 0.05, 0.02, 1))):
        mix = nodes.new("ShaderNodeMix")
        mix.name, mix.data_type = name, "RGBA"
        mix.inputs[0].default_value = 1.0
        mix.inputs[7].default_value = colour
        if last is not None:
            links.new(last, mix.inputs[6])
            links.new(inside.outputs[0], mix.inputs[0])
        last = mix.outputs[2]
    links.new(last, nodes["Principled BSDF"].inputs["Base Color"])
    return outer, inner


def cloth_material(name: str, colour: tuple[float, float, float]) -> bpy.types.Material:
    """With the `HG_Control` group: main colour, and a pattern in its tenth input."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    inputs: Inputs = [("Main Color_C0", "Color", (*colour, 1))]
    inputs += [(f"Setting {number}", "Float", 0.0) for number in range(1, 9)]
    inputs += [("Pattern", "Color", (0, 0, 0, 1))]
    tree = group(f"HG_Control {name}", inputs)
    into = next(node for node in tree.nodes if node.type == "GROUP_INPUT")
    out = next(node for node in tree.nodes if node.type == "GROUP_OUTPUT")
    mix = tree.nodes.new("ShaderNodeMix")
    mix.data_type, mix.blend_type = "RGBA", "SCREEN"
    mix.inputs["Factor"].default_value = 0.6
    tree.links.new(into.outputs[0], mix.inputs[6])
    tree.links.new(into.outputs["Pattern"], mix.inputs[7])
    tree.links.new(mix.outputs[2], out.inputs[0])
    node = nodes.new("ShaderNodeGroup")
    node.name, node.node_tree = "HG_Control", tree
    links.new(node.outputs[0], nodes["Principled BSDF"].inputs["Base Color"])
    nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.85
    return material
