"""The people of a plan: identities made when first asked for, fitted once, kept in a cache."""

import hashlib
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

from cuffs.body import BodyModel
from cuffs.character import Identity, Topology
from cuffs.character.anny_model import ADULT
from cuffs.character.open_identity import IdentityConfig, OpenIdentities, Phenotype, sample_phenotype
from cuffs.codec import encode
from cuffs.correspond import Correspondence, carry, load_correspondence, register, save_correspondence
from cuffs.errors import RecordError
from cuffs.fit import FitModel, fit_rest, prepare_fit
from cuffs.publish import explained, write_bytes
from cuffs.seeding import stream

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Cast:
    """Identities by number. Which are asked for, how often and in what order, changes nothing."""

    config: IdentityConfig
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


def open_cast(config: IdentityConfig, seed: int, *, model: BodyModel, topology: Topology, cache: Path) -> Cast:
    """The open characters, with the correspondence that they are fitted through.

    Args:
        config: which people.
        seed: the plan's.
        model: the body model that labels are made in.
        topology: of the open character.
        cache: where built things are kept.
    """
    maker = OpenIdentities(cache, topology)
    path = _correspondence_path(model, topology, maker, cache)
    correspondence = load_correspondence(path, num_character_verts=len(topology.body_vertices))
    return Cast(
        config=config,
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
