"""A thin layer over Blender's shader nodes, so that a shader reads as the formula that it is."""

from collections.abc import Mapping
from typing import Any

import bpy

Socket = bpy.types.NodeSocket
Value = float | tuple[float, ...] | Socket
"""What an input takes: a number, a vector, a linear RGB colour, or another node's output."""

REST = "rest"
"""Vertex attribute: where the vertex lies in its identity's rest pose, metres. Patterns stick to the body by it."""


class Graph:
    """One node tree being built. Holds nothing else."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        tree.nodes.clear()
        self.tree = tree

    def node(
        self, kind: str, inputs: Mapping[str | int, Value] | None = None, settings: Mapping[str, Any] | None = None
    ) -> bpy.types.Node:
        """Add a node.

        Args:
            kind: its bl_idname.
            inputs: what goes into its sockets, by name or, where names repeat, by number.
            settings: its other properties.
        """
        node = self.tree.nodes.new(kind)
        for name, setting in (settings or {}).items():
            setattr(node, name, setting)
        for key, value in (inputs or {}).items():
            self._feed(node.inputs[key], value)
        return node

    def math(self, operation: str, a: Value, b: Value = 0.0) -> Socket:
        """A calculation with one or two numbers."""
        return self.node("ShaderNodeMath", {0: a, 1: b}, {"operation": operation}).outputs[0]

    def vector(self, operation: str, a: Value, b: Value = (0.0, 0.0, 0.0)) -> Socket:
        """A calculation with one or two vectors that gives a vector."""
        return self.node("ShaderNodeVectorMath", {0: a, 1: b}, {"operation": operation}).outputs[0]

    def axes(self, vector: Value) -> tuple[Socket, Socket, Socket]:
        """A vector's x, y and z."""
        found = self.node("ShaderNodeSeparateXYZ", {0: vector}).outputs
        return found[0], found[1], found[2]

    def combine(self, x: Value, y: Value, z: Value = 0.0) -> Socket:
        """A vector from its x, y and z."""
        return self.node("ShaderNodeCombineXYZ", {0: x, 1: y, 2: z}).outputs[0]

    def mix(self, factor: Value, a: Value, b: Value, *, blend: str = "MIX") -> Socket:
        """Colour a where the factor is 0, b (or a blended with b) where it is 1."""
        node = self.node("ShaderNodeMix", settings={"data_type": "RGBA", "blend_type": blend})
        for key, value in ((0, factor), (6, a), (7, b)):
            self._feed(node.inputs[key], value)
        return node.outputs[2]

    def ramp(self, value: Value, low: float, high: float) -> Socket:
        """0 below `low`, 1 above `high` (either may be the larger), smooth between."""
        inputs: dict[str | int, Value] = {0: value, 1: low, 2: high, 3: 0.0, 4: 1.0}
        if low > high:
            inputs |= {1: high, 2: low, 3: 1.0, 4: 0.0}
        return self.node("ShaderNodeMapRange", inputs, {"interpolation_type": "SMOOTHSTEP"}).outputs[0]

    def noise(self, vector: Value, *, size_m: float, detail: float = 2.0) -> Socket:
        """Smooth noise around 0.5, mostly within 0.2 to 0.8; its blobs are about `size_m` large."""
        inputs: dict[str | int, Value] = {"Vector": vector, "Scale": 1.0 / size_m, "Detail": detail}
        return self.node("ShaderNodeTexNoise", inputs).outputs[0]

    def noise_colour(self, vector: Value, *, size_m: float, detail: float = 2.0) -> Socket:
        """The same as a vector of three noises."""
        inputs: dict[str | int, Value] = {"Vector": vector, "Scale": 1.0 / size_m, "Detail": detail}
        return self.node("ShaderNodeTexNoise", inputs).outputs[1]

    def attribute(self, name: str) -> Socket:
        """A vector that the mesh carries."""
        return self.node("ShaderNodeAttribute", settings={"attribute_name": name}).outputs["Vector"]

    def position(self) -> Socket:
        """Where the shaded point lies in the world, metres."""
        return self.node("ShaderNodeNewGeometry").outputs["Position"]

    def bump(self, height: Value, *, depth_m: float, strength: float = 1.0) -> Socket:
        """A normal that makes the surface look as if raised by `height` × `depth_m`."""
        inputs: dict[str | int, Value] = {"Strength": strength, "Distance": depth_m, "Height": height}
        return self.node("ShaderNodeBump", inputs).outputs[0]

    def principled(self, inputs: Mapping[str | int, Value]) -> Socket:
        """Blender's general surface."""
        return self.node("ShaderNodeBsdfPrincipled", inputs).outputs[0]

    def matte(self, colour: Value, *, normal: Value | None = None) -> Socket:
        """A surface without any shine: half the cost of the general one."""
        inputs: dict[str | int, Value] = {"Color": colour}
        if normal is not None:
            inputs["Normal"] = normal
        return self.node("ShaderNodeBsdfDiffuse", inputs).outputs[0]

    def output(self, surface: Socket, *, kind: str = "ShaderNodeOutputMaterial") -> None:
        """End the tree with what it shows."""
        self.node(kind, {"Surface": surface})

    def _feed(self, socket: Socket, value: Value) -> None:
        if isinstance(value, Socket):
            self.tree.links.new(value, socket)
        elif socket.type == "RGBA" and isinstance(value, tuple) and len(value) == 3:
            socket.default_value = (*value, 1.0)
        else:
            socket.default_value = value


def material_graph(name: str) -> tuple[bpy.types.Material, Graph]:
    """A new material and its empty node tree."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # Blender 4.5; later versions always have one, and warn about use_nodes
        material.use_nodes = True
    return material, Graph(material.node_tree)


def darker(colour: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    """A colour scaled, kept below 1."""
    red, green, blue = (min(1.0, channel * factor) for channel in colour)
    return (red, green, blue)
