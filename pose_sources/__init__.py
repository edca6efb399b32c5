"""Where poses come from: made from rules, or read from files; mixed as a recipe says.

A recipe's `poses` is one of these, told apart by `kind`:

    poses: {kind: procedural, bodies: {sitting: 1, gesturing: 2}}

    poses: {kind: amass, path: /data/AMASS, fps: 10}

    poses: {kind: bedlam, path: /data/BEDLAM/all_npz_12_training}     # also bedlam2, agora, ubody: docs/poses.md

    poses:
      kind: mixture
      bodies: [{source: {kind: amass, path: /data/AMASS}, weight: 3}, {source: {kind: procedural}}]
      hands: [{source: {kind: interhand, path: /data/InterHand2.6M}}]
      swap: {share: 0.8, together: 0.5}
      natural: {finger_finger_mm: 5}
"""

from pose_sources.mixture import DrawnPose, MixtureConfig, Poses, WeightedSource
from pose_sources.naming import NamedSource, named_sources
from pose_sources.opening import (
    BodyAtHand,
    PosesConfig,
    body_at_hand,
    open_poses,
    open_source,
    poses_config,
    rest_shapes,
)
from pose_sources.source import IndexedPoseSource, PoseSource, RestPelvis

__all__ = [
    "BodyAtHand",
    "DrawnPose",
    "IndexedPoseSource",
    "MixtureConfig",
    "NamedSource",
    "PoseSource",
    "Poses",
    "PosesConfig",
    "RestPelvis",
    "WeightedSource",
    "body_at_hand",
    "named_sources",
    "open_poses",
    "open_source",
    "poses_config",
    "rest_shapes",
]
