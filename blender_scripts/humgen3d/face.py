"""Expressions: HumGen3D's shape keys by their files, and the jaw that follows the lip."""

from collections.abc import Mapping
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import Float

from blender_scripts.humgen3d.body import base_verts, mixed_verts
from blender_scripts.humgen3d.human import REMEDY, Human
from cuffs.errors import AssetBroken
from cuffs.humgen3d.records import require_inside

Array = np.ndarray


def set_face(human: Human, weights: Mapping[str, float]) -> None:
    """Make a face: expressions by their path within the content, at weights from 0 to 1. All others go.

    Raises:
        AssetBroken: if a file is not an expression of this body.
    """
    keys = human.skinned.body.data.shape_keys.key_blocks
    for name in human.faces.values():
        keys[name].value = 0.0
    for path, weight in sorted(weights.items()):
        if path not in human.faces:
            human.faces[path] = _load(human, path)
        keys[human.faces[path]].value = weight


def _load(human: Human, path: str) -> str:
    """Add an expression as a shape key; its name."""
    require_inside("face", path)
    file = human.studio.root / path
    what = f"HumGen3D's {path}"
    if not file.is_file():
        raise AssetBroken(what, file, "it is not there", REMEDY)
    try:
        key = human.addon.keys.load_from_npz(str(file))
    except (OSError, ValueError, KeyError, IndexError, EOFError) as problem:
        raise AssetBroken(what, file, f"{type(problem).__name__}: {problem}", REMEDY) from problem
    key.name = f"e_{PurePosixPath(path).stem}"
    flat = np.zeros(3 * len(key.data), np.float32)
    key.data.foreach_get("co", flat)
    if not np.isfinite(flat).all():
        raise AssetBroken(what, file, "it holds numbers that are not finite", REMEDY)
    key.mute = False
    return str(key.name)


def lip_places(human: Human, group: str) -> tuple[Float[Array, "3"], Float[Array, "3"]]:
    """Where a group of the body's vertices is at rest: with a neutral face, and with the face that is made."""
    body = human.skinned.body
    weights = _weights(human, group)[:, None]
    made = mixed_verts(body)
    keys, base = body.data.shape_keys.key_blocks, base_verts(body)
    neutral = made.copy()
    for name in human.faces.values():
        flat = np.zeros(3 * len(base), np.float32)
        keys[name].data.foreach_get("co", flat)
        neutral -= keys[name].value * (flat.reshape(-1, 3) - base)
    total = weights.sum()
    return (weights * neutral).sum(0) / total, (weights * made).sum(0) / total


def _weights(human: Human, name: str) -> Float[Array, " n"]:
    body = human.skinned.body
    number = body.vertex_groups[name].index
    weights = np.zeros(len(body.data.vertices))
    for vertex in body.data.vertices:
        for element in vertex.groups:
            if element.group == number:
                weights[vertex.index] = element.weight
    return weights
