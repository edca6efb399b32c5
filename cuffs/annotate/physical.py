"""What can't be in reality, measured on what Blender rendered."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.character import Identity, Topology
from cuffs.character.cloth_mesh import ClothMesh, cloth_mesh
from cuffs.character.worn import in_order
from cuffs.errors import RecordError
from cuffs.physical import Cloth, measure_person
from cuffs.records import PersonSpec, PhysicalRecord

Array = np.ndarray


class PhysicalChecks:
    """The open character's topologies and garments, each prepared once."""

    def __init__(self, assets: Path) -> None:
        self._assets = assets
        self._topologies: dict[str, Topology] = {}
        self._meshes: dict[tuple[str, str], ClothMesh] = {}

    def measure(
        self,
        person: PersonSpec,
        *,
        body_world: Float[Array, "body 3"],
        shell_world: Float[Array, "shell 3"],
        shell_counts: Int[Array, " pieces"],
    ) -> PhysicalRecord | None:
        """Measure one person of a capture; None where their kind of character can't be measured.

        Args:
            person: as the scene asked for them.
            body_world: the body as Blender posed it, metres.
            shell_world: all that shows of them, clothes last, from the skin outwards.
            shell_counts: how many of those vertices each piece has.

        Raises:
            RecordError: if the capture has other clothes than the scene, or the plan's files are damaged.
        """
        look = person.character
        if look.kind != "open":
            return None
        topology = self._topology(look.topology)
        garments = in_order(topology, look.garments)
        clothes = np.split(shell_world, np.cumsum(shell_counts)[:-1])[len(shell_counts) - len(garments) :]
        worn = []
        for garment, verts in zip(garments, clothes, strict=True):
            mesh = self._mesh(look.topology, garment.name)
            if len(verts) < mesh.num_finest:
                raise RecordError(f"the capture has {len(verts)} vertices of {garment.name}, not {mesh.num_finest}.")
            worn.append(Cloth(part=topology.part(garment.name), mesh=mesh, verts=verts.astype(np.float64)))
        identity = Identity.load(self._assets / "identities" / f"{look.identity}.npz")
        return measure_person(
            topology,
            identity,
            body_world=body_world.astype(np.float64),
            worn=worn,
            action=person.body_source.action,
        ).record

    def _topology(self, name: str) -> Topology:
        if name not in self._topologies:
            self._topologies[name] = Topology.load(self._assets / "characters" / f"{name}.npz")
        return self._topologies[name]

    def _mesh(self, topology: str, garment: str) -> ClothMesh:
        if (topology, garment) not in self._meshes:
            self._meshes[topology, garment] = cloth_mesh(self._topology(topology).part(garment))
        return self._meshes[topology, garment]
