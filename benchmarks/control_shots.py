"""Control scenes: a dataset made by the usual commands, and for each of its scenes what Blender shows of it once more.

What is compared comes from two sides that share no code: the labels (`KEY.json`, `KEY.mask.png` of the shards), and
`blender_scripts.control_dots`, a program of its own that runs apart.
"""

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from PIL import Image
from scipy.ndimage import label as connected
from trimesh import Trimesh
from trimesh.proximity import closest_point
from trimesh.triangles import points_to_barycentric

from cuffs.body import BodyModel, body_parts, load_body_model
from cuffs.camera import inverse, transform
from cuffs.character import Identity, Topology
from cuffs.codec import encode
from cuffs.correspond import Correspondence, carry, load_correspondence
from cuffs.npz import read_npz, write_npz
from cuffs.plan import Plan, read_plan
from cuffs.plan.records import body_path
from cuffs.records import PersonRecord, Sample, SceneSpec
from cuffs.replay import find_spec
from cuffs.shards import iterate_samples, read_member, read_sample
from cuffs.skeleton import EYEBALLS

Array = np.ndarray

DOT_PX = 0.7
"""Radius of a dot in the picture of its scene, roughly."""

BODY_DOTS, HAND_DOTS = 100, 60
"""Dots on body and head, and on each hand; about half of them face away from the camera."""

GAP_MM = 0.4
"""Dots sit on vertices of the character at most this far from the body model's surface, once that is carried: what the
flat triangles of two meshes leave between them is no fault of a label."""

WHOLE = 0.94
"""A dot counts as visible when it has this share of the light that a whole one has (of a few dozen rays, so that a
whole one may lack some percent itself): the centre of a half-hidden one would be off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blob:
    """A dot's pixels."""

    light: float
    """How many pixels they fill."""

    centre: Float[Array, "2"]
    """Of intensity, pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dots:
    """Where one person's wholly visible dots were found."""

    number: Int[Array, " found"]
    """Row in `ControlPerson.vertices`."""

    centre: Float[Array, "found 2"]
    """Pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlPerson:
    """One person of a control scene."""

    key: str
    scene_people: int
    label: PersonRecord
    K: Float[Array, "3 3"]
    body_cam: Float[Array, "verts 3"]
    """The evaluated mesh in the camera's frame, metres."""

    mask: Bool[Array, "height width"]
    """From the shard."""

    ignored: Bool[Array, "height width"]
    """Where somebody or something else is in front."""

    limb: UInt8[Array, "height width"]
    """`skeleton.LIMBS` number + 1 where this person is in front, 0 elsewhere."""

    vertices: Int[Array, " dots"]
    """Of the character's body mesh: where dots are."""

    face: Int[Array, " dots"]
    """The same places on the body model: triangle …"""

    bary: Float[Array, "dots 3"]
    """… and weights of its corners."""

    dots: Dots


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlSet:
    """A dataset's control scenes."""

    folder: Path
    plan: Plan
    model: BodyModel
    topology: Topology
    table: Correspondence

    @classmethod
    def load(cls, folder: Path) -> "ControlSet":
        """From a dataset's folder, whose plan holds body model, topology and table."""
        plan = read_plan(folder)
        topology = Topology.load(folder / "assets/characters/open.npz")
        table = folder / "assets/characters/open-correspondence.npz"
        return cls(
            folder=folder,
            plan=plan,
            model=load_body_model(body_path(folder, plan)),
            topology=topology,
            table=load_correspondence(table, num_character_verts=len(topology.body_vertices)),
        )

    def identity(self, spec: SceneSpec, number: int) -> Identity:
        """Who person `number` of a scene is."""
        return Identity.load(self.folder / "assets/identities" / f"{spec.people[number].character.identity}.npz")

    def places(self, identity: Identity, vertices: Int[Array, " n"]) -> tuple[Array, Array, Array]:
        """Where vertices of a character lie on the body model: triangles, barycentric weights, gaps in mm."""
        rest = identity.rest[self.topology.body_vertices].astype(np.float64)
        mesh = Trimesh(carry(self.table, rest), self.model.faces, process=False)
        points, distance, face = closest_point(mesh, rest[vertices])
        return face, points_to_barycentric(mesh.triangles[face], points), distance * 1e3


def make_dataset(recipe: Path, folder: Path, *, count: int, seed: int) -> None:
    """`cuffs make`, as a user calls it; what is there already stays.

    Raises:
        subprocess.CalledProcessError: if it fails; its messages are on the standard error.
    """
    command = [sys.executable, "-m", "cuffs.cli", "make", str(recipe), "--count", str(count), "--seed", str(seed)]
    subprocess.run([*command, "--out", str(folder)], check=True)


def choose_dots(control: ControlSet, identity: Identity) -> Int[Array, " dots"]:
    """Vertices of the character, spread evenly over body and head and, closer, over each hand."""
    every = np.arange(len(control.topology.body_vertices))
    face, _, gap_mm = control.places(identity, every)
    corners = control.model.faces[face]
    usable = (gap_mm < GAP_MM) & control.table.is_covered[corners].all(1)
    for eyeball in EYEBALLS.values():
        usable &= ~np.isin(corners, np.arange(eyeball.start, eyeball.stop)).any(1)
    rest = identity.rest[control.topology.body_vertices].astype(np.float64)
    parts = body_parts(control.model)
    wanted = (
        (np.concatenate([parts["body"], parts["head"]]), BODY_DOTS),
        (parts["left_hand"], HAND_DOTS),
        (parts["right_hand"], HAND_DOTS),
    )
    chosen = []
    for verts, count in wanted:
        candidates = every[usable & np.isin(corners, verts).all(1)]
        chosen.append(candidates[spread(rest[candidates], count)])
    return np.concatenate(chosen)


def spread(points: Float[Array, "n 3"], count: int) -> Int[Array, " count"]:
    """Points far from each other: each next one is the farthest from all before (Gonzalez 1985)."""
    chosen = [int(points[:, 2].argmax())]
    distance = np.full(len(points), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
        chosen.append(int(distance.argmax()))
    return np.array(chosen)


def shoot(control: ControlSet, folder: Path) -> None:
    """Let Blender make every scene of the dataset again, with dots; `folder` gets dots.npz and out/KEY.npz.

    Raises:
        subprocess.CalledProcessError: if it fails; its log is in folder/log.
    """
    for name in ("specs", "out"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    specs = [find_spec(control.folder, control.plan, entry.key) for _, _, entry in iterate_samples(control.folder)]
    for spec in specs:
        (folder / "specs" / f"{spec.key}.json").write_text(json.dumps(encode(spec)))
    camera = specs[0].camera
    distance_m = float(np.linalg.norm(camera.T_world_cam[:3, 3] - specs[0].people[0].pelvis_world))
    arrays = {
        "vertices": choose_dots(control, control.identity(specs[0], 0)).astype(np.int32),
        "radius_m": np.array(DOT_PX * distance_m / camera.K[0, 0]),
    }
    write_npz(folder / "dots.npz", arrays)
    command = [sys.executable, "-m", "blender_scripts.control_dots", "--assets", str(control.folder / "assets")]
    paths = {"--specs": folder / "specs", "--dots": folder / "dots.npz", "--out": folder / "out"}
    command += [str(word) for pair in paths.items() for word in pair]
    with (folder / "log").open("wb") as log:
        subprocess.run(command, check=True, stdout=log, stderr=subprocess.STDOUT)


def control_people(control: ControlSet, folder: Path) -> Iterator[ControlPerson]:
    """Everybody of the dataset, with what `shoot` put into `folder`."""
    vertices = read_npz(folder / "dots.npz")["vertices"]
    for tar_path, _, entry in iterate_samples(control.folder):
        spec = find_spec(control.folder, control.plan, entry.key)
        sample = read_sample(tar_path, entry)
        mask = np.asarray(Image.open(io.BytesIO(read_member(tar_path, entry, "mask.png"))))
        shot = read_npz(folder / "out" / f"{entry.key}.npz")
        found = find_dots(shot["dots"])
        for person in range(len(sample.people)):
            number = scene_number(mask == person + 1, shot["person"])
            face, bary, _ = control.places(control.identity(spec, number), vertices)
            body_cam = _body_cam(sample, shot["body_world"][number])
            own = {dot: found.get(1 + number * len(vertices) + dot) for dot in range(len(vertices))}
            light = whole_light(body_cam[vertices], sample.camera.K, shot)
            yield ControlPerson(
                key=f"{entry.key}:{person}",
                scene_people=len(sample.people),
                label=sample.people[person],
                K=sample.camera.K,
                body_cam=body_cam,
                mask=mask == person + 1,
                ignored=(mask != person + 1) & ((mask > 0) | shot["alone"][number]),
                limb=np.where(shot["person"] == number + 1, shot["limb"], 0).astype(np.uint8),
                vertices=vertices,
                face=face,
                bary=bary,
                dots=whole_dots({dot: blob for dot, blob in own.items() if blob is not None}, light),
            )


def scene_number(mask: Bool[Array, "height width"], shown: UInt8[Array, "height width"]) -> int:
    """Which person of the scene a mask of the shard belongs to.

    Raises:
        ValueError: if the control pass shows a different person somewhere: it is another scene then.
    """
    numbers = np.unique(shown[mask])
    if len(numbers) != 1 or numbers[0] == 0 or not np.array_equal(shown == numbers[0], mask):
        raise ValueError(f"the shard's mask and the control pass disagree: people {numbers.tolist()} under one mask")
    return int(numbers[0]) - 1


def find_dots(groups: Float[Array, "groups height width 3"]) -> dict[int, Blob]:
    """Dots that lie by themselves, by number: those whose pixels touch another's or the picture's edge are left out."""
    return {number: blob for group in groups for number, blob in _blobs(group).items()}


def whole_light(
    points_cam: Float[Array, "dots 3"], K: Float[Array, "3 3"], shot: Mapping[str, Array]
) -> Float[Array, " dots"]:
    """Pixels that whole dots cover: discs that face the camera, a little off the skin towards it.

    A disc of area A at distance d fills the solid angle A/d², and at an angle t from the optical axis a solid angle
    takes f²/cos³t pixels.
    """
    distance = np.linalg.norm(points_cam, axis=1)
    solid_angle = float(shot["dot_area_m2"]) / (distance - float(shot["dot_float_m"])) ** 2
    return solid_angle * K[0, 0] * K[1, 1] * (distance / points_cam[:, 2]) ** 3


def whole_dots(found: Mapping[int, Blob], light: Float[Array, " dots"]) -> Dots:
    """Those that nothing hides a part of, given each one's light when whole."""
    whole = [dot for dot, blob in found.items() if blob.light >= WHOLE * light[dot]]
    return Dots(number=np.array(whole, int), centre=np.array([found[dot].centre for dot in whole]).reshape(-1, 2))


def _blobs(pixels: Float[Array, "height width 3"]) -> dict[int, Blob]:
    lit = pixels[..., 0] > 0
    blob = np.zeros(lit.shape, np.int32)
    connected(lit, np.ones((3, 3), int), output=blob)
    count = int(blob.max())
    rows, columns = np.nonzero(lit)
    which = blob[rows, columns] - 1
    light, first, second = (np.bincount(which, pixels[rows, columns, i], count) for i in range(3))
    number = np.rint(first / light)
    spread_of_numbers = second / light - (first / light) ** 2
    pure = (np.abs(first / light - number) < 0.02) & (np.abs(spread_of_numbers) < 0.3)  # of floats with 24 bits
    height, width = lit.shape
    edge = np.isin(rows, (0, height - 1)) | np.isin(columns, (0, width - 1))
    pure &= np.bincount(which, edge, count) == 0
    weight = pixels[rows, columns, 0].astype(float)
    centre = np.stack([np.bincount(which, weight * (axis + 0.5), count) / light for axis in (columns, rows)], 1)
    return {int(number[i]): Blob(light=float(light[i]), centre=centre[i]) for i in np.flatnonzero(pure)}


def _body_cam(sample: Sample, body_world: Float[Array, "verts 3"]) -> Float[Array, "verts 3"]:
    assert sample.camera.T_world_cam is not None
    return transform(inverse(sample.camera.T_world_cam), body_world.astype(np.float64))
