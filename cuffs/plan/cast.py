"""The people of a plan: identities made when first asked for, fitted once, kept in a cache."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cuffs.body import BodyModel
from cuffs.character import Identity, Topology
from cuffs.character.open_identity import IdentityConfig, OpenIdentities, sample_phenotype
from cuffs.codec import encode
from cuffs.correspond import Correspondence, load_or_build
from cuffs.errors import RecordError
from cuffs.fit import fit_rest
from cuffs.seeding import stream


@dataclass(slots=True)
class Cast:
    """Identities by number. Which are asked for, how often and in what order, changes nothing."""

    config: IdentityConfig
    seed: int
    topology: Topology
    model: BodyModel
    correspondence: Correspondence
    cache: Path
    used: dict[int, Identity] = field(default_factory=dict)
    _maker: OpenIdentities | None = None

    def identity(self, number: int) -> Identity:
        """The identity of a number: from the cache, or made and fitted now."""
        if number not in self.used:
            path = self.cache / "identities" / f"{self._hash(number)}.npz"
            try:
                self.used[number] = Identity.load(path)
            except RecordError:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._make(number).save(path)
                self.used[number] = Identity.load(path)
        return self.used[number]

    def _make(self, number: int) -> Identity:
        if self._maker is None:
            self._maker = OpenIdentities(self.cache, self.topology)
        phenotype = sample_phenotype(self.config, stream(self.seed, "phenotype", number))
        identity = self._maker.build(phenotype)
        rest = fit_rest(self.model, self.correspondence, self.topology, identity)
        return identity.fitted(rest_rotations=rest.rotations, betas=rest.betas)

    def _hash(self, number: int) -> str:
        """Of all that an identity depends on."""
        parts = [
            encode(self.config),
            self.seed,
            number,
            self.topology.sha256,
            self.model.sha256,
            self.correspondence.sha256,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def open_cast(config: IdentityConfig, seed: int, *, model: BodyModel, topology: Topology, cache: Path) -> Cast:
    """The open characters, with the correspondence that they are fitted through.

    Args:
        config: which people.
        seed: the plan's.
        model: the body model that labels are made in.
        topology: of the open character.
        cache: where built things are kept.
    """
    return Cast(
        config=config,
        seed=seed,
        topology=topology,
        model=model,
        correspondence=load_or_build(model, topology, cache),
        cache=cache,
    )


IdentityLookup = Callable[[int], Identity]
