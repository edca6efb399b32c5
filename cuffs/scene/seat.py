"""Something to sit on, under people whose pose is a sitting one."""

import numpy as np

from cuffs.records import MaterialSpec, PoseSample, PropSpec
from cuffs.scene import palettes
from cuffs.scene.posed import PosedBody
from cuffs.skeleton import INDEX

RADIUS_M = 0.16

LEAST_STOOL_M = 0.25
"""Lower seats are blocks, not stools."""

CYLINDERS = 0.3
"""Share of seats that are blocks all the same: drums, stumps, poufs."""


def needs_seat(pose: PoseSample) -> bool:
    """Whether the source says that this is somebody sitting on something."""
    action = (pose.origin.action or "").lower()
    return "sit" in action.replace("situp", "").replace("sit-up", "").replace("site", "")


def seat_for(body: PosedBody, rng: np.random.Generator) -> PropSpec:
    """A round stool under the buttocks, as high as they are.

    It is narrow and stands behind the middle of the pelvis, so that feet drawn back beneath the thighs stay clear.
    """
    hips = body.joints[[INDEX["left_hip"], INDEX["right_hip"]]]
    middle = hips.mean(0)
    knees = body.joints[[INDEX["left_knee"], INDEX["right_knee"]]].mean(0)
    forward = knees - middle
    forward[2] = 0
    forward /= max(float(np.linalg.norm(forward)), 1e-6)
    beneath = np.linalg.norm(body.verts[:, :2] - middle[:2], axis=1) < RADIUS_M
    near = beneath & (np.abs(body.verts[:, 2] - middle[2]) < 0.3)
    top = float(body.verts[near, 2].min()) if near.any() else float(middle[2]) - 0.1
    height = max(top + 0.01, 0.05)  # flesh gives way a little
    T_world_prop = np.eye(4)
    T_world_prop[:3, 3] = [*(middle - 0.02 * forward)[:2], height / 2]
    colour = palettes.pick(rng, [*palettes.WOODS, *palettes.PAINTS, *palettes.FABRICS])
    return PropSpec(
        kind="cylinder" if height < LEAST_STOOL_M or rng.uniform() < CYLINDERS else "stool",
        T_world_prop=T_world_prop.round(6),
        size_m=(2 * RADIUS_M, 2 * RADIUS_M, round(height, 6)),
        material=MaterialSpec(kind="plain", colour=colour, roughness=float(rng.uniform(0.3, 0.8))),
    )
