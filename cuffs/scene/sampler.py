"""One scene from recipe, poses, seed, slot and attempt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from cuffs.camera import inverse, transform
from cuffs.physical.ground import foot_heights_mm, is_standing
from cuffs.physical.limbs import limb_depth_mm
from cuffs.recipe import Recipe
from cuffs.records import CameraSpec, PersonSpec, PlaceFile, PropSpec, SceneSpec
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.scene.camera_config import place_camera, sample_camera
from cuffs.scene.cast import Cast
from cuffs.scene.effects_config import distortion_holds, sample_develop, sample_distortion, with_lens
from cuffs.scene.gates import GatesConfig, framing_cause, hand_in_body_cause, overlap_cause
from cuffs.scene.layout import stage_of
from cuffs.scene.occluders import View, sample_occluder
from cuffs.scene.people import PoseDraw, Spot, about_z, clear_spot, facing_rad, sample_count, sample_spots
from cuffs.scene.place_config import sample_light, sample_place
from cuffs.scene.posed import PosedBody, pose_body
from cuffs.scene.seat import needs_seat, seat_for
from cuffs.seeding import stream
from cuffs.skeleton import INDEX

Split = Literal["train", "val", "test"]

PoseSource = Callable[[np.random.Generator], PoseDraw]

LOOK_AT_JOINTS: Mapping[str, tuple[str, ...]] = {
    "head": ("head", "neck"),
    "upper_body": ("neck", "spine2", "left_elbow", "right_elbow"),
    "hands": ("left_wrist", "right_wrist"),
    "legs": ("left_knee", "right_knee"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneContext:
    """All that scenes of one plan share."""

    recipe: Recipe
    recipe_hash: str
    seed: int
    draw_pose: PoseSource
    cast: Cast
    place_files: Mapping[str, tuple[PlaceFile, ...]]
    """The user's HDRIs, photographs and rooms in the plan's assets, by kind of place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnScene:
    """What an attempt gives: a scene, or the cause why there is none."""

    spec: SceneSpec | None = None
    cause: str | None = None
    refused_poses: tuple[str, ...] = ()
    """Causes for which the sources refused poses, and drew others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Placed:
    """A person where they stand."""

    spec: PersonSpec
    body: PosedBody
    rest: Float[np.ndarray, "verts 3"]
    """The body mesh at rest, metres."""

    feet_mm: tuple[float, float]

    seat: PropSpec | None
    refused_poses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One attempt at one slot, with its streams."""

    context: SceneContext
    slot: int
    attempt: int

    def rng(self, purpose: str, *number: int) -> np.random.Generator:
        return stream(self.context.seed, purpose, self.slot, self.attempt, *number)

    def shared_rng(self, purpose: str, *number: int) -> np.random.Generator:
        """For what neighbouring scenes share where the recipe wants it: who is there, and what they wear."""
        if self.context.recipe.scenes_per_look == 1:
            return self.rng(purpose, *number)
        return stream(self.context.seed, f"shared {purpose}", group_of(self.context.recipe, self.slot), *number)


def sample_scene(context: SceneContext, slot: int, attempt: int) -> DrawnScene:
    """Draw a scene, or say why this attempt gives none.

    The same context, slot and attempt give the same scene, on every machine and in any order.
    """
    at = _Attempt(context=context, slot=slot, attempt=attempt)
    people = _place_people(at, split_of(context, slot))
    refused = tuple(cause for person in people for cause in person.refused_poses)
    cause = _people_cause(context.recipe.gates, people)
    if cause is None:
        camera = _place_camera(at, people)
        cause = _framing_cause(context.recipe, camera, people)
        if cause is None:
            return DrawnScene(spec=_scene_of(at, people, camera), refused_poses=refused)
    return DrawnScene(cause=cause, refused_poses=refused)


def _place_camera(at: _Attempt, people: list[_Placed]) -> CameraSpec:
    recipe = at.context.recipe
    draw = sample_camera(recipe.camera, at.rng("camera"))
    camera = place_camera(
        draw,
        target_world=_target(draw.look_at, [person.body for person in people]),
        facing_rad=facing_rad(rotvec_to_rotmat(people[0].spec.pose[0])),
        image=recipe.image,
    )
    distortion = sample_distortion(recipe.effects, at.rng("distortion"))
    return replace(camera, distortion=distortion) if distortion_holds(distortion, camera, recipe.image) else camera


def _framing_cause(recipe: Recipe, camera: CameraSpec, people: list[_Placed]) -> str | None:
    for person in people:
        head = person.body.joints[INDEX["head"]]
        cause = framing_cause(recipe.gates, camera, recipe.image, verts_world=person.body.verts, head_world=head)
        if cause is not None:
            return cause
    return None


def _scene_of(at: _Attempt, people: list[_Placed], camera: CameraSpec) -> SceneSpec:
    context, slot, attempt = at.context, at.slot, at.attempt
    recipe = context.recipe
    camera = with_lens(camera, recipe.effects, image=recipe.image, focus_m=_depth_m(camera, people), rng=at.rng("lens"))
    stage = stage_of([person.body.verts for person in people], camera, recipe.image)
    place = sample_place(recipe.place, context.place_files, stage, at.rng("place"))
    lighting = sample_light(recipe.light, place, stage, at.rng("light"))
    place = replace(place, things=place.things + lighting.fixtures)
    view = View(camera=camera, bodies=[one.body.verts for one in people], joints=[one.body.joints for one in people])
    occluder = sample_occluder(recipe.place.occluders, place, stage, view, at.rng("occluder"))
    place = replace(place, things=place.things + occluder)
    return SceneSpec(
        key=f"{context.recipe_hash[:8]}_s{context.seed}_{slot:07d}_{attempt:02d}",
        recipe_hash=context.recipe_hash,
        seed=context.seed,
        slot=slot,
        attempt=attempt,
        chunk=slot // recipe.chunk_size,
        split=split_of(context, slot),
        image=recipe.image,
        camera=camera,
        people=tuple(person.spec for person in people),
        place=place,
        light=lighting.light,
        props=tuple(person.seat for person in people if person.seat is not None),
        render=replace(recipe.render, seed=int(at.rng("render").integers(2**31))),
        develop=sample_develop(recipe.effects, place, lighting.light, at.rng("develop")),
    )


def split_of(context: SceneContext, slot: int) -> Split:
    """Which split a slot belongs to."""
    number = stream(context.seed, "split", group_of(context.recipe, slot)).uniform()
    splits = context.recipe.splits
    if number < splits.val:
        return "val"
    return "test" if number < splits.val + splits.test else "train"


def group_of(recipe: Recipe, slot: int) -> int:
    """The slots that share their people (`scenes_per_look`) have one number."""
    return slot // recipe.scenes_per_look


def identities_of(recipe: Recipe, split: Split) -> range:
    """Numbers of the identities that a split may use: no identity is in two splits."""
    total = recipe.num_identities
    num_val = round(total * recipe.splits.val)
    num_test = round(total * recipe.splits.test)
    if split == "val":
        return range(max(0, total - num_val), total)
    if split == "test":
        return range(max(0, total - num_val - num_test), total - num_val)
    return range(total - num_val - num_test)


def _place_people(at: _Attempt, split: Split) -> list[_Placed]:
    """Draw everybody of a scene and put them on the ground."""
    recipe = at.context.recipe
    count = sample_count(recipe.people, at.shared_rng("people"))
    spots = sample_spots(recipe.people, count, at.rng("layout"))
    pool = identities_of(recipe, split)
    chosen = at.shared_rng("identity").choice(len(pool), size=count, replace=count > len(pool))
    people: list[_Placed] = []
    for spot, place in zip(spots, chosen, strict=True):
        people.append(_place_person(at, spot, pool[int(place)], people))
    return people


def _place_person(at: _Attempt, spot: Spot, identity_number: int, others: list[_Placed]) -> _Placed:
    """Draw one more person, clear of the others: where the spot is taken, they move on to another."""
    context, number = at.context, len(others)
    performer = context.cast.performer(identity_number)
    identity, topology = performer.identity, performer.topology
    draw = context.draw_pose(at.rng("pose", number))
    face, gaze = context.cast.face(at.rng("face", number))
    pose = draw.body.pose.copy()
    pose[0] = rotmat_to_rotvec(about_z(spot.yaw_rad) @ rotvec_to_rotmat(pose[0]))
    pose[INDEX["left_eye"]], pose[INDEX["right_eye"]] = gaze
    pose = pose.round(6)
    lifted = pose_body(topology, identity, pose, pelvis_world=np.zeros(3))
    height = -lifted.verts[:, 2].min()
    xy_m = clear_spot(
        context.recipe.people, spot, lifted.verts, [one.body.verts for one in others], at.rng("respot", number)
    )
    pelvis_world = np.array([*xy_m, height]).round(6)
    body = lifted.moved(pelvis_world)
    look = context.cast.look(
        identity_number,
        traits=stream(context.seed, "traits", identity_number),
        outfit=at.shared_rng("look", number),
    )
    spec = PersonSpec(
        character=replace(look, identity=performer.name),
        pose=pose,
        pelvis_world=pelvis_world,
        face=face,
        body_source=draw.body.origin,
        left_hand_source=draw.left_hand,
        right_hand_source=draw.right_hand,
    )
    seat = seat_for(body, at.rng("seat", number)) if needs_seat(draw.body) else None
    rest = identity.rest[topology.body_vertices].astype(np.float64)
    return _Placed(
        spec=spec,
        body=body,
        rest=rest,
        feet_mm=foot_heights_mm(topology, body.verts),
        seat=seat,
        refused_poses=draw.refused,
    )


def _people_cause(gates: GatesConfig, people: list[_Placed]) -> str | None:
    """Why these people can't be, wherever the camera is."""
    if cause := overlap_cause(gates, [person.body.verts for person in people]):
        return cause
    for person in people:
        body = person.body
        if cause := hand_in_body_cause(gates, verts=body.verts, normals=body.normals, limb=body.limb):
            return cause
        depth_mm, _ = limb_depth_mm(person.rest, body.verts, body.normals, body.limb)
        if depth_mm > gates.limb_in_body_mm:
            return "limb_in_body"
        if is_standing(person.spec.body_source.action) and max(person.feet_mm) > gates.feet_off_ground_mm:
            return "feet_off_ground"
    return None


def _depth_m(camera: CameraSpec, people: list[_Placed]) -> float:
    """Depth of the first person's middle, along the optical axis."""
    return float(transform(inverse(camera.T_world_cam), people[0].spec.pelvis_world[None])[0, 2])


def _target(part: str, people: list[PosedBody]) -> Float[np.ndarray, "3"]:
    """The point that the camera looks at: the middle of everybody, or a part of the first person."""
    if part == "body":
        low = np.min([body.verts.min(0) for body in people], axis=0)
        high = np.max([body.verts.max(0) for body in people], axis=0)
        return (low + high) / 2
    return people[0].joints[[INDEX[name] for name in LOOK_AT_JOINTS[part]]].mean(0)
