"""Where poses come from: made from rules, or read from files; mixed as a recipe says.

A recipe's `poses` is one of these, told apart by `kind`:

    poses: {kind: procedural, bodies: {sitting: 1, gesturing: 2}}

    poses: {kind: amass, path: /data/AMASS, fps: 10}

    poses:
      kind: mixture
      bodies: [{source: {kind: amass, path: /data/AMASS}, weight: 3}, {source: {kind: procedural}}]
      hands: [{source: {kind: procedural}}]
      swap: {share: 0.8, together: 0.5}
      natural: {finger_finger_mm: 5}
"""

from pose_sources.mixture import DrawnPose, MixtureConfig, Poses, WeightedSource
from pose_sources.opening import BodyAtHand, PosesConfig, open_poses, open_source, poses_config
from pose_sources.source import IndexedPoseSource, PoseSource, RestPelvis

__all__ = [
    "BodyAtHand",
    "DrawnPose",
    "IndexedPoseSource",
    "MixtureConfig",
    "PoseSource",
    "Poses",
    "PosesConfig",
    "RestPelvis",
    "WeightedSource",
    "open_poses",
    "open_source",
    "poses_config",
]
