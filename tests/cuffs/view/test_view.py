"""The viewer: what it shows by numbers, and the whole of it in a browser, started and ended as a user does."""

import io
import json
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import find_objects, label

from cuffs.camera import project
from cuffs.lens import bend
from cuffs.shards import read_sample
from cuffs.skeleton import INDEX
from cuffs.view import load_viewed, rank_samples
from cuffs.view.samples import padded
from cuffs.view.server import RED_MM, distance_colours
from tests.cuffs.audit.scenes import encoded
from tests.cuffs.browser import SOFTWARE_WEBGL, launched


def test_samples_come_by_their_residual_the_worst_first(dataset):
    ranking = rank_samples(dataset)
    stated = [max(p.fit_mm.all.mean for p in read_sample(one.ref.tar, one.ref.entry).people) for one in ranking.samples]
    assert stated == sorted(stated, reverse=True)
    assert [one.residual_mm for one in ranking.samples] == stated
    assert [ranking.place(one.ref.entry.key) for one in ranking.samples] == [0, 1, 2]
    assert ranking.place("nobody") is None


def test_distances_are_the_residual_and_the_picture_s_middle_is_the_principal_point(dataset, body):
    for ranked in rank_samples(dataset).samples:
        viewed = load_viewed(ranked.ref, body)
        for person, record in zip(viewed.people, viewed.sample.people, strict=True):
            inner = person.distance_mm.mean()
            assert inner == pytest.approx(record.fit_mm.all.mean, abs=0.15)  # kept in tenths of a millimetre
        camera, (height, width) = viewed.sample.camera, viewed.picture.shape[:2]
        K = camera.K
        assert viewed.aspect == pytest.approx(width / height, rel=0.01)
        half_height = max(K[1, 2], viewed.sample.image.height - K[1, 2])
        assert np.tan(viewed.fov_y_rad / 2) == pytest.approx(half_height / K[1, 1])


def test_colours_go_from_blue_to_red_and_stay_there():
    colours = distance_colours(np.array([0.0, RED_MM, 5 * RED_MM])).astype(int)
    assert colours[0].argmax() == 2
    assert colours[1].argmax() == 0
    assert (colours[1] == colours[2]).all()


def test_a_bent_picture_is_straightened_so_that_bodies_lie_on_it(dataset, body):
    """A dot where the lens shows a joint is where the pinhole shows it afterwards, from the picture's middle."""
    sample = load_viewed(rank_samples(dataset).samples[0].ref, body).sample
    camera = replace(sample.camera, distortion=(-0.12, 0.02, 0.001, -0.002, 0.0))
    joint, (width, height) = (
        sample.people[0].joints3d_cam[INDEX["left_shoulder"]],
        (sample.image.width, sample.image.height),
    )
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    bent = project(bend(joint[None], camera.distortion), camera.K)[0]
    straight = project(joint[None], camera.K)[0]
    assert np.linalg.norm(bent - straight) > 2, "or nothing would be seen"
    dot = (255 * np.exp(-((x - bent[0]) ** 2 + (y - bent[1]) ** 2) / 8)).astype(np.uint8)
    picture, _, _ = padded(replace(sample, camera=camera), encoded(np.repeat(dot[..., None], 3, 2), "JPEG", quality=98))
    grey = picture[..., 0].astype(float) * (picture[..., 0] > 100)
    found = [(np.arange(size) + 0.5) @ grey.sum(axis) / grey.sum() for axis, size in enumerate(grey.shape[::-1])]
    middle = np.array(grey.shape[::-1]) / 2
    np.testing.assert_allclose(found - middle, straight - camera.K[:2, 2], atol=0.7)


@pytest.mark.slow
def test_it_starts_shows_a_sample_in_a_browser_and_ends_when_told(dataset, body, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cuffs.cli", "view", str(dataset), "--port", str(port)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        lines = []
        for line in run.stdout:
            lines.append(line)
            if "Look at" in line:
                break
        found = re.search(r"http://127\.0\.0\.1:\d+", lines[-1])
        assert found, lines
        looked_at(found[0], dataset, body, tmp_path / "view.png")
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
    finally:
        run.kill()
        run.stdout.close()
        run.wait()


def looked_at(url, dataset, body, path):
    """The worst sample is named and drawn; the next one is another."""
    worst = rank_samples(dataset).samples[0].ref.entry.key
    with launched(*SOFTWARE_WEBGL) as browser:
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.get_by_text(worst).first.wait_for(timeout=120_000)
        page.locator("canvas").first.wait_for(timeout=120_000)
        page.wait_for_timeout(6000)
        picture = Image.open(io.BytesIO(page.screenshot(path=path))).convert("RGB")
        assert errors == []
        view = np.asarray(picture)[100:, :700].reshape(-1, 3).astype(int)
        coloured = np.ptp(view, axis=1) > 40  # ground and lines are grey
        assert coloured.mean() > 0.005, json.dumps({"coloured": float(coloured.mean())})
        page.get_by_role("button", name="next").click()
        page.get_by_text("2 of 3").first.wait_for(timeout=60_000)
        page.locator(".mantine-Notification-closeButton").first.click()  # it says that a processor draws
        for layer in ("character by distance", "joints", "picture"):
            page.get_by_role("checkbox", name=layer, exact=True).click()
        page.get_by_role("button", name="through the camera").click()
        window = page.locator("canvas").first.bounding_box()
        shown = load_viewed(rank_samples(dataset).samples[1].ref, body)
        expected = where_labels_lie(shown, window["width"], window["height"])
        for _ in range(60):  # a processor draws it, not a graphics card
            page.wait_for_timeout(1000)
            seen = box_of_colours(page.screenshot(path=path), int(window["width"]))
            if np.abs(seen - expected).max() < 4:
                break
        np.testing.assert_allclose(seen, expected, atol=4)


def where_labels_lie(viewed, width, height):
    """Box of the labels' vertices: the principal point is in the middle, the picture fills the window's height."""
    K = viewed.sample.camera.K
    enlarged = height / 2 / np.tan(viewed.fov_y_rad / 2) / K[1, 1]
    points = np.concatenate([project(person.verts_cam, K) for person in viewed.people]) - K[:2, 2]
    points = points * enlarged + [width / 2, height / 2]
    return np.clip([*points.min(0), *points.max(0)], 0, [width, height] * 2)


def box_of_colours(png, width):
    """Box of all that is coloured left of the panel, specks aside."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)[:, :width]
    pieces, _ = label(np.ptp(picture, axis=2) > 40)
    large = [piece for number, piece in enumerate(find_objects(pieces), 1) if (pieces[piece] == number).sum() > 2000]
    rows, columns = zip(*large, strict=True) if large else ((slice(0, 0),), (slice(0, 0),))
    return np.array([min(c.start for c in columns), min(r.start for r in rows),
                     max(c.stop for c in columns), max(r.stop for r in rows)])  # fmt: skip
