"""A plan's asset folder, as the worker reads it. Names in specs never lead out of it."""

import json
from collections import OrderedDict
from pathlib import Path

from blender_scripts.humgen3d.studio import Studio, start_studio
from blender_scripts.humgen3d.troupe import Troupe
from cuffs.character import Identity, Topology
from cuffs.character.cloth_mesh import ClothMesh, cloth_mesh
from cuffs.codec import decode
from cuffs.errors import AddOnUnusable, AssetMissing, RecordError, UnavailableError
from cuffs.humgen3d.records import Member

KEPT_IDENTITIES = 16


class Assets:
    """Files by name, each read once. Identities that haven't been used for long are dropped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.troupe = Troupe()
        self._topologies: dict[str, Topology] = {}
        self._identities: OrderedDict[str, Identity] = OrderedDict()
        self._cloth: dict[tuple[str, str], ClothMesh] = {}
        self._studio: Studio | None = None

    def topology(self, name: str) -> Topology:
        """The mesh and rig of a kind of character.

        Raises:
            AssetMissing: if there is no such file.
            RecordError: if the file is damaged, or the name leads out of the folder.
        """
        if name not in self._topologies:
            self._topologies[name] = Topology.load(self.path("characters", f"{name}.npz"))
        return self._topologies[name]

    def cloth(self, topology: str, part: str) -> ClothMesh:
        """A garment's finer mesh, prepared once; errors as for `topology`."""
        if (topology, part) not in self._cloth:
            self._cloth[topology, part] = cloth_mesh(self.topology(topology).part(part))
        return self._cloth[topology, part]

    def identity(self, name: str) -> Identity:
        """One character; errors as for `topology`."""
        if name not in self._identities:
            self._identities[name] = Identity.load(self.path("identities", f"{name}.npz"))
            if len(self._identities) > KEPT_IDENTITIES:
                self._identities.popitem(last=False)
        self._identities.move_to_end(name)
        return self._identities[name]

    def member(self, name: str) -> Member:
        """One HumGen3D human; errors as for `topology`."""
        path = self.path("identities", f"{name}.json")
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as problem:
            raise RecordError(f"{path} is damaged ({problem}). Make the plan again.") from None
        return decode(Member, data, where=str(path))

    def studio(self) -> Studio:
        """The HumGen3D add-on, enabled when first asked for.

        Raises:
            AddOnUnusable: if add-on or content can't be used here.
        """
        if self._studio is None:
            try:
                self._studio = start_studio()
            except UnavailableError as problem:
                raise AddOnUnusable(str(problem)) from problem
        return self._studio

    def close(self) -> None:
        """Leave nothing behind."""
        if self._studio is not None:
            self._studio.scratch.cleanup()

    def path(self, kind: str, name: str) -> Path:
        """Where a file lies: characters, identities, places or textures.

        Raises:
            RecordError: if the name leads out of the folder.
            AssetMissing: if there is no such file.
        """
        root = (self.folder / kind).resolve()
        if "/" in name or "\\" in name or "\0" in name or name.startswith("."):
            raise RecordError(f"{name!r} is not the plain name of a file in {root}.")
        found = (root / name).resolve()
        if found.parent != root:
            raise RecordError(f"{name!r} leads out of {root}.")
        if not found.is_file():
            raise AssetMissing(f"{kind}: {name}", found, "make the plan again; a plan folder holds all its assets")
        return found
