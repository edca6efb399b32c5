"""A HumGen3D human behind the interface that the worker knows."""

import bpy
import numpy as np
from jaxtyping import Bool, Float, Int

from blender_scripts.assets import Assets
from blender_scripts.humgen3d.body import (
    Skinned,
    base_verts,
    group_vertices,
    mixed_verts,
    read_evaluated,
    read_topology,
    triangles,
)
from blender_scripts.humgen3d.dress import MASKS, dress
from blender_scripts.humgen3d.face import lip_places, set_face
from blender_scripts.humgen3d.human import Human, make_human
from blender_scripts.humgen3d.rig import lip_following, pose_bones_in_blender
from blender_scripts.humgen3d.studio import Studio
from blender_scripts.humgen3d.troupe import Dressed, role_of
from blender_scripts.meshes import set_face_numbers
from blender_scripts.shell import Shell, joined_shell
from blender_scripts.skinned_mesh import LIMB
from cuffs.character import Identity, Topology, pose_bones
from cuffs.errors import AssetBroken
from cuffs.humgen3d.bones import joint_of_bone
from cuffs.humgen3d.records import Member, body_moments, topology_hash
from cuffs.records import CharacterSpec, PersonSpec
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import INDEX, LIMB_OF_JOINT, LIMBS

Array = np.ndarray

SAME_HUMAN = 1e-5
"""Largest difference of moments (metres, square metres) between the plan's human and this machine's."""


class HumGenCharacter:
    """See `character.Character` for the order of calls. `pose` may be called again and again."""

    def __init__(self, spec: CharacterSpec, number: int, assets: Assets) -> None:
        self._spec, self._number, self._assets = spec, number, assets
        self._member: Member = assets.member(spec.identity)
        self._studio: Studio = assets.studio()
        self._dressed: Dressed | None = assets.troupe.take(role_of(number, spec))

    def shape(self) -> None:
        """Make the human, and see that it is the plan's; nothing if they are there from an earlier scene."""
        if self._dressed is not None:
            return
        self._human = make_human(self._studio, self._member.human)
        self._topology, self._identity = read_person(self._human, self._member)
        require_same(self._member, self._topology, self._identity, self._studio)

    def dress(self) -> None:
        """Add hair and clothes; skin and eyes came with the shape."""
        if self._dressed is not None:
            return
        human = self._human
        dress(human, self._spec, seed=self._member.human.seed)
        for thing in human.children:
            thing.pass_index = self._number
            mark_limbs(thing, human)
        self._dressed = Dressed(
            human=human, topology=self._topology, identity=self._identity, hidden=_hidden_vertices(human)
        )

    def pose(self, person: PersonSpec) -> None:
        """Take the pose, place and face that a spec asks for."""
        dressed = self._ready
        human = dressed.human
        set_face(human, person.face)
        rotmats = rotvec_to_rotmat(person.pose)
        T_world_rest = pose_bones(dressed.topology, dressed.identity, rotmats, person.pelvis_world)
        if human.jaw is not None and "jaw" in human.bones.names:
            before, after = lip_places(human, human.jaw.group)
            T_world_rest = lip_following(
                human.bones, T_world_rest, influence=human.jaw.influence, before=before, after=after
            )
        pose_bones_in_blender(human.rig, human.bones, T_world_rest)
        self._T_world_rest = T_world_rest
        bpy.context.view_layer.update()

    def stay(self) -> list[bpy.types.Object]:
        """Wait for a scene with the same person in the same clothes."""
        self._assets.troupe.wait(role_of(self._number, self._spec), self._ready)
        return self._ready.things

    @property
    def _ready(self) -> Dressed:
        if self._dressed is None:
            raise RuntimeError("a human is posed before it is shaped and dressed.")
        return self._dressed

    def read_body(self, depsgraph: bpy.types.Depsgraph) -> Float[Array, "verts 3"]:
        """Body and eyes as evaluated, whole, in the topology's order: world, float32 metres.

        Raises:
            RuntimeError: if they are not where the pose puts them.
        """
        return read_evaluated(self._ready.human.skinned, self._ready.topology, self._T_world_rest, depsgraph)

    def read_shell(self, depsgraph: bpy.types.Depsgraph) -> Shell:
        """All surfaces of this person that a picture shows."""
        surfaces = []
        human, hidden = self._ready.human, self._ready.hidden
        for thing in human.children:
            points, shown = _evaluated_surface(thing, depsgraph)
            is_hidden = hidden if thing == human.skinned.body else np.zeros(len(points), bool)
            shown = shown[~is_hidden[shown].any(1)]  # as the mask modifiers do
            surfaces.append((points, shown, is_hidden))
        return joined_shell(surfaces)


def _hidden_vertices(human: Human) -> Bool[Array, " verts"]:
    """Which of the body's vertices clothes cover."""
    body = human.skinned.body
    names = {str(thing[mask]) for thing in human.children for mask in MASKS if mask in thing}
    hidden = np.zeros(len(body.data.vertices), bool)
    for rows in group_vertices(body, names, above=0.0).values():
        hidden[rows] = True
    return hidden


def read_person(human: Human, member: Member | None) -> tuple[Topology, Identity]:
    """Mesh, rig and rest pose of a human; what the plan knows of them, where there is one."""
    topology = read_topology(human.skinned, human.rig, human.bones)
    identity = Identity(
        rest=rest_verts(human.skinned).astype(np.float32),
        bone_heads=human.bones.heads,
        bone_tails=human.bones.tails,
        rest_rotations=np.tile(np.eye(3), (55, 1, 1)) if member is None else member.rest_rotations,
        betas=np.zeros(10) if member is None else member.betas,
        phenotype_names=np.array(["gender"]),
        phenotype=np.array([1.0 if human.addon.gender == "female" else 0.0]),
    )
    return topology, identity


def rest_verts(skinned: Skinned) -> Float[Array, "verts 3"]:
    """Body and eyes at rest with a neutral face, metres."""
    return np.concatenate([mixed_verts(thing) for thing in skinned.things])


def require_same(member: Member, topology: Topology, identity: Identity, studio: Studio) -> None:
    """Refuse to go on where this machine's content makes another human than the plan's.

    Raises:
        AssetBroken: saying so.
    """
    worst = float(np.abs(body_moments(identity.rest) - member.moments).max())
    problem = f"moments differ by {worst:.2g}" if not worst <= SAME_HUMAN else None
    if topology_hash(topology) != member.topology_sha256:
        problem = "its mesh or weights are others"
    if problem:
        raise AssetBroken(
            "HumGen3D's content",
            studio.root,
            f"it makes another human than the plan's ({problem})",
            "use the very content and add-on on all machines, or make the plan again",
        )


def mark_limbs(thing: bpy.types.Object, human: Human) -> None:
    """Note on every face which limb moves it, for the data pass."""
    limb_of_group = {}
    originals = dict(zip(human.bones.own_names, human.bones.names, strict=True))
    for group in thing.vertex_groups:
        if group.name in originals and human.rig.data.bones[group.name].use_deform:
            limb_of_group[group.index] = int(LIMB_OF_JOINT[INDEX[joint_of_bone(originals[group.name])]])
    shares = np.zeros((len(thing.data.vertices), len(LIMBS)))
    for vertex in thing.data.vertices:
        for element in vertex.groups:
            if element.group in limb_of_group:
                shares[vertex.index, limb_of_group[element.group]] += element.weight
    if not shares.any():  # cards and the like hang on the head
        shares[:, LIMBS.index("head")] = 1.0
    polygons = [list(polygon.vertices) for polygon in thing.data.polygons]
    limbs = np.array([shares[polygon].sum(0).argmax() for polygon in polygons])
    if LIMB in thing.data.attributes:
        thing.data.attributes.remove(thing.data.attributes[LIMB])
    set_face_numbers(thing, LIMB, limbs + 1)


def _evaluated_surface(
    thing: bpy.types.Object, depsgraph: bpy.types.Depsgraph
) -> tuple[Float[Array, "verts 3"], Int[Array, "faces 3"]]:
    """A mesh as its modifiers leave it, in the world."""
    evaluated = thing.evaluated_get(depsgraph)
    points = base_verts(evaluated)
    T = np.array(evaluated.matrix_world, np.float64)
    return (points @ T[:3, :3].T + T[:3, 3]).astype(np.float32), triangles(evaluated)
