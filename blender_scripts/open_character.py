"""The open character: MakeHuman's mesh and rig, as `cuffs.character` wrote them down."""

from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np
from jaxtyping import Bool, Float, Int

from blender_scripts.armature import add_armature, pose_armature
from blender_scripts.assets import Assets
from blender_scripts.cloth_layout import cloth_layout, cloth_limbs, shoe_places, trim_places
from blender_scripts.hair_curves import add_hair_curves, for_data_only
from blender_scripts.materials import make_material
from blender_scripts.materials.body import wet_material
from blender_scripts.materials.cloth import CLOTH
from blender_scripts.materials.eye import GAZE, eye_material
from blender_scripts.materials.graph import REST
from blender_scripts.materials.hair import strand_material
from blender_scripts.materials.picture import UV, picture_material
from blender_scripts.materials.skin import GROWTH, ZONES, Growth, skin_material
from blender_scripts.materials.trim import HEM, PLACE
from blender_scripts.meshes import add_mesh, evaluated_verts, set_face_numbers, set_materials, set_vector_attribute
from blender_scripts.shell import Shell, joined_shell
from blender_scripts.skinned_mesh import (
    LIMB,
    SkinnedShape,
    add_facial_actions,
    add_skinned_mesh,
    face_limbs,
    hide_in_render,
)
from cuffs.character import Identity, Part, Topology, pose_bones
from cuffs.character.posed_hair import posed_strands
from cuffs.character.skin_zones import growth, skin_zones
from cuffs.character.worn import Wearer, Worn, fit_of, in_order
from cuffs.errors import RecordError
from cuffs.records import CharacterSpec, GarmentSpec, HairSpec, MaterialSpec, PersonSpec
from cuffs.records.scene_spec import Colour
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import INDEX

Array = np.ndarray

SIDES = ("left", "right")

REDNESS = {"skin": 0.0, "lips": 0.55, "nails": 0.25, "ears": 0.15}
"""Body surfaces that are skin, by name, and how red they are."""

WET: dict[str, Colour] = {
    "mouth": (0.25, 0.05, 0.05),
    "tongue": (0.45, 0.14, 0.13),
    "teeth": (0.72, 0.68, 0.58),
    "gums": (0.5, 0.18, 0.17),
}
"""Body surfaces that are moist, by name."""

STRAND_RADII_M, FUR_RADII_M = (0.00030, 0.00016), (0.00013, 0.00004)
"""At root and tip. A strand stands for several hairs of the head; brows, lashes and beards are finer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """One mesh of the person."""

    shape: SkinnedShape
    thing: bpy.types.Object
    is_hidden: Bool[Array, " verts"]


class OpenCharacter:
    """See `character.Character` for the order of calls."""

    def __init__(self, spec: CharacterSpec, number: int, assets: Assets) -> None:
        self._spec, self._number = spec, number
        self._topology: Topology = assets.topology(spec.topology)
        self._identity: Identity = assets.identity(spec.identity)
        if len(self._identity.rest) != len(self._topology.skin_bones):
            raise RecordError(f"identity {spec.identity!r} does not belong to topology {spec.topology!r}.")
        self._assets = assets
        self._pieces: list[_Piece] = []

    def shape(self) -> None:
        """Build rig and body in the identity's rest pose."""
        topology, identity = self._topology, self._identity
        self._rig = add_armature(f"person_{self._number}", topology, identity)
        vertices = topology.body_vertices
        shape = SkinnedShape(name="body", rest=identity.rest[vertices], faces=topology.body_faces, vertices=vertices)
        is_hidden = np.isin(vertices, self._hidden_vertices())
        hide_in_render(self._add_piece(shape, is_hidden), is_hidden)

    def dress(self) -> None:
        """Add skin, eyes and hair. Clothes come with the pose, which decides their folds."""
        body = self._pieces[0].thing
        materials = [self._body_material(str(name)) for name in self._topology.material_names]
        set_materials(body, materials, self._topology.body_material)
        set_vector_attribute(body, GAZE, self._gaze_directions())
        set_vector_attribute(body, ZONES, skin_zones(self._topology, self._identity))
        hair = [self._topology.part(hair.name) for hair in self._all_hair()]
        set_vector_attribute(body, GROWTH, growth(self._topology, hair))
        for hair in self._all_hair():
            self._add_hair(self._topology.part(hair.name), hair.material)

    def pose(self, person: PersonSpec) -> None:
        """Take the pose, place and face that a spec asks for."""
        rotmats = rotvec_to_rotmat(person.pose)
        T_world_rest = pose_bones(self._topology, self._identity, rotmats, person.pelvis_world)
        pose_armature(self._rig, self._topology, T_world_rest)
        for piece in self._pieces:
            add_facial_actions(piece.thing, piece.shape, self._topology, person.face)
        wearer = Wearer(self._topology, self._identity, T_world_rest)
        for garment in in_order(self._topology, self._spec.garments):
            mesh = self._assets.cloth(self._spec.topology, garment.name)
            self._add_cloth(garment, wearer.put_on(self._topology.part(garment.name), mesh, fit=fit_of(garment)))
        for hair in self._all_hair():
            self._add_strands(hair, T_world_rest, person.face)

    def read_body(self, depsgraph: bpy.types.Depsgraph) -> Float[Array, "verts 3"]:
        """The evaluated body mesh, whole, in the topology's order: world, float32 metres."""
        return evaluated_verts(self._pieces[0].thing, depsgraph)

    def stay(self) -> list[bpy.types.Object]:
        """Nothing: made anew for every scene."""
        return []

    def read_shell(self, depsgraph: bpy.types.Depsgraph) -> Shell:
        """All surfaces of this person that a picture shows: the skin, hair, then clothes from the skin outwards."""
        surfaces = []
        for piece in self._pieces:
            shown = piece.shape.faces[~piece.is_hidden[piece.shape.faces].any(1)]  # as the mask modifier does
            surfaces.append((evaluated_verts(piece.thing, depsgraph), shown, piece.is_hidden))
        return joined_shell(surfaces)

    def _hidden_vertices(self) -> Int[Array, " hidden"]:
        """Full numbers of the body's vertices beneath clothes."""
        worn = [garment.name for garment in self._spec.garments] + ([self._spec.hair.name] if self._spec.hair else [])
        hidden = [self._topology.part(name).hides for name in worn]
        return np.unique(np.concatenate([np.zeros(0, np.int32), *hidden]))

    def _add_piece(self, shape: SkinnedShape, is_hidden: Bool[Array, " verts"]) -> bpy.types.Object:
        thing = add_skinned_mesh(shape, self._topology, self._rig)
        thing.pass_index = self._number
        self._pieces.append(_Piece(shape=shape, thing=thing, is_hidden=is_hidden))
        return thing

    def _all_hair(self) -> tuple[HairSpec, ...]:
        return (*((self._spec.hair,) if self._spec.hair else ()), *self._spec.fur)

    def _add_hair(self, part: Part, material: MaterialSpec) -> None:
        """The surface of hair, which hulls its strands where it has any."""
        if not len(part.faces):
            return
        shape = SkinnedShape(
            name=part.name, rest=self._identity.rest[part.vertices], faces=part.faces, vertices=part.vertices
        )
        thing = self._add_piece(shape, np.zeros(len(part.vertices), bool))
        set_materials(thing, [self._material(part, material)])
        if len(part.uv):
            set_vector_attribute(thing, UV, _flat_uv(part), domain="CORNER")
        if _has_strands(part):
            for_data_only(thing)

    def _material(self, part: Part, spec: MaterialSpec) -> bpy.types.Material:
        """A surface; those of added assets may have a picture of their own."""
        if spec.kind == "picture":
            return picture_material(part.name, spec, self._assets.path("textures", part.texture))
        return make_material(part.name, spec)

    def _add_strands(self, hair: HairSpec, T_world_rest: Float[Array, "bones 4 4"], face: Mapping[str, float]) -> None:
        """Strands as they lie in this pose."""
        part = self._topology.part(hair.name)
        if not _has_strands(part):
            return
        strands = posed_strands(
            self._topology, self._identity, part, T_world_rest=T_world_rest, face=face, seed=hair.material.seed
        )
        root_m, tip_m = FUR_RADII_M if part.kind == "fur" else STRAND_RADII_M
        thing = add_hair_curves(part.name, strands, root_m=root_m, tip_m=tip_m, number=self._number)
        thing.data.materials.append(strand_material(f"{part.name} strands", hair.material))

    def _add_cloth(self, garment: GarmentSpec, worn: Worn) -> None:
        part = worn.part
        thing = add_mesh(part.name, worn.verts, worn.faces)
        thing.pass_index = self._number
        set_vector_attribute(thing, REST, worn.rest)
        limbs = face_limbs(self._topology, part.vertices, part.faces)[worn.parent]
        set_face_numbers(thing, LIMB, limbs + 1)
        set_materials(thing, [self._material(part, garment.material)])
        if len(part.uv):
            set_vector_attribute(thing, UV, _flat_uv(part), domain="CORNER")
        if garment.material.kind == "shoe":
            set_vector_attribute(thing, PLACE, shoe_places(self._topology, self._identity, worn))
        if garment.material.kind == "fabric":
            limbs = cloth_limbs(part, limbs)
            flat = cloth_layout(self._topology, self._identity, rest=worn.rest, faces=worn.faces, limb_of_face=limbs)
            set_vector_attribute(thing, CLOTH, flat, domain="CORNER")
            hem, place = trim_places(self._topology, self._identity, worn)
            set_vector_attribute(thing, HEM, hem)
            set_vector_attribute(thing, PLACE, place)
        shape = SkinnedShape(name=part.name, rest=worn.rest, faces=worn.faces, vertices=part.vertices[:0])
        self._pieces.append(_Piece(shape=shape, thing=thing, is_hidden=np.zeros(len(worn.verts), bool)))

    def _body_material(self, name: str) -> bpy.types.Material:
        skin = self._spec.skin
        if name == "eye":
            return eye_material(name, self._spec.eye_colour, eyeball_radius_m=self._eyeball_radius_m())
        if name in REDNESS:
            return skin_material(name, skin, redness=REDNESS[name], growth=self._growth())
        if name in WET:
            return wet_material(name, WET[name])
        raise RecordError(f"there is no surface for {name!r}; there are eye, {', '.join([*REDNESS, *WET])}.")

    def _growth(self) -> Growth:
        """Colours of what grows on the skin."""
        hair = self._spec.hair.material.colour if self._spec.hair is not None else None
        beards = [fur.material.colour for fur in self._spec.fur if len(self._topology.part(fur.name).scalp)]
        return Growth(hair=hair, beard=beards[-1] if beards else None)

    def _eyeball_radius_m(self) -> float:
        return fit_sphere(self._identity.rest[self._topology.eye_left].astype(np.float64))[1]

    def _gaze_directions(self) -> Float[Array, "verts 3"]:
        """For each body vertex of an eye its direction from the eye's centre, z along the gaze; 0 elsewhere."""
        directions = np.zeros(self._identity.rest.shape)
        for side, vertices in zip(SIDES, (self._topology.eye_left, self._topology.eye_right), strict=True):
            rest = self._identity.rest[vertices]
            R_rest_eye = self._identity.rest_rotations[INDEX[f"{side}_eye"]]
            offset = (rest - fit_sphere(rest)[0]) @ R_rest_eye
            directions[vertices] = offset / np.linalg.norm(offset, axis=1, keepdims=True)
        return directions[self._topology.body_vertices]


def _flat_uv(part: Part) -> Float[Array, "corners 3"]:
    flat = part.uv.reshape(-1, 2).astype(np.float64)
    return np.concatenate([flat, np.zeros((len(flat), 1))], 1)


def _has_strands(part: Part) -> bool:
    return part.volume.size > 0 or part.kind == "fur"


def fit_sphere(points: Float[Array, "n 3"]) -> tuple[Float[Array, "3"], float]:
    """Centre and radius of the sphere nearest to points, by linear least squares on |p|² = 2 p·c + r² - |c|²."""
    middle = points.mean(0)
    local = points - middle
    design = np.column_stack([2 * local, np.ones(len(local))])
    *centre, rest = np.linalg.lstsq(design, (local**2).sum(1), rcond=None)[0]
    return middle + centre, float(np.sqrt(rest + np.dot(centre, centre)))
