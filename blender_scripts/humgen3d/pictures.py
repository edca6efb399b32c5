"""Pictures that materials show. One that can't be read is rendered magenta, and Blender says nothing of it."""

from collections.abc import Iterable, Iterator

import bpy


def unreadable_pictures(things: Iterable[bpy.types.Object]) -> list[str]:
    """Files of pictures that the things' materials use and that can't be read, sorted.

    Only nodes that lead somewhere count: content may hold leftovers that nothing shows.
    """
    materials = {slot.material for thing in things for slot in thing.material_slots if slot.material is not None}
    images = {image for material in materials for image in _images(material.node_tree)}
    return sorted(image.filepath or image.name for image in images if not _can_be_read(image))


def _images(tree: bpy.types.NodeTree | None) -> Iterator[bpy.types.Image]:
    """Of all nodes that are linked, groups' own included."""
    if tree is None:
        return
    for node in tree.nodes:
        if not any(socket.is_linked for socket in node.outputs):
            continue
        image = getattr(node, "image", None)
        if image is not None and image.source == "FILE":
            yield image
        yield from _images(getattr(node, "node_tree", None))


def _can_be_read(image: bpy.types.Image) -> bool:
    """Asking for the size reads the whole file; what was read is let go, since Cycles reads for itself."""
    is_read = min(image.size) > 0
    if not image.is_dirty:
        image.buffers_free()
    return is_read
