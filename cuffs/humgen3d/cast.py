"""HumGen3D's humans as a plan's people: made by Blender when first asked for, fitted once, kept in the cache.

The cache holds their meshes; the plan gets values, tables and shapes alone.
"""

import hashlib
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.character import Identity, Topology
from cuffs.codec import encode
from cuffs.correspond import Correspondence, carry, save_correspondence
from cuffs.errors import AssetBroken, ConfigError, RecordError
from cuffs.fit import FitModel, fit_rest, prepare_fit
from cuffs.humgen3d.addon import find_addon
from cuffs.humgen3d.config import HumGenConfig
from cuffs.humgen3d.content import Content, Sex, content_folder, read_content
from cuffs.humgen3d.maker import HumanMaker
from cuffs.humgen3d.records import TOPOLOGY_NAME, HumanSpec, Member, MeshNote, body_moments, topology_hash
from cuffs.humgen3d.sampling import sample_expression, sample_human, sample_look
from cuffs.humgen3d.survey import surveyed
from cuffs.humgen3d.tables import load_table, plain_human
from cuffs.publish import explained, write_bytes
from cuffs.records import CharacterSpec
from cuffs.scene.cast import Performer
from cuffs.seeding import stream

logger = logging.getLogger(__name__)

Array = np.ndarray

NAME = "humgen3d_{:05d}"
LICENCE = "Human Generator Asset License (pictures are free to use; the meshes in them are not)"
TRIES = 8
"""Draws of one identity before the content is given up; each that can't be made is named in the log."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wing:
    """What the humans of one sex share."""

    topology: Topology
    sha256: str
    correspondence: Correspondence
    prepared: FitModel


@dataclass(slots=True, eq=False)
class HumGenCast:
    """See `cuffs.plan.cast.PlannedCast`. Close it: it runs Blender."""

    config: HumGenConfig
    seed: int
    model: BodyModel
    content: Content
    maker: HumanMaker
    cache: Path
    wings: dict[Sex, Wing] = field(default_factory=dict)
    used: dict[int, tuple[HumanSpec, Identity]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    """What couldn't be used while identities were made, and why."""

    def performer(self, number: int) -> Performer:
        """The identity of a number, as the planner poses it."""
        human, identity = self._identity(number)
        return Performer(name=NAME.format(number), identity=identity, topology=self._wing(human.sex).topology)

    def look(self, number: int, *, traits: np.random.Generator, outfit: np.random.Generator) -> CharacterSpec:
        """What an identity wears."""
        return sample_look(self.config, self.content, self._identity(number)[0], traits=traits, outfit=outfit)

    def face(self, rng: np.random.Generator) -> tuple[dict[str, float], Float[Array, "2 3"]]:
        """An expression and a gaze."""
        return sample_expression(self.config, self.content, rng)

    def licences(self) -> set[str]:
        """Of the humans."""
        return {LICENCE}

    def write_shared(self, folder: Path) -> list[str]:
        """Write each sex's table, with a note on the mesh that it belongs to."""
        names = []
        for sex in self.content.presets:
            wing, name = self._wing(sex), f"assets/characters/{TOPOLOGY_NAME.format(sex)}"
            save_correspondence(folder / f"{name}-correspondence.npz", wing.correspondence)
            note = MeshNote(num_verts=len(wing.topology.body_vertices), sha256=wing.sha256)
            write_bytes(folder / f"{name}.json", (json.dumps(encode(note), indent=1) + "\n").encode())
            names += [f"{name}-correspondence.npz", f"{name}.json"]
        return names

    def write_performers(self, folder: Path) -> list[str]:
        """Write who the used identities are; nothing of their meshes."""
        names = []
        for number in sorted(self.used):
            human, identity = self.used[number]
            member = Member(
                human=human,
                topology=TOPOLOGY_NAME.format(human.sex),
                betas=identity.betas,
                rest_rotations=identity.rest_rotations,
                moments=body_moments(identity.rest),
                topology_sha256=self._wing(human.sex).sha256,
            )
            names.append(f"assets/identities/{NAME.format(number)}.json")
            write_bytes(folder / names[-1], (json.dumps(encode(member)) + "\n").encode())
        return names

    def close(self) -> None:
        """End Blender, and say once more how much of the content went unused."""
        if left_out := {**self.content.broken, **self.skipped}:
            logger.warning("left out of this plan: %d items of HumGen3D's content", len(left_out))
        self.maker.close()

    def _wing(self, sex: Sex) -> Wing:
        """What a sex shares: its mesh, read off one human, and the table that `cuffs correspond` made."""
        if sex not in self.wings:
            topology = self._made(plain_human(self.content, sex))[0]
            found = load_table(self.cache, self.model, sex, topology)
            self.wings[sex] = Wing(
                topology=topology,
                sha256=topology_hash(topology),
                correspondence=found,
                prepared=prepare_fit(self.model, is_covered=found.is_covered),
            )
        return self.wings[sex]

    def _identity(self, number: int) -> tuple[HumanSpec, Identity]:
        if number not in self.used:
            self.used[number] = self._drawn(number)
        return self.used[number]

    def _drawn(self, number: int) -> tuple[HumanSpec, Identity]:
        """The first draw that can be made.

        Raises:
            AssetBroken: if none of several can.
        """
        for attempt in range(TRIES):
            human = sample_human(self.config, self.content, stream(self.seed, "humgen3d", number, attempt))
            try:
                return human, self._fitted(human)
            except AssetBroken as problem:
                logger.warning("identity %d, draw %d, is left out: %s", number, attempt, problem)
                self.skipped[human.preset] = str(problem)
        raise AssetBroken(
            "HumGen3D's content", self.content.root, f"none of {TRIES} drawn humans can be made", "see the log above"
        )

    def _fitted(self, human: HumanSpec) -> Identity:
        """The identity with its shape in the body model: from the cache, or made and fitted now."""
        wing = self._wing(human.sex)
        path = self.cache / "humgen3d" / "fitted" / f"{self._key(human, wing)}.npz"
        try:
            return Identity.load(path)
        except RecordError:  # not there yet, or damaged: made anew
            topology, identity = self._made(human)
            if topology_hash(topology) != wing.sha256:
                found = "its mesh or weights differ from those of other humans of its sex"
                raise AssetBroken("A HumGen3D human", self.content.root / human.preset, found, "leave it out") from None
            rest = fit_rest(wing.prepared, carry(wing.correspondence, identity.rest))
            fitted = identity.fitted(rest_rotations=rest.rotmats, betas=rest.params.betas.round(7))
            with explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            fitted.save(path)
            return Identity.load(path)

    def _made(self, human: HumanSpec) -> tuple[Topology, Identity]:
        """A human by Blender, or as it was made before from the same content."""
        folder = self.cache / "humgen3d" / "made"
        key = self._content_key(human)
        paths = folder / f"{key}-topology.npz", folder / f"{key}-identity.npz"
        try:
            return Topology.load(paths[0]), Identity.load(paths[1])
        except RecordError:
            made = self.maker.make(human)
            with explained(folder):
                folder.mkdir(parents=True, exist_ok=True)
            made.topology.save(paths[0])
            made.identity.save(paths[1])
            return Topology.load(paths[0]), Identity.load(paths[1])

    def _content_key(self, human: HumanSpec) -> str:
        """Of all that a human's mesh depends on."""
        version = self.maker.addon.version_string
        return _digest([encode(human), content_fingerprint(self.content), version])

    def _key(self, human: HumanSpec, wing: Wing) -> str:
        table = hashlib.sha256(wing.correspondence.bary.tobytes() + wing.correspondence.face.tobytes()).hexdigest()
        return _digest([self._content_key(human), self.model.sha256, wing.sha256, table])


def content_fingerprint(content: Content) -> str:
    """Of the files that meshes come from: their sizes and dates."""
    names = [
        "models/HG_HUMAN.blend",
        *content.live_keys,
        *(path for paths in content.presets.values() for path in paths),
    ]
    stats = [(name, *_stamp(content.root / name)) for name in sorted(names)]
    return _digest(stats)


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:24]


def humgen_cast(config: HumGenConfig, seed: int, *, model: BodyModel, cache: Path, keep_verts: bool) -> HumGenCast:
    """HumGen3D's humans, from the content and add-on that the environment names.

    Args:
        config: which people.
        seed: the plan's.
        model: the body model that labels are made in.
        cache: where built things are kept.
        keep_verts: whether the recipe wants carried vertices in its samples.

    Raises:
        ConfigError: if it does: they are points of the paid meshes.
        AssetMissing: if content, add-on or tables are missing.
        AssetBroken: if the content can't be used.
    """
    if keep_verts:
        raise ConfigError(
            "keep_verts: carried vertices are points on HumGen3D's meshes, which its licence forbids to pass on. "
            "Set it to false; fit_mm stays in every sample."
        )
    content = read_content(content_folder())
    maker = HumanMaker(content.root, find_addon())
    try:
        return HumGenCast(
            config=config, seed=seed, model=model, content=surveyed(content, maker, cache), maker=maker, cache=cache
        )
    except BaseException:
        maker.close()
        raise
