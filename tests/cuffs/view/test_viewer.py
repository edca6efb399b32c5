"""The viewer in a real browser."""

import io
import shutil
import urllib.request

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import find_objects, label

from cuffs.body import load_body_model
from cuffs.camera import fov_deg, project
from cuffs.view import load_shown, open_viewer, rank_samples
from tests.cuffs.audit.scenes import BODY, write_dataset

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WIDTH, HEIGHT = 760, 300
PANEL_PX = 340
SOFTWARE = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]


@pytest.fixture
def viewer(body, clean, tmp_path):
    folder = write_dataset(tmp_path / "data", [made for made in clean if len(made.sample.people) == 1][:2], body)
    opened = open_viewer(
        rank_samples(folder), load_body_model(folder / BODY), host="127.0.0.1", port=8480, name="two people"
    )
    yield folder, opened
    opened.stop()


@pytest.mark.slow
def test_from_the_camera_bodies_lie_where_their_labels_project(viewer):
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    folder, opened = viewer
    assert opened.url.startswith("http://127.0.0.1:")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(180_000)
        wrong = []
        page.on("pageerror", lambda problem: wrong.append(str(problem)))
        page.goto(opened.url)
        for number, ranked in enumerate(rank_samples(folder)):
            if number:
                page.get_by_role("button", name="next", exact=True).click()
            page.get_by_text(ranked.ref.entry.key).wait_for()
            if not number:
                page.get_by_label("picture").click()
                page.get_by_label("joints").click()
            page.get_by_role("button", name="from the camera").click()
            expected = _expected(load_shown(ranked.ref, load_body_model(folder / BODY)))
            box = np.clip([*expected.min(0), *expected.max(0)], 0, [WIDTH - PANEL_PX, HEIGHT] * 2)
            for _ in range(20):  # a processor draws it, not a graphics card
                page.wait_for_timeout(1000)
                seen = _blue_box(page.screenshot())
                if np.abs(seen - box).max() < 4:
                    break
            np.testing.assert_allclose(seen, box, atol=4)
        assert not wrong
        browser.close()
    opened.stop()
    with pytest.raises(OSError):
        urllib.request.urlopen(opened.url, timeout=2)


def _blue_box(png):
    """Box of the largest blue thing left of the panel: the body."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)[:, : WIDTH - PANEL_PX]
    pieces, count = label(picture[..., 2] > picture[..., 0] + 40)
    if count == 0:
        return np.zeros(4)
    rows, columns = find_objects(pieces)[int(np.bincount(pieces.ravel())[1:].argmax())]
    return np.array([columns.start, rows.start, columns.stop, rows.stop])


def _expected(shown):
    """Where the label's vertices lie in the browser: the principal point is in its middle, the height fills it."""
    K, image = shown.sample.camera.K, shown.sample.image
    fov = np.radians(fov_deg(K, width=image.width, height=image.height)[1])
    enlarged = HEIGHT / 2 / np.tan(fov / 2) / K[1, 1]
    return (project(shown.people[0].label_cam, K) - K[:2, 2]) * enlarged + [WIDTH / 2, HEIGHT / 2]
