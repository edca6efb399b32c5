import numpy as np
import pytest

from cuffs.body.model import forward
from cuffs.camera import project
from cuffs.errors import PoseFileError
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import HANDS
from pose_sources import IndexedPoseSource
from pose_sources.bedlam.labels import LabelOptions, open_labels
from pose_sources.mean_hand import MeanHand
from tests.pose_sources.bedlam_fixtures import (
    CLOSEUP,
    SCENE,
    write_agora_in_bedlam,
    write_bedlam2_labels,
    write_bedlam_labels,
    write_hands_labels,
)
from tests.pose_sources.people_fixtures import MEAN, pelvis_at_rest

BEDLAM = LabelOptions(variant="bedlam", licence="terms")
AGORA = LabelOptions(variant="agora", licence="terms", hands="auto")


@pytest.fixture(scope="module")
def labels(tmp_path_factory, body):
    return write_bedlam_labels(tmp_path_factory.mktemp("bedlam"), body.path)


@pytest.fixture(scope="module")
def rest_pelvis(body):
    return lambda betas, _: pelvis_at_rest(body.path, betas)


def tolerance(pixels):
    """1e-4 pixels, and what single precision takes from the file's own."""
    return 1e-4 + np.spacing(np.abs(pixels).astype(np.float32)) / 2


def joints_in_camera(body, labelled):
    """Of the sample as it is in its world, then through the camera."""
    sample = labelled.sample
    _, joints = forward(
        body,
        rotmats=rotvec_to_rotmat(sample.pose),
        betas=sample.betas,
        expression=np.zeros(0),
        transl=sample.transl,
    )
    return joints @ labelled.R_cam_world.T


def test_joints_of_every_row_land_on_the_files_own_keypoints(labels, body, rest_pelvis):
    source = open_labels(labels[0], BEDLAM, rest_pelvis=rest_pelvis)
    assert isinstance(source, IndexedPoseSource)
    assert len(source) == 8
    for number in range(len(source)):
        labelled = source.labelled(number)
        pixels = project(joints_in_camera(body, labelled), labelled.K)
        assert (np.abs(pixels - labelled.joints2d) < tolerance(pixels)).all()


@pytest.mark.parametrize("write", [write_bedlam2_labels, write_hands_labels])
def test_so_do_those_of_bedlam2_and_of_the_labels_with_hands(tmp_path, body, rest_pelvis, write):
    rows = write(tmp_path, body.path)
    variant = "bedlam2" if write is write_bedlam2_labels else "bedlam"
    source = open_labels(tmp_path, LabelOptions(variant=variant, licence="terms"), rest_pelvis=rest_pelvis)
    assert len(source) == len(rows["shape"])
    for number in range(len(source)):
        labelled = source.labelled(number)
        pixels = project(joints_in_camera(body, labelled), labelled.K)
        assert (np.abs(pixels - labelled.joints2d) < tolerance(pixels)).all()
        assert labelled.sample.origin.dataset == variant
        assert labelled.sample.betas_model == ("smplx-lockedhead-neutral" if variant == "bedlam2" else "smplx-neutral")
        assert labelled.sample.valid.left_hand == (number > 0)  # seen or not: the pose is known


def test_people_stand_upright_in_a_world_whose_z_is_up(labels):
    source = open_labels(labels[0], BEDLAM)
    up = [rotvec_to_rotmat(source[number].pose[0])[2, 1] for number in range(len(source))]
    assert min(up) > 0.9
    assert source[0].transl is None  # it can't be turned without knowing the pelvis


def test_rows_keep_their_order_and_say_where_they_came_from(labels):
    source = open_labels(labels[0], BEDLAM)
    origins = [source[number].origin for number in range(len(source))]
    assert [(one.file, one.row, one.frame) for one in origins] == [
        (f"{name}.npz", row, frame) for name in (SCENE, CLOSEUP) for row, frame in enumerate((0, 5, 0, 5))
    ]
    assert {one.dataset for one in origins} == {"bedlam"}
    assert [one.fps for one in origins] == [6.0] * 4 + [30.0] * 4
    assert [source[number].gender for number in (0, 4)] == ["male", "female"]
    assert {source[number].betas_model for number in range(8)} == {"smplx-neutral"}  # whatever the gender


def test_hands_are_taken_as_they_are_and_unmeasured_ones_are_known(labels):
    source = open_labels(labels[0], BEDLAM)
    for number in range(len(source)):
        stored = labels[1][SCENE if number < 4 else CLOSEUP]["pose_cam"][number % 4].reshape(55, 3)
        sample = source[number]
        assert np.array_equal(sample.pose[1:], stored[1:])
        unmeasured = number in (0, 4)
        assert (sample.valid.left_hand, sample.valid.right_hand) == (not unmeasured, not unmeasured)
        assert (sample.valid.jaw, sample.valid.eyes, sample.valid.body) == (False, False, True)


def test_agoras_file_among_the_labels_is_left_to_a_reader_of_its_own(labels, body, tmp_path):
    np.savez(tmp_path / "scene.npz", **labels[1][SCENE])
    write_agora_in_bedlam(tmp_path, body.path, relative=False)
    assert {open_labels(tmp_path, BEDLAM)[n].origin.file for n in range(4)} == {"scene.npz"}
    assert len(open_labels(tmp_path, BEDLAM)) == 4
    assert len(open_labels(tmp_path, AGORA, mean=MeanHand(MEAN))) == 10


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("producer", ["shipped", "a"])
def test_the_convention_of_agoras_hands_is_told_from_them(tmp_path, body, relative, producer, caplog):
    rows = write_agora_in_bedlam(tmp_path, body.path, relative=relative, producer=producer)
    source = open_labels(tmp_path, AGORA, mean=MeanHand(MEAN))
    assert f"hands are {'relative' if relative else 'absolute'}" in caplog.text
    for number in range(len(source)):
        hands = np.stack([source[number].pose[part] for part in HANDS.values()])
        stored = rows["pose_cam"][number, 75:].reshape(2, 15, 3)
        assert np.allclose(hands, stored + relative * MEAN)
        assert source[number].valid.left_hand == (producer == "shipped" or number % 3 > 0)


@pytest.mark.parametrize("producer", ["shipped", "a"])
def test_agoras_joints_land_on_its_keypoints_with_and_without_trans_cam(tmp_path, body, rest_pelvis, producer):
    write_agora_in_bedlam(tmp_path, body.path, relative=False, producer=producer)
    source = open_labels(tmp_path, AGORA, mean=MeanHand(MEAN), rest_pelvis=rest_pelvis)
    for number in range(len(source)):
        labelled = source.labelled(number)
        pixels = project(joints_in_camera(body, labelled), labelled.K)
        assert (
            np.abs(pixels - labelled.joints2d)[:25] < tolerance(pixels[:25])
        ).all()  # fingers are other ones than were drawn


def test_hands_whose_convention_cant_be_told_are_not_used_unless_the_recipe_says(tmp_path, body, caplog):
    write_agora_in_bedlam(tmp_path, body.path, relative=True)
    assert not open_labels(tmp_path, AGORA)[3].valid.left_hand
    assert "set `hands` to absolute or relative" in caplog.text
    said = LabelOptions(variant="agora", licence="terms", hands="relative")
    assert open_labels(tmp_path, said, mean=MeanHand(MEAN))[3].valid.left_hand
    with pytest.raises(PoseFileError, match="mean_hand_path"):
        open_labels(tmp_path, said)


def test_hands_and_face_of_body_only_fits_are_never_used(tmp_path, body):
    write_agora_in_bedlam(tmp_path, body.path, "agora-body", relative=False)
    valid = open_labels(tmp_path, AGORA, mean=MeanHand(MEAN))[0].valid
    assert (valid.left_hand, valid.right_hand, valid.jaw) == (False, False, False)


@pytest.mark.parametrize(
    ("num_betas", "model"), [(10, "smplx-male"), (11, "smplx-neutral"), (16, "smplx-lockedhead-neutral")]
)
def test_betas_name_the_model_that_they_belong_to(tmp_path, labels, num_betas, model):
    np.savez(tmp_path / "a.npz", **(labels[1][SCENE] | {"shape": np.ones((4, num_betas), np.float32)}))
    sample = open_labels(tmp_path, BEDLAM)[0]
    assert (sample.betas_model, len(sample.betas)) == (model, num_betas)


@pytest.mark.parametrize("last", [None, 0.0, 1.0])
def test_agoras_eleventh_beta_makes_a_kid_unless_it_fills_up(tmp_path, labels, last):
    betas = np.ones((4, 10 if last is None else 11))
    betas[:, 10:] = last
    np.savez(tmp_path / "agora-bfh.npz", **(labels[1][SCENE] | {"shape": betas}))
    sample = open_labels(tmp_path, AGORA)[0]
    assert sample.is_kid == bool(last)
    assert sample.betas_model == ("smplx-neutral-kid" if last else "smplx-neutral")


def test_compressed_labels_read_the_same(tmp_path, labels):
    np.savez_compressed(tmp_path / f"{SCENE}.npz", **labels[1][SCENE])
    plain, packed = open_labels(labels[0], BEDLAM), open_labels(tmp_path, BEDLAM)
    for number in range(4):
        assert np.array_equal(plain[number].pose, packed[number].pose)
        assert plain[number].origin == packed[number].origin


def test_the_fixture_has_what_makes_labels_hard_to_read(labels):
    """Joints off the picture, upright labels of a picture on its side, offsets of their own for every person."""
    rows, upright = labels[1][SCENE], labels[1][CLOSEUP]
    assert (rows["gtkps"][3, :, :2] > [1280, 720]).any() or (rows["gtkps"][3, :, :2] < 0).any()
    assert upright["cam_int"][0, 0, 2] < upright["cam_int"][0, 1, 2]
    assert rows["imgname"][0] == rows["imgname"][2] != rows["imgname"][1]
    assert not np.allclose(rows["cam_ext"][0, :3, 3], rows["cam_ext"][2, :3, 3])
    assert np.allclose(rows["cam_ext"][0, :3, :3], rows["cam_ext"][2, :3, :3])
    assert (rows["gtkps"][..., 2] == 1).all()


BAD = {
    "a missing array": ({"cam_ext": None}, "the array 'cam_ext' is missing"),
    "SMPL's labels": ({"pose_cam": np.zeros((4, 72))}, "these are SMPL's labels"),
    "another width": ({"pose_cam": np.zeros((4, 160))}, "pose_cam has rows of shape"),
    "text for numbers": ({"shape": np.full((4, 11), "x")}, "shape holds <U1"),
    "whole numbers": ({"trans_cam": np.zeros((4, 3), int)}, "trans_cam holds int64"),
    "objects": ({"shape": np.array([{"a": 1}] * 4, dtype=object)}, "shape holds Python objects"),
    "another number of betas": ({"shape": np.zeros((4, 12))}, "This version is not known"),
    "rows missing": ({"trans_cam": np.zeros((3, 3))}, "there are 4 rows of pose_cam"),
    "no rows": ({"pose_cam": np.zeros((0, 165))}, "no rows"),
    "numbers for pictures": ({"imgname": np.zeros(4)}, "imgname holds float64"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_file_is_refused_when_it_is_opened_or_left_out(tmp_path, labels, case, caplog):
    spoilt, message = BAD[case]
    rows = {key: value for key, value in (labels[1][SCENE] | spoilt).items() if value is not None}
    np.savez(tmp_path / "bad.npz", **rows)
    with pytest.raises(PoseFileError, match=message) as caught:
        open_labels(tmp_path, BEDLAM)
    assert str(tmp_path / "bad.npz") in str(caught.value)
    assert "--skip-bad" in str(caught.value)
    np.savez(tmp_path / "good.npz", **labels[1][SCENE])
    source = open_labels(tmp_path, SKIPPING)
    assert len(source) == 4
    assert [(one.file, one.row) for one in source.skipped] == [("bad.npz", None)]
    assert "1 bad files or rows are left out" in caplog.text


SKIPPING = LabelOptions(variant="bedlam", licence="terms", skip_bad=True)

BAD_ROWS = {
    "not a number": ("pose_cam", (2, 7), np.nan, "pose_cam holds values that are not finite in row 2"),
    "endless": ("trans_cam", (2, 1), np.inf, "trans_cam holds values that are not finite in row 2"),
    "degrees": ("pose_cam", (2, 3), 90.0, "In degrees"),
    "no rotation": ("cam_ext", (2, 0, 0), 3.0, "cam_ext of row 2 has no rotation"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_refused_when_it_is_read_or_left_out(tmp_path, labels, case):
    key, place, value, message = BAD_ROWS[case]
    array = labels[1][SCENE][key].copy()
    array[place] = value
    np.savez(tmp_path / "a.npz", **(labels[1][SCENE] | {key: array}))
    source = open_labels(tmp_path, BEDLAM)
    assert source[1].origin.row == 1
    with pytest.raises(PoseFileError, match=message):
        source[2]
    sound = open_labels(tmp_path, SKIPPING)
    assert [sound[number].origin.row for number in range(len(sound))] == [0, 1, 3]
    assert [(one.file, one.row) for one in sound.skipped] == [("a.npz", 2)]


def test_what_was_found_bad_is_looked_for_once_and_again_when_a_file_changes(tmp_path, labels, monkeypatch):
    (tmp_path / "data").mkdir()
    rows = {key: array.copy() for key, array in labels[1][SCENE].items()}
    rows["trans_cam"][1] = np.nan
    np.savez(tmp_path / "data/a.npz", **rows)
    first = open_labels(tmp_path / "data", SKIPPING, cache=tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr("pose_sources.bedlam.labels._look_for_bad_rows", None)
        again = open_labels(tmp_path / "data", SKIPPING, cache=tmp_path / "cache")
    assert [again[n].origin.row for n in range(len(again))] == [0, 2, 3]
    assert again.skipped == first.skipped
    np.savez(tmp_path / "data/a.npz", **labels[1][SCENE] | {"extra": np.zeros(3)})
    assert len(open_labels(tmp_path / "data", SKIPPING, cache=tmp_path / "cache")) == 4


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_archive_is_refused(tmp_path, labels, share):
    whole = (labels[0] / f"{SCENE}.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(PoseFileError, match="not a whole"):
        open_labels(tmp_path, BEDLAM)


def test_an_array_that_was_made_to_fill_memory_is_refused_before_it_is_read(tmp_path, labels):
    np.savez_compressed(tmp_path / "a.npz", **(labels[1][SCENE] | {"pose_cam": np.zeros((100_000, 165))}))
    assert (tmp_path / "a.npz").stat().st_size < 2**20
    with pytest.raises(PoseFileError, match="made to fill memory"):
        open_labels(tmp_path, BEDLAM)


def test_a_folder_without_labels_and_links_out_of_it_are_refused(tmp_path, labels):
    with pytest.raises(PoseFileError, match="no labels of BEDLAM"):
        open_labels(tmp_path, BEDLAM)
    with pytest.raises(PoseFileError, match="is not there"):
        open_labels(tmp_path / "missing", BEDLAM)
    (tmp_path / "a.npz").symlink_to(labels[0] / f"{SCENE}.npz")
    with pytest.raises(PoseFileError, match="leads out of"):
        open_labels(tmp_path, BEDLAM)
