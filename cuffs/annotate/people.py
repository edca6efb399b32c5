"""What a plan says of its people, as annotation needs it: the shape of each, and the table of each kind of mesh."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.character import Identity, Topology
from cuffs.codec import decode
from cuffs.correspond import Correspondence, load_correspondence
from cuffs.errors import RecordError
from cuffs.fit import FitModel, prepare_fit
from cuffs.humgen3d.records import Member, MeshNote
from cuffs.records import CharacterSpec

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A correspondence, and the body model prepared for fits through it."""

    correspondence: Correspondence
    prepared: FitModel


class PlannedPeople:
    """Files of a plan's `assets/`, each read once."""

    def __init__(self, assets: Path, model: BodyModel) -> None:
        self._assets, self._model = assets, model
        self._tables: dict[str, Table] = {}
        self._betas: dict[str, Float[Array, 10]] = {}

    def table(self, look: CharacterSpec) -> Table:
        """The table of a character's topology.

        Raises:
            RecordError: if a file is missing or damaged.
        """
        name = look.topology
        if name not in self._tables:
            folder = self._assets / "characters"
            if look.kind == "open":
                num_verts = len(Topology.load(folder / f"{name}.npz").body_vertices)
            else:
                num_verts = decode(MeshNote, _json(folder / f"{name}.json"), where=name).num_verts
            found = load_correspondence(folder / f"{name}-correspondence.npz", num_character_verts=num_verts)
            prepared = prepare_fit(self._model, is_covered=found.is_covered)
            self._tables[name] = Table(correspondence=found, prepared=prepared)
        return self._tables[name]

    def betas(self, look: CharacterSpec) -> Float[Array, "10"]:
        """The shape that an identity was given when the plan was made; errors as for `table`."""
        name = look.identity
        if name not in self._betas:
            path = self._assets / "identities" / name
            if look.kind == "open":
                self._betas[name] = Identity.load(path.with_name(f"{name}.npz")).betas
            else:
                found = path.with_name(f"{name}.json")
                self._betas[name] = decode(Member, _json(found), where=str(found)).betas
        return self._betas[name]


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise RecordError(f"{path} can't be read ({problem}). Make the plan again.") from None
