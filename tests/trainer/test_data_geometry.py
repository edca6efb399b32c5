"""Framing: labels and pixels move together, whatever is cropped, padded, mirrored, and wherever the axis is."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cuffs.camera import project
from cuffs.errors import RecordError
from cuffs.skeleton import MIRROR
from tests.trainer.shards import make_sample, pose, random_people
from trainer.data.config import FramingConfig
from trainer.data.geometry import Framing, decode_picture, draw_framing, frame_picture, heads_inside, whole_picture
from trainer.data.people import FLIP, PeopleLabels, labels_of, mirror_people, mirror_rule

LENGTH = st.integers(20, 900)
FRAMING = st.builds(
    Framing,
    side=st.just(224),
    scale=st.floats(0.1, 4.0),
    shift_x=st.floats(-200, 200),
    shift_y=st.floats(-200, 200),
    flipped=st.booleans(),
)


def moved(pixels, framing):
    """Pixels of the picture to those of the square, by the framing's own words."""
    placed = pixels * framing.scale + [framing.shift_x, framing.shift_y]
    if framing.flipped:
        placed = placed * [-1, 1] + [framing.side, 0]
    return placed


@given(FRAMING, st.floats(100, 2000), st.tuples(st.floats(-300, 900), st.floats(-300, 900)), st.integers(0, 2**31))
def test_projecting_after_framing_is_framing_the_projection(framing, focal, centre, seed):
    points = np.random.default_rng(seed).uniform([-2, -2, 0.5], [2, 2, 9], (30, 3))
    K = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])
    seen = points * FLIP if framing.flipped else points  # the camera of the mirror image sees mirrored points
    assert np.abs(project(seen, framing.intrinsics(K)) - moved(project(points, K), framing)).max() < 1e-6


@pytest.mark.parametrize("offset_px", [(0.0, 0.0), (17.3, -9.1)])
def test_projected_bodies_follow_the_picture(open_body, offset_px):
    """The law of the issue, through annotation, labels and body model; 0.01 px."""
    rng = np.random.default_rng(3)
    sample, verts = make_sample(rng, open_body, "k", people=2, size=(640, 480), offset_px=offset_px)
    people, K, rule = labels_of(sample.people), sample.camera.K, mirror_rule(open_body)
    for seed in range(6):
        config = FramingConfig(flip_probability=0.5, crop_probability=1.0)
        framing = draw_framing(config, people, K, size=(640, 480), side=224, rng=np.random.default_rng(seed))
        labels = mirror_people(people, rule) if framing.flipped else people
        for number, was in enumerate(verts):
            body, _ = pose(open_body, _record(labels, number))
            body = body[mirrored_vertices(open_body)] if framing.flipped else body
            error = project(body, framing.intrinsics(K)) - moved(project(was, K), framing)
            assert np.abs(error).max() < 0.01


def _record(labels: PeopleLabels, number):
    from cuffs.records import SmplxRecord
    from cuffs.skeleton import BODY, LEFT_HAND, RIGHT_HAND

    turns = labels.rotvecs[number]
    return SmplxRecord(
        global_orient=turns[0],
        body_pose=turns[BODY],
        left_hand_pose=turns[LEFT_HAND],
        right_hand_pose=turns[RIGHT_HAND],
        jaw_pose=turns[22],
        leye_pose=turns[23],
        reye_pose=turns[24],
        betas=labels.betas[number],
        expression=labels.expression[number],
        transl=labels.transl[number],
    )


def mirrored_vertices(body):
    """Each vertex's mirror image, by another way than the code's: sorted coordinates."""
    ours = np.lexsort(body.v_template.T.round(9))
    theirs = np.lexsort((body.v_template * FLIP).T.round(9))
    pair = np.empty(len(ours), int)
    pair[theirs] = ours
    return pair


def test_the_mirror_image_of_a_label_is_the_mirrored_body(open_body):
    """On the open body, which is symmetric, to a nanometre: vertices, joints, crooked smiles included."""
    rule = mirror_rule(open_body)
    assert rule.residual_mm == 0
    records = random_people(np.random.default_rng(0), 3)
    sample, _ = make_sample(np.random.default_rng(1), open_body, "k", people=3)
    people = labels_of([replace(p, smplx=r) for p, r in zip(sample.people, records, strict=True)])
    mirrored = mirror_people(people, rule)
    for number, record in enumerate(records):
        verts, joints = pose(open_body, record)
        verts_there, joints_there = pose(open_body, _record(mirrored, number))
        assert np.abs(verts_there[mirrored_vertices(open_body)] - verts * FLIP).max() < 1e-9
        assert np.abs(joints_there[list(MIRROR)] - joints * FLIP).max() < 1e-9


def test_two_mirrors_undo_each_other(open_body):
    sample, _ = make_sample(np.random.default_rng(2), open_body, "k", people=3)
    people, rule = labels_of(sample.people), mirror_rule(open_body)
    people = replace(people, hand_valid=np.array([[True, False], [False, False], [False, True]]))
    once = mirror_people(people, rule)
    twice = mirror_people(once, rule)
    assert once.hand_valid.tolist() == [[False, True], [False, False], [True, False]]
    for name in PeopleLabels.__dataclass_fields__:
        assert np.allclose(getattr(twice, name), getattr(people, name), atol=1e-12), name


def test_a_lopsided_body_still_turns_about_its_own_pelvis(open_body):
    """The licensed model is not symmetric: its pelvis is off the middle, and must land on its mirror image."""
    template = open_body.joint_template + [0.003, 0, 0]
    lopsided = replace(open_body, joint_template=template, v_template=open_body.v_template + [0.003, 0, 0])
    record = random_people(np.random.default_rng(5), 1)[0]
    sample, _ = make_sample(np.random.default_rng(1), open_body, "k")
    people = labels_of([replace(sample.people[0], smplx=record)])
    rule = mirror_rule(lopsided)
    assert 0 < rule.residual_mm < 7
    _, joints = pose(lopsided, record)
    _, joints_there = pose(lopsided, _record(mirror_people(people, rule), 0))
    assert np.abs(joints_there[0] - joints[0] * FLIP).max() < 1e-9


@settings(max_examples=40, deadline=None)
@given(LENGTH, LENGTH, FRAMING)
def test_pixels_go_where_the_framing_says(width, height, framing):
    """A picture whose colour is its place: each pixel of the square tells where it was."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    picture = Image.fromarray(
        np.stack([x / width * 255, y / height * 255, np.full_like(x, 200)], -1).round().astype(np.uint8)
    )
    square = np.asarray(frame_picture(picture, (width, height), framing), float)
    across, down = np.meshgrid(np.arange(224) + 0.5, np.arange(224) + 0.5)
    if framing.flipped:
        across = 224 - across
    at_x, at_y = (across - framing.shift_x) / framing.scale, (down - framing.shift_y) / framing.scale
    margin = 1.5 + 1.5 / framing.scale  # the filter's reach at the picture's border
    inside = (at_x > margin) & (at_x < width - margin) & (at_y > margin) & (at_y < height - margin)
    for channel, (at, length) in enumerate([(at_x, width), (at_y, height)]):
        told = square[..., channel][inside]
        assert np.abs(told - at[inside] / length * 255).max(initial=0) <= 1.6  # two roundings and the filter's own
    outside = (at_x < -1 / framing.scale) | (at_x > width + 1 / framing.scale)
    assert (square[outside] == [124, 116, 104]).all()


def test_a_whole_picture_is_never_cut_and_is_in_the_middle():
    for width, height in ((640, 480), (480, 640), (224, 224), (897, 896)):
        framing = whole_picture(width, height, side=224)
        low, high = moved(np.zeros(2), framing), moved(np.array([width, height]), framing)
        assert np.allclose(low + high, 224)
        assert np.isclose((high - low).max(), 224)
    size = (897, 897)
    full = np.asarray(frame_picture(Image.new("RGB", size, (9, 9, 9)), size, whole_picture(*size, side=224)))
    assert (full == 9).all()


def test_a_framing_never_loses_all_heads_that_are_seen(open_body):
    rng = np.random.default_rng(0)
    sample, _ = make_sample(rng, open_body, "k", people=2, size=(300, 200))
    people, K = labels_of(sample.people), sample.camera.K
    config = FramingConfig(crop_probability=1.0, scale=(0.5, 8.0), shift=1.0)
    wild = 0
    for seed in range(50):
        framing = draw_framing(config, people, K, size=(300, 200), side=224, rng=np.random.default_rng(seed))
        assert heads_inside(people, K, framing) >= 1
        wild += framing.scale != whole_picture(300, 200, side=224).scale
    assert wild > 10, "some are drawn and not all are refused"


def _jpeg(rng, size):
    low = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    low.resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@pytest.mark.parametrize("fraction", [2, 4, 8])
def test_decoding_at_a_fraction_changes_nothing_that_matters(fraction):
    data = _jpeg(np.random.default_rng(0), (448, 448))
    framing = whole_picture(448, 448, side=448 // fraction)
    small = decode_picture(data, (448, 448), framing.scale, where="x")
    whole = decode_picture(data, (448, 448), 1.0, where="x")
    assert small.size == (448 // fraction, 448 // fraction)
    assert whole.size == (448, 448)
    quick, slow = (np.asarray(frame_picture(p, (448, 448), framing), float) for p in (small, whole))
    assert np.abs(quick - slow).mean() < 1.0
    assert np.abs(quick - slow).max() < 12


def test_odd_sizes_are_decoded_whole():
    data = _jpeg(np.random.default_rng(0), (450, 449))
    assert decode_picture(data, (450, 449), 0.1, where="x").size == (450, 449)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "can't be decoded"),
        (b"GIF89a not one of ours", "can't be decoded"),
        (_jpeg(np.random.default_rng(0), (64, 64))[:300], "can't be decoded"),
        (_jpeg(np.random.default_rng(0), (64, 32)), r"is \(64, 32\), but its annotation says \(64, 64\)"),
    ],
)
def test_pictures_that_are_none_are_named(data, told):
    with pytest.raises(RecordError, match=f"shard:key.*{told}"):
        decode_picture(data, (64, 64), 1.0, where="shard:key")


def test_the_same_rng_draws_the_same_framing(open_body):
    sample, _ = make_sample(np.random.default_rng(0), open_body, "k")
    people, K = labels_of(sample.people), sample.camera.K
    drawn = [
        draw_framing(FramingConfig(), people, K, size=(96, 96), side=224, rng=np.random.default_rng(4))
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]
