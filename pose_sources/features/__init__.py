"""Poses in numbers that a recipe can ask for: heights, bends, openness of hands, and expressions over them."""

from pose_sources.features.compute import FEATURES, PoseFeatures, compute_features, sample_features
from pose_sources.features.descriptor import body_descriptor, hand_descriptor
from pose_sources.features.expression import Expression, parse_expression

__all__ = [
    "FEATURES",
    "Expression",
    "PoseFeatures",
    "body_descriptor",
    "compute_features",
    "hand_descriptor",
    "parse_expression",
    "sample_features",
]
