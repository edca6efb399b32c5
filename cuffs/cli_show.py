"""`cuffs poses show` and `cuffs poses features`: what a recipe's poses are like."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import tyro
from jaxtyping import Float

from cuffs.body import find_body_model
from cuffs.places import assets_folder, cache_folder
from cuffs.recipe import load_recipe
from cuffs.report.charts import RangeRow, flat_map
from cuffs.report.pose_sheet import Figure, Histogram, PoseMap, PoseSheet, write_pose_sheet
from pose_sources import body_at_hand, poses_config, rest_shapes
from pose_sources.features import FEATURES
from pose_sources.limits import RANGES
from pose_sources.mixture import DrawnPose
from pose_sources.survey import RANGE_JOINTS, Group, Survey, evenly, survey_poses

HISTOGRAMS: Final = (
    ("left hand: 0 fist, 1 open", "left_hand_open", (0.0, 1.0)),
    ("right hand: 0 fist, 1 open", "right_hand_open", (0.0, 1.0)),
    ("hands seen from so many sides", "hands_visible", (0.0, 1.0)),
    ("pelvis height, share of standing", "pelvis_height", (0.0, 1.2)),
    ("trunk's lean, degrees", "lean_deg", (0.0, 120.0)),
)
"""Title, feature and span."""


def show_command(
    recipe: Annotated[Path, tyro.conf.Positional],
    out: Path,
    count: int = 200,
    seed: int = 0,
    figures: int = 24,
) -> None:
    """Draw a sheet of a recipe's poses: bodies, what was refused and why, and figures before and after its filters.

    Args:
        recipe: A recipe.
        out: The PNG.
        count: Poses that the figures are of.
        seed: Another seed draws others.
        figures: Bodies that are drawn.
    """
    model = find_body_model(cache_folder())
    survey = survey_poses(
        poses_config(load_recipe(recipe).poses, where=f"{recipe}.poses"),
        count,
        seed,
        folder=recipe.parent,
        body=body_at_hand(model, rest_shapes(model, assets_folder())),
        cache=cache_folder(),
    )
    write_pose_sheet(out, _sheet(survey, recipe.stem, figures), model)
    for cause, number in survey.causes().items():
        print(f"  refused {number:6d}  {cause}")
    print(f"{len(survey.after.poses)} poses of {survey.attempts} drawn; sheet: {out}")


def features_command() -> None:
    """List the features that a recipe's conditions and preferences may name."""
    for name, meaning in FEATURES.items():
        print(f"{name:30s}{meaning}")


def _sheet(survey: Survey, name: str, figures: int) -> PoseSheet:
    after, before = survey.after, survey.before
    refused = evenly(survey.refused, max(10, figures // 3))
    return PoseSheet(
        title=f"{name}: {len(after.poses)} of {survey.attempts} drawn poses",
        accepted=[Figure(pose=one.body.pose, text=_caption(one)) for one in after.poses[:figures]],
        refused=[
            Figure(pose=one.pose.body.pose, text=f"{one.causes[0].name}\n{one.causes[0].detail[:48]}")
            for one in refused
        ],
        causes=survey.causes(),
        histograms=[
            Histogram(title=title, values=_both(before, after, feature), span=span)
            for title, feature, span in HISTOGRAMS
        ],
        maps=[_body_map(before, after), _hand_map(before, after)],
        body_ranges=_ranges(before, after, fingers=False),
        hand_ranges=_ranges(before, after, fingers=True),
    )


def _caption(pose: DrawnPose) -> str:
    """Where body and hands came from, and what is done."""
    origin = pose.body.origin
    hands = {pose.left_hand_origin.dataset, pose.right_hand_origin.dataset}
    return f"{origin.dataset} + {'/'.join(sorted(hands))}\n{(origin.action or origin.file)[:38]}"


def _both(before: Group | None, after: Group, feature: str) -> Mapping[str, Float[np.ndarray, " n"]]:
    found = {"after": after.features[feature]}
    return found if before is None else {"before": before.features[feature], **found}


def _body_map(before: Group | None, after: Group) -> PoseMap:
    everything = after.body if before is None else np.concatenate([before.body, after.body])
    middle, directions = flat_map(everything)
    names = np.array([pose.body.origin.dataset for pose in after.poses])
    points = (after.body - middle) @ directions
    return PoseMap(
        title="map of body poses (two main directions)",
        before=np.zeros((0, 2)) if before is None else (before.body - middle) @ directions,
        after={str(name): points[names == name] for name in np.unique(names)},
    )


def _hand_map(before: Group | None, after: Group) -> PoseMap:
    everything = after.hands if before is None else np.concatenate([before.hands, after.hands])
    middle, directions = flat_map(everything)
    origins = [pose.left_hand_origin for pose in after.poses] + [pose.right_hand_origin for pose in after.poses]
    names = np.array([origin.dataset for origin in origins])
    points = (after.hands - middle) @ directions
    return PoseMap(
        title="map of hands, right ones mirrored",
        before=np.zeros((0, 2)) if before is None else (before.hands - middle) @ directions,
        after={str(name): points[names == name] for name in np.unique(names)},
    )


def _ranges(before: Group | None, after: Group, *, fingers: bool) -> list[RangeRow]:
    rows = []
    for joint in RANGE_JOINTS:
        if joint[-1] in "123" and not joint.startswith("spine") and fingers:
            angles = RANGES[joint][:1] if not joint.endswith("1") else RANGES[joint][: 3 if "thumb" in joint else 2]
        elif fingers or (joint[-1] in "123" and not joint.startswith("spine")):
            continue
        else:
            angles = RANGES[joint]
        rows += [
            RangeRow(
                label=f"{joint} {limit.angle}",
                before=None if before is None else before.angles_deg[joint, limit.angle],
                after=after.angles_deg[joint, limit.angle],
                limits=(limit.low_deg, limit.high_deg),
            )
            for limit in angles
        ]
    return rows
