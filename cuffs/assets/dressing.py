"""The open character's topology with the added assets that a recipe names."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.assets.store import StoredAsset, folder_of, load_stored
from cuffs.assets.wear import with_assets
from cuffs.character.anny_model import ADULT
from cuffs.character.open_identity import OpenIdentities, Phenotype
from cuffs.character.open_topology import load_or_build_topology
from cuffs.character.records import Identity, Topology


def middling_person(cache: Path, topology: Topology) -> Identity:
    """The middling adult at rest, whom clothes are checked on."""
    return OpenIdentities(cache, topology).build(Phenotype(**ADULT))


def middling_rest(cache: Path) -> Float[np.ndarray, "full 3"]:
    """The full vertices of that person, metres."""
    return middling_person(cache, load_or_build_topology(cache)).rest.astype(np.float64)


def dressed_topology(cache: Path, names: Sequence[str]) -> Topology:
    """The topology that characters of a recipe have.

    Args:
        cache: where built things and added assets are kept.
        names: of the added assets, each once.

    Raises:
        ConfigError: if one hasn't been added.
    """
    plain = load_or_build_topology(cache)
    if not names:
        return plain
    assets = [load_stored(cache, name) for name in sorted(set(names))]
    path = cache / "characters" / f"open-{_hash(plain, cache, assets)}.npz"
    if not path.exists():
        with_assets(plain, middling_person(cache, plain), assets).save(path)
    return Topology.load(path)


def textures_of(cache: Path, topology: Topology) -> dict[str, Path]:
    """Files of the pictures that a topology's parts name."""
    return {part.texture: folder_of(cache) / part.texture for part in topology.parts if part.texture}


def _hash(plain: Topology, cache: Path, assets: Sequence[StoredAsset]) -> str:
    digest = hashlib.sha256(plain.sha256.encode())
    for asset in assets:
        digest.update((folder_of(cache) / f"{asset.name}.npz").read_bytes())
    return digest.hexdigest()[:20]
