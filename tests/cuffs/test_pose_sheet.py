"""Sheets of poses: what is drawn follows the poses, and a command makes one."""

import numpy as np
import pytest
from PIL import Image

from cuffs.body import body_parts, forward
from cuffs.cli_show import features_command, show_command
from cuffs.errors import OutputError
from cuffs.report.charts import Size, bars, flat_map, histogram, scatter, stacked
from cuffs.report.figures import LEFT_HAND, RIGHT_HAND, View, draw_body, hand_colours
from cuffs.rotations import rotvec_to_rotmat
from cuffs.scene.people import about_z

VIEW = View(width=60, height=90)


@pytest.fixture(scope="module")
def upright(body):
    """Vertices of the resting body, z up, facing -y."""
    rotmats = np.tile(np.eye(3), (55, 1, 1))
    rotmats[0] = rotvec_to_rotmat(np.array([np.pi / 2, 0, 0]))
    nothing = np.zeros(1)
    return forward(body, rotmats=rotmats, betas=nothing, expression=nothing, transl=np.zeros(3))[0]


@pytest.fixture(scope="module")
def hands(body):
    parts = body_parts(body)
    return {side: parts[f"{side}_hand"] for side in ("left", "right")}


def blue_and_orange(picture):
    """Where the hands' colours are: left, right; middle columns."""
    tint = picture.astype(int)
    blue = (tint[..., 2] > tint[..., 0] + 30).nonzero()
    orange = (tint[..., 0] > tint[..., 2] + 60).nonzero()
    return blue[1].mean(), orange[1].mean()


def test_who_faces_the_camera_has_their_left_hand_on_the_right(body, upright, hands):
    paint = hand_colours(body.faces, hands)
    front = draw_body(upright, body.faces, VIEW, facing_rad=-np.pi / 2, colours=paint)
    back = draw_body(upright, body.faces, View(yaw_deg=180, width=60, height=90), facing_rad=-np.pi / 2, colours=paint)
    left, right = blue_and_orange(front)
    assert left > right
    left, right = blue_and_orange(back)
    assert left < right


def test_a_body_looks_the_same_wherever_it_faces(body, upright):
    picture = draw_body(upright, body.faces, VIEW, facing_rad=-np.pi / 2)
    turned = draw_body(upright @ about_z(0.8).T, body.faces, VIEW, facing_rad=-np.pi / 2 + 0.8)
    assert (np.abs(picture.astype(int) - turned.astype(int)).max(-1) > 40).mean() < 0.01


def test_what_is_shown_fills_the_picture_and_nothing_else_is_drawn(body, upright, hands):
    paint = hand_colours(body.faces, hands)
    picture = draw_body(upright, body.faces, VIEW, facing_rad=0.0, colours=paint, shown=hands["left"])
    drawn = (picture != picture[0, 0]).any(-1)
    assert max(np.ptp(drawn.nonzero()[0]) / 90, np.ptp(drawn.nonzero()[1]) / 60) > 0.85
    tints = picture[drawn].astype(float)
    tints /= tints.max(1, keepdims=True)
    assert not (np.abs(tints - np.array(RIGHT_HAND) / max(RIGHT_HAND)).max(1) < 0.02).any()
    assert (np.abs(tints - np.array(LEFT_HAND) / max(LEFT_HAND)).max(1) < 0.05).mean() > 0.5


def test_a_map_keeps_the_largest_differences():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 5)) * [5, 0.1, 3, 0.1, 0.1]
    middle, directions = flat_map(points)
    flat = (points - middle) @ directions
    assert np.allclose(directions.T @ directions, np.eye(2))
    assert flat.var(0).sum() > 0.99 * points.var(0).sum()


def test_charts_show_what_they_are_given():
    size = Size(width=160, height=120)
    low, high = (histogram("x", {"after": np.full(50, value)}, size, span=(0.0, 1.0)) for value in (0.1, 0.9))
    blue = [(np.ptp(picture.astype(int), axis=-1) > 60)[25:90].nonzero()[1].mean() for picture in (low, high)]
    assert blue[0] + 60 < blue[1]
    wide = Size(width=320, height=120)
    assert not np.array_equal(bars("x", {"a": 1, "b": 9}, wide), bars("x", {"a": 9, "b": 1}, wide))
    dots = scatter("x", np.zeros((0, 2)), {"one": np.array([[0.0, 0.0], [1.0, 1.0]])}, size)
    assert dots.shape == (120, 160, 3)
    assert stacked([[dots, dots], [dots]]).shape == (2 * 126 + 6, 2 * 166 + 6, 3)


RECIPE = """
name: few
image: {width: 64, height: 64}
render: {samples: 1}
camera: {}
poses:
  kind: mixture
  bodies: [{source: {kind: procedural, bodies: {walking: 1}}}]
  hands: [{source: {kind: procedural}}]
  natural: {hand_body_mm: 8.0}
  where: hands_open > 0.4
"""


def test_show_makes_a_sheet_and_says_what_was_refused(tmp_path, capsys, body):
    (tmp_path / "few.yaml").write_text(RECIPE)
    out = tmp_path / "deep" / "few.png"
    show_command(tmp_path / "few.yaml", out, count=6, figures=3)
    with Image.open(out) as picture:
        assert picture.width > 600
        assert picture.height > 600
        assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 500
    said = capsys.readouterr().out
    assert "6 poses of" in said
    assert f"sheet: {out}" in said
    assert body.name == "open-body"


def test_a_sheet_that_can_not_be_written_says_so(tmp_path):
    (tmp_path / "few.yaml").write_text(RECIPE)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        show_command(tmp_path / "few.yaml", tmp_path / "file" / "few.png", count=1, figures=1)


def test_features_are_listed_with_their_meaning(capsys):
    features_command()
    said = capsys.readouterr().out
    assert "arms_above_head" in said
    assert "1 where the fingers" not in said.split("left_hand_open")[0]
    assert all(len(line.split(None, 1)) == 2 for line in said.splitlines())
