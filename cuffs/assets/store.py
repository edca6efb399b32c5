"""Added assets as they are kept in the cache: one npz each, with its texture beside it."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer

from cuffs.errors import ConfigError, RecordError
from cuffs.npz import read_npz, write_npz
from cuffs.publish import explained, write_bytes
from cuffs.records.scene_spec import Colour

Array = np.ndarray

NAME_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
KINDS = ("clothes", "shoes", "hat", "hair", "glasses")
SCHEMA = "cuffs-asset/1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredAsset:
    """A garment that lies on hm08's vertices by its own rules. Metres, z up."""

    name: str
    kind: str
    wearer: str
    """female, male, or empty for anybody."""

    licence: str
    colour: Colour
    corners: Integer[Array, "verts 3"]
    weights: Float[Array, "verts 3"]
    step: Float[Array, "verts 3"]
    """Times the distance of `pairs` along each axis it is metres."""

    pairs: Integer[Array, "3 2"]
    deleted: Integer[Array, " hidden"]
    faces: Integer[Array, "faces 3"]
    uv: Float[Array, "faces 3 2"]
    texture: Path | None

    def fitted(self, rest: Float[Array, "full 3"]) -> Float[Array, "verts 3"]:
        """Where its vertices lie on somebody at rest, metres.

        Args:
            rest: the full vertices of that person, hm08's first.
        """
        scale = [abs(rest[self.pairs[axis, 0], axis] - rest[self.pairs[axis, 1], axis]) for axis in range(3)]
        return np.einsum("vc,vck->vk", self.weights, rest[self.corners]) + self.step * np.array(scale)


ARRAYS = ("corners", "weights", "step", "pairs", "deleted", "faces", "uv")


def folder_of(cache: Path) -> Path:
    """Where added assets lie."""
    return cache / "added"


def keep(asset: StoredAsset, cache: Path) -> Path:
    """Write an asset; same asset, same bytes.

    Raises:
        OutputError: if it can't be written.
    """
    folder = folder_of(cache)
    path = folder / f"{asset.name}.npz"
    with explained(path):
        folder.mkdir(parents=True, exist_ok=True)
    texture = None
    if asset.texture is not None:
        texture = f"{asset.name}{asset.texture.suffix.lower()}"
        with explained(asset.texture):
            content = asset.texture.read_bytes()
        write_bytes(folder / texture, content)
    facts = {
        "schema": SCHEMA, "name": asset.name, "kind": asset.kind, "wearer": asset.wearer, "licence": asset.licence,
        "colour": list(asset.colour), "texture": texture,
    }  # fmt: skip
    arrays = {name: np.asarray(getattr(asset, name)) for name in ARRAYS}
    write_npz(path, {**arrays, "facts": np.array(json.dumps(facts, sort_keys=True))})
    return path


def load_stored(cache: Path, name: str) -> StoredAsset:
    """An added asset by its name.

    Raises:
        ConfigError: if there is none; the message lists what there is.
        RecordError: if its file is damaged.
    """
    path = folder_of(cache) / f"{name}.npz"
    if not set(name) <= NAME_ALPHABET or not path.is_file():
        there = ", ".join(sorted(found.stem for found in folder_of(cache).glob("*.npz"))) or "none yet"
        raise ConfigError(f"wardrobe.added: there is no added asset {name!r}; there are: {there} (cuffs assets add).")
    arrays = read_npz(path)
    try:
        facts = json.loads(str(arrays["facts"]))
        if facts["schema"] != SCHEMA:
            raise RecordError(f"{path}: schema is {facts['schema']!r}, but this program reads {SCHEMA!r}.")
        red, green, blue = (float(channel) for channel in facts["colour"])
        texture = None if facts["texture"] is None else path.parent / Path(facts["texture"]).name
        return StoredAsset(
            name=name,
            kind=str(facts["kind"]),
            wearer=str(facts["wearer"]),
            licence=str(facts["licence"]),
            colour=(red, green, blue),
            texture=texture,
            **{key: arrays[key] for key in ARRAYS},
        )
    except (KeyError, ValueError, TypeError) as problem:
        raise RecordError(f"{path}: {problem!r} is missing or wrong; add the asset again.") from None


def listed(cache: Path) -> list[StoredAsset]:
    """All added assets, by name."""
    return [load_stored(cache, path.stem) for path in sorted(folder_of(cache).glob("*.npz"))]
