"""People in users' own pictures: cameras, sizes, files, films."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cuffs.body import forward
from cuffs.camera import fov_deg, project
from cuffs.codec import decode
from cuffs.errors import AssetMissing, ConfigError, InputError
from cuffs.npz import read_npz
from cuffs.records import SmplxRecord
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import INDEX
from tests.trainer.networks import nano_config, nano_model
from trainer.data.geometry import PAD_COLOUR
from trainer.model.config import RayConfig
from trainer.model_folder import write_model
from trainer.predict.cameras import GivenCamera, parse_camera, picture_intrinsics
from trainer.predict.finder import Finder
from trainer.predict.pictures import FilmWriter, Frame, film_about, find_sources, read_film, read_picture
from trainer.predict.views import FROM_ABOVE, draw_from

UNKNOWN = GivenCamera(fov_deg=None, K=None)
HEAD = INDEX["head"]


def frame(rng, width, height):
    return Frame(where=f"{width}x{height}.png", pixels=rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def network(body_layer):
    return nano_model(body_layer, nano_config())


def finder(model, camera=UNKNOWN, *, most=4):
    return Finder(model=model, camera=camera, threshold=0.05, max_people=most)


@given(width=st.integers(20, 3000), height=st.integers(20, 3000), fov=st.floats(5, 170))
@settings(max_examples=60, deadline=None)
def test_the_assumed_camera_is_the_one_that_is_said(width, height, fov):
    K = picture_intrinsics(GivenCamera(fov_deg=fov, K=None), width=width, height=height, where="x")
    assert fov_deg(K, width=width, height=height)[0] == pytest.approx(fov)
    K = picture_intrinsics(UNKNOWN, width=width, height=height, where="x")
    assert max(fov_deg(K, width=width, height=height)) == pytest.approx(60, abs=1e-4)
    assert K[0, 0] == K[1, 1]


def test_the_same_camera_as_angle_and_as_numbers_finds_the_same_people(network):
    picture = frame(np.random.default_rng(0), 120, 80)
    by_angle = finder(network, parse_camera(47.0, None)).find([picture])[0]
    fx, cx, cy = by_angle.K[0, 0], by_angle.K[0, 2], by_angle.K[1, 2]
    by_numbers = finder(network, parse_camera(None, f"{fx!r},{fx!r},{cx!r},{cy!r}")).find([picture])[0]
    assert by_angle.people
    for one, other in zip(by_angle.people, by_numbers.people, strict=True):
        np.testing.assert_array_equal(one.verts_cam, other.verts_cam)


@pytest.mark.parametrize("mode", ["reference", "canonical"])
def test_a_longer_lens_moves_people_away_as_geometry_says(body_layer, mode):
    """Without rays, the network can't see the camera. Pixels stay; depth grows as the focal length; in the
    reference's form its logarithm is."""
    model = nano_model(body_layer, nano_config(rays=RayConfig(kind="none"), depth=mode))
    picture = frame(np.random.default_rng(1), 100, 70)
    wide = finder(model, parse_camera(60.0, None)).find([picture])[0]
    long = finder(model, parse_camera(35.0, None)).find([picture])[0]
    ratio = long.K[0, 0] / wide.K[0, 0]
    assert wide.people and ratio > 1.5
    pairs = zip(sorted(wide.people, key=score), sorted(long.people, key=score), strict=True)
    for near, far in pairs:
        near_m, far_m = near.joints3d_cam[HEAD, 2], far.joints3d_cam[HEAD, 2]
        expected = ratio * near_m if mode == "canonical" else near_m**ratio
        assert far_m == pytest.approx(expected, rel=1e-4)
        np.testing.assert_allclose(far.head_px, near.head_px, atol=1e-3)


def test_k_moves_people_as_geometry_says(body_layer):
    """Twice the focal length, twice as far; another principal point, as far aside as that many pixels are there."""
    model = nano_model(body_layer, nano_config(rays=RayConfig(kind="none"), depth="canonical"))
    picture = frame(np.random.default_rng(1), 100, 70)
    near, far, aside = (
        sorted(finder(model, parse_camera(None, K)).find([picture])[0].people, key=score)
        for K in ("90,90,50,35", "180,180,50,35", "90,90,44,39")
    )
    assert near
    for one, two, moved in zip(near, far, aside, strict=True):
        x, y, z = one.joints3d_cam[HEAD]
        np.testing.assert_allclose(two.joints3d_cam[HEAD], [x, y, 2 * z], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(moved.joints3d_cam[HEAD], [x + 6 * z / 90, y - 4 * z / 90, z], rtol=1e-4, atol=1e-5)


def posed(body, smplx):
    return forward(
        body,
        rotmats=rotvec_to_rotmat(smplx.full_pose()),
        betas=smplx.betas,
        expression=smplx.expression,
        transl=smplx.transl,
    )


def score(person):
    return person.score


def test_what_is_said_of_a_person_fits_together(network, open_body):
    """Parameters give the vertices; joints project to their pixels; the head is where it was found."""
    found = finder(network).find([frame(np.random.default_rng(2), 90, 150)])[0]
    assert found.people
    for person in found.people:
        smplx = person.smplx
        verts, joints = posed(open_body, smplx)
        np.testing.assert_allclose(person.verts_cam, verts, atol=2e-5)
        np.testing.assert_allclose(person.joints3d_cam, joints[:55], atol=2e-5)
        np.testing.assert_allclose(project(person.joints3d_cam[[HEAD]], found.K)[0], person.head_px, atol=0.02)
        np.testing.assert_allclose(person.joints2d[HEAD], person.head_px, atol=0.02)


def test_nobody_depends_on_the_other_pictures(network):
    rng = np.random.default_rng(3)
    pictures = [frame(rng, width, height) for width, height in ((64, 64), (200, 50), (33, 97))]
    together = finder(network).find(pictures)
    for alone, among in zip(pictures, together, strict=True):
        (found,) = finder(network).find([alone])
        assert [p.score for p in found.people] == pytest.approx([p.score for p in among.people], abs=1e-5)
        for one, other in zip(found.people, among.people, strict=True):
            np.testing.assert_allclose(one.verts_cam, other.verts_cam, atol=1e-4)
    assert finder(network).find([]) == []


def test_a_picture_is_seen_as_if_it_were_padded_to_a_square(network):
    """No side is stretched: padding a wide picture with the padding's colour by hand changes nothing."""
    rng = np.random.default_rng(4)
    wide = frame(rng, 140, 84)
    wide.pixels[:4] = wide.pixels[-4:] = PAD_COLOUR  # or the border would mix with it in one alone
    square = Frame(where="square", pixels=np.full((140, 140, 3), PAD_COLOUR, np.uint8))
    square.pixels[28:112] = wide.pixels
    (from_wide,), (from_square,) = finder(network).find([wide]), finder(network).find([square])
    assert from_wide.people
    for one, other in zip(from_wide.people, from_square.people, strict=True):
        np.testing.assert_allclose(one.verts_cam, other.verts_cam, atol=1e-4)
        np.testing.assert_allclose(one.head_px + [0, 28], other.head_px, atol=1e-2)


def test_cameras_that_are_none_are_refused():
    with pytest.raises(ConfigError, match="both --fov and --K"):
        parse_camera(50.0, "1,2,3,4")
    with pytest.raises(ConfigError, match="four numbers"):
        parse_camera(None, "800,800,320")
    with pytest.raises(ConfigError, match="--fov is 180"):
        parse_camera(180.0, None)
    with pytest.raises(ConfigError, match="--K is -5"):
        parse_camera(None, "-5,800,320,240")
    with pytest.raises(ConfigError, match="photo.jpg is 640 x 480"):
        picture_intrinsics(parse_camera(None, "900,900,960,540"), width=640, height=480, where="photo.jpg")


def test_pictures_stand_upright_and_keep_their_brightness(tmp_path):
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    turned = Image.fromarray(np.rot90(pixels))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90 degrees clockwise
    turned.save(tmp_path / "phone.png", exif=exif)
    np.testing.assert_array_equal(read_picture(tmp_path / "phone.png").pixels, pixels)
    deep = rng.integers(0, 65536, (8, 8), dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    read = read_picture(tmp_path / "deep.png").pixels
    assert np.abs(read[..., 0].astype(float) - deep / 257).max() <= 0.5
    Image.fromarray(pixels).convert("CMYK").save(tmp_path / "print.jpg")
    assert read_picture(tmp_path / "print.jpg").pixels.shape == (20, 30, 3)


def test_what_is_no_picture_is_explained(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="a.jpg can't be decoded as a picture"):
        read_picture(tmp_path / "a.jpg")
    (tmp_path / "a.mp4").write_bytes(b"no film")
    with pytest.raises(InputError, match="a.mp4 can't be read as a film"):
        list(read_film(tmp_path / "a.mp4"))
    with pytest.raises(ConfigError, match="results of one name"):
        find_sources(tmp_path)
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(ConfigError, match="neither a picture"):
        find_sources(tmp_path / "note.txt")
    (tmp_path / "empty").mkdir()
    for nothing in ("empty", "nowhere.png"):
        with pytest.raises(AssetMissing, match="name a picture"):
            find_sources(tmp_path / nothing)


def test_a_film_keeps_its_frames_and_speed(tmp_path):
    shades = [40, 120, 200]
    with FilmWriter(tmp_path / "film.mp4", frames_per_second=12.5) as film:
        for shade in shades:
            film.write(np.full((51, 65, 3), shade, np.uint8))
    assert film_about(tmp_path / "film.mp4").frames_per_second == pytest.approx(12.5)
    frames = list(read_film(tmp_path / "film.mp4"))
    assert [frame.pixels.shape for frame in frames] == [(50, 64, 3)] * 3
    assert [float(frame.pixels.mean()) for frame in frames] == pytest.approx(shades, abs=4)


def test_views_from_elsewhere_are_to_scale(network, open_body):
    found = finder(network, most=1).find([frame(np.random.default_rng(6), 80, 80)])[0]
    drawn = draw_from(found.people, open_body.faces, FROM_ABOVE, side=400, label="")
    inked = np.ptp(drawn.astype(int), axis=-1) > 20  # grid and paper are grey
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    size = np.ptp(found.people[0].verts_cam, axis=0)
    scale = 400 / (max(size[0], size[2]) + 0.6)
    assert len(columns) == pytest.approx(size[0] * scale, abs=4)
    assert len(rows) == pytest.approx(size[2] * scale, abs=4)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, network):
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, network.state_dict(), model=network.config, origin={}, licence="ours")
    return folder


def predict(*arguments):
    command = [sys.executable, "-m", "trainer.predict_cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_folder_becomes_numbers_pictures_and_meshes_that_others_read(tmp_path, checkpoint, open_body):
    rng = np.random.default_rng(7)
    (tmp_path / "in").mkdir()
    Image.fromarray(frame(rng, 120, 80).pixels).save(tmp_path / "in" / "one.png")
    (tmp_path / "in" / "broken.png").write_bytes(b"x")
    with FilmWriter(tmp_path / "in" / "film.mp4", frames_per_second=10) as film:
        for _ in range(3):
            film.write(frame(rng, 64, 64).pixels)
    out = tmp_path / "out"
    run = predict(
        tmp_path / "in", "--checkpoint", checkpoint, "--out", out, "--threshold", 0.2, "--mesh", "glb", "--fov", 50
    )
    assert run.returncode == 2
    assert "1 of 3 files could not be used" in run.stderr and "broken.png" in run.stderr
    said = json.loads((out / "one.json").read_text())
    arrays = read_npz(out / "one.npz")
    assert len(said["people"]) == len(arrays["scores"]) > 0
    ahead = [p for p in said["people"] if p["joints3d_cam"][HEAD][2] > 0.1]
    for row, person in enumerate(said["people"]):
        smplx = decode(SmplxRecord, person["smplx"], where="one.json")
        for name in ("global_orient", "body_pose", "left_hand_pose", "betas", "expression", "transl"):
            np.testing.assert_array_equal(getattr(smplx, name), arrays[name][row])
    assert ahead
    scene = trimesh.load_scene(out / "one.glb")
    assert len(scene.geometry) == len(said["people"])
    verts, _ = posed(open_body, smplx)
    mesh = scene.geometry[f"person_{len(said['people']) - 1}"]
    np.testing.assert_allclose(
        mesh.bounds, np.sort([verts.min(0) * [1, -1, -1], verts.max(0) * [1, -1, -1]], 0), atol=1e-4
    )
    assert read_picture(out / "one.jpg").pixels.shape == (448, 672 + 224, 3), "small pictures are enlarged"
    lines = (out / "film.jsonl").read_text().splitlines()
    assert len(lines) == film_about(out / "film.mp4").num_frames == 3
    film_arrays = read_npz(out / "film.npz")
    counts = [len(json.loads(line)["people"]) for line in lines]
    assert np.bincount(film_arrays["frame"], minlength=3).tolist() == counts


@pytest.mark.slow
def test_predict_says_what_a_checkpoint_should_be(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    torch.save({}, tmp_path / "released.pt")
    run = predict(tmp_path / "a.png", "--checkpoint", tmp_path / "released.pt", "--out", tmp_path / "out")
    assert run.returncode == 2 and "cuffs-import-checkpoint" in run.stderr
    assert not (tmp_path / "out").exists()
