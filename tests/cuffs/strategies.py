"""Random values for property-based tests: hypothesis draws a generator, records are made from it inside the test."""

import numpy as np
from hypothesis import strategies as st

from cuffs.records import (
    CameraSpec,
    CharacterSpec,
    GarmentSpec,
    HairSpec,
    ImageSpec,
    LightSpec,
    MaterialSpec,
    PersonSpec,
    PlaceSpec,
    PoseOrigin,
    PoseSample,
    PoseValidity,
    PropSpec,
    RenderSpec,
    SceneSpec,
)
from cuffs.rotations import rotvec_to_rotmat

rngs = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def random_name(rng):
    return "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz0123456789_"), size=rng.integers(1, 20)))


def random_colour(rng):
    return tuple(rng.uniform(size=3).tolist())


def random_rigid(rng):
    T = np.eye(4)
    T[:3, :3] = rotvec_to_rotmat(rng.normal(size=3))
    T[:3, 3] = rng.normal(size=3)
    return T


def random_origin(rng):
    return PoseOrigin(
        dataset=random_name(rng),
        file=random_name(rng),
        row=int(rng.integers(10**9)),
        frame=int(rng.integers(10**6)),
        fps=rng.choice([None, 30.0]),
        action=rng.choice([None, "walk"]),
        licence=random_name(rng),
    )


def random_pose(rng):
    known = rng.uniform(size=3) < 0.5
    return PoseSample(
        pose=rng.normal(size=(55, 3)),
        transl=rng.normal(size=3) if known[0] else None,
        ground_z=float(rng.normal()) if known[1] else None,
        betas=rng.normal(size=int(rng.integers(1, 20))) if known[2] else None,
        gender=rng.choice(["female", "male", "neutral", "unknown"]).item(),
        is_kid=bool(rng.integers(2)),
        valid=PoseValidity(left_hand=bool(rng.integers(2))),
        origin=random_origin(rng),
    )


def random_material(rng):
    return MaterialSpec(
        kind=random_name(rng),
        colour=random_colour(rng),
        second_colour=random_colour(rng) if rng.integers(2) else None,
        roughness=float(rng.uniform()),
    )


def random_person(rng):
    character = CharacterSpec(
        kind="open",
        identity=random_name(rng),
        topology="open",
        skin=random_material(rng),
        eye_colour=random_colour(rng),
        garments=tuple(
            GarmentSpec(name=random_name(rng), material=random_material(rng)) for _ in range(rng.integers(3))
        ),
        hair=HairSpec(name="bob", material=random_material(rng)) if rng.integers(2) else None,
    )
    return PersonSpec(
        character=character,
        pose=rng.normal(size=(55, 3)),
        pelvis_world=rng.normal(size=3),
        face={random_name(rng): float(rng.uniform())},
        body_source=random_origin(rng),
        left_hand_source=random_origin(rng),
        right_hand_source=random_origin(rng),
    )


def random_scene(rng):
    focal, cx, cy = rng.uniform([10, -100, -100], [5000, 100, 100]).tolist()
    prop = PropSpec(kind="box", T_world_prop=random_rigid(rng), size_m=(1.0, 2.0, 3.0), material=random_material(rng))
    return SceneSpec(
        key=random_name(rng),
        recipe_hash=random_name(rng),
        seed=int(rng.integers(10**9)),
        slot=int(rng.integers(10**9)),
        attempt=int(rng.integers(99)),
        chunk=int(rng.integers(10**6)),
        image=ImageSpec(width=int(rng.integers(16, 4096)), height=int(rng.integers(16, 4096))),
        camera=CameraSpec(K=np.array([[focal, 0, cx], [0, focal, cy], [0, 0, 1.0]]), T_world_cam=random_rigid(rng)),
        people=tuple(random_person(rng) for _ in range(rng.integers(1, 3))),
        place=PlaceSpec(kind="studio", ground=random_material(rng)),
        light=LightSpec(kind="sun", strength=float(rng.uniform())),
        props=(prop,) if rng.integers(2) else (),
        render=RenderSpec(samples=int(rng.integers(1, 512))),
    )
