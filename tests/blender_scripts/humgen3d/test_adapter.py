"""HumGen3D's humans in Blender: where they are, who they are, and what stays of them. Against the real add-on where
CUFFS_HUMGEN3D_ADDON names one, else against the double of its interface."""

import numpy as np
import pytest

from tests.humgen_double.blender import Blender, drawn, faces, wild_pose

pytestmark = [pytest.mark.bpy, pytest.mark.slow]

POSES = 50
"""Of each of two people."""


def people_of_both_sexes(content, count):
    """People with their looks, half of them women."""
    found = {"female": [], "male": []}
    number = 0
    while min(map(len, found.values())) < count:
        human, look = drawn(content, number)
        found[human["sex"]].append((human, look))
        number += 1
    return [pair for pairs in zip(*(found[sex][:count] for sex in found), strict=True) for pair in pairs]


def test_blender_puts_every_vertex_where_the_pose_asks_for(blender, same):
    rng = np.random.default_rng(0)
    for number, (human, look) in enumerate(people_of_both_sexes(same[0], 1)):
        poses = [wild_pose(rng) for _ in range(POSES)]
        worst_mm = blender.ask(
            "skinning", human=human, look=look, poses=poses, faces=faces(same[0], POSES, seed=number)
        )
        assert len(worst_mm) == POSES
        assert max(worst_mm) < 0.1


def test_a_mesh_that_blender_evaluated_for_another_pose_is_refused(blender, same):
    human, look = people_of_both_sexes(same[0], 1)[0]
    rng = np.random.default_rng(1)
    said = blender.ask("stale", human=human, look=look, poses=[wild_pose(rng), wild_pose(rng)])
    assert "a stale evaluation" in said
    assert "Nothing is annotated" in said


def test_bones_that_keep_their_constraints_are_refused_and_freed_ones_are_not(blender, same):
    human, look = people_of_both_sexes(same[0], 1)[0]
    pose = wild_pose(np.random.default_rng(1))
    assert "Nothing is annotated" in blender.ask("without_the_cure", human=human, look=look, pose=pose)
    assert max(blender.ask("skinning", human=human, look=look, poses=[pose], faces=[{}])) < 0.1


def test_people_are_the_same_in_every_process_and_order(blender, same, tmp_path):
    rng = np.random.default_rng(2)
    people = [(*pair, wild_pose(rng)) for pair in people_of_both_sexes(same[0], 2)]
    here = blender.ask("fingerprints", people=people)
    second = Blender(same[0].root, tmp_path / "two")
    there = second.ask("fingerprints", people=people[::-1])
    second.close()
    assert here == there
    assert len(set(here.values())) == len(people)


def test_a_human_who_stayed_is_the_human_made_anew(blender, same):
    content = same[0]
    human, look = people_of_both_sexes(content, 1)[1]
    _, other_look = drawn(content, 77)
    wild, calm = wild_pose(np.random.default_rng(3)), wild_pose(np.random.default_rng(4))
    changed = {**look, "garments": look["garments"][:1]}
    scenes = [(look, None), (look, (wild, faces(content, 4)[3])), (changed, None), (look, None)]
    first, stayed, redressed, anew = blender.ask("again", human=human, looks=scenes, pose=calm)
    assert first["fingerprint"] == stayed["fingerprint"] == anew["fingerprint"]
    assert redressed["fingerprint"] != first["fingerprint"]
    assert other_look != look


def test_many_humans_leave_nothing_behind(blender, same):
    people = [drawn(same[0], number) for number in range(100, 116)]
    found = blender.ask("many", people=people)
    assert not any(number for one in found for number in one["left"].values()), found[-1]["left"]
    warm, last = (np.median([one["rss_mb"] for one in part]) for part in (found[4:8], found[-4:]))
    assert last < 1.1 * warm
