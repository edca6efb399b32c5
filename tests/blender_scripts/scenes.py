"""Small scenes of tube people."""

from dataclasses import replace

import numpy as np

from cuffs.camera import intrinsics, look_at
from cuffs.records import (
    CameraSpec,
    CharacterSpec,
    GarmentSpec,
    ImageSpec,
    LightSpec,
    MaterialSpec,
    PersonSpec,
    PlaceSpec,
    PoseOrigin,
    PropSpec,
    RenderSpec,
    SceneSpec,
)
from cuffs.skeleton import INDEX
from tests.blender_scripts.tube_person import tube_person

ORIGIN = PoseOrigin(dataset="procedural", file="tests", row=0, frame=0, licence="CC0")
SKIN = MaterialSpec(kind="skin", colour=(0.6, 0.4, 0.3))
FLOOR = MaterialSpec(kind="floor", colour=(0.3, 0.3, 0.3), pattern="tiles", scale_m=0.4)
UPRIGHT = np.array([np.pi / 2, 0.0, 0.0])


def write_assets(folder):
    for kind in ("characters", "identities", "places"):
        (folder / kind).mkdir()
    for skinning in ("linear", "dual_quaternion"):
        topology, identity = tube_person(skinning)
        topology.save(folder / "characters" / f"{skinning}.npz")
    identity.save(folder / "identities" / "tube.npz")
    return folder


def person(rng, *, at=(0.0, 0.0), dressed=True, topology="linear"):
    pose = rng.normal(scale=0.25, size=(55, 3))
    pose[0] = UPRIGHT
    for side in ("left", "right"):
        pose[INDEX[f"{side}_hip"], 2] = 0
    shirt = GarmentSpec(
        name="shirt",
        material=MaterialSpec(kind="fabric", colour=(0.1, 0.2, 0.5), pattern="checks", second_colour=(0.7, 0.7, 0.6)),
    )
    return PersonSpec(
        character=CharacterSpec(
            kind="open",
            identity="tube",
            topology=topology,
            skin=SKIN,
            eye_colour=(0.1, 0.2, 0.4),
            garments=(shirt,) if dressed else (),
        ),
        pose=pose.round(6),
        pelvis_world=np.array([*at, 1.1]),  # clear of the ground, whatever the legs do
        face={"jaw_open": 0.5},
        body_source=ORIGIN,
        left_hand_source=ORIGIN,
        right_hand_source=ORIGIN,
    )


def place(kind, file=None):
    backdrop = MaterialSpec(kind="backdrop", colour=(0.5, 0.5, 0.5))
    return PlaceSpec(kind=kind, ground=FLOOR, backdrop=backdrop, file=file, rotation_deg=30.0)


def scene(seed=0, *, size=(96, 80), people=1, **changes):
    rng = np.random.default_rng(seed)
    width, height = size
    K = intrinsics(fov_x_deg=50, width=width, height=height, offset_px=(3.7, -5.3))
    T_world_cam = look_at(
        eye_world=np.array([0.6, -2.4, 1.3]), target_world=np.array([0.3 * (people - 1), 0, 1.05]), roll_rad=0.1
    )
    seat = np.eye(4)
    seat[:3, 3] = [-0.5, -0.4, 0.25]
    spec = SceneSpec(
        key=f"scene_{seed}",
        recipe_hash="0",
        seed=seed,
        slot=0,
        attempt=0,
        chunk=0,
        image=ImageSpec(width=width, height=height),
        camera=CameraSpec(K=K, T_world_cam=T_world_cam),
        people=tuple(person(rng, at=(0.6 * number, 0.2 * number)) for number in range(people)),
        place=place("studio"),
        light=LightSpec(kind="studio"),
        props=(
            PropSpec(
                kind="box",
                T_world_prop=seat,
                size_m=(0.4, 0.4, 0.5),
                material=MaterialSpec(kind="plain", colour=(0.5, 0.3, 0.1)),
            ),
        ),
        render=RenderSpec(samples=2, seed=seed + 1, denoise=False),
    )
    return replace(spec, **changes)
