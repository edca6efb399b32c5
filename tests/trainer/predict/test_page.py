"""The page for a browser: the same people as `cuffs-predict`, and nothing that an upload could do."""

import base64
import io
import json
import re
import signal
import subprocess
import sys
from threading import Thread
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image
from werkzeug.serving import make_server

from cuffs.body import find_body_model
from tests.cuffs.browser import SOFTWARE_WEBGL, launched
from tests.trainer.networks import nano_config, nano_model
from trainer.model_folder import write_model
from trainer.predict.cameras import GivenCamera, picture_intrinsics
from trainer.predict.finder import Finder
from trainer.predict.page import make_page
from trainer.predict.pictures import read_picture
from trainer.predict.results import as_json

MOST_BYTES = 300_000


@pytest.fixture(scope="module")
def finder(body_layer):
    model = nano_model(body_layer, nano_config())
    return Finder(model=model, camera=GivenCamera(fov_deg=None, K=None), threshold=0.05, max_people=3)


@pytest.fixture(scope="module")
def page(finder):
    return make_page(finder, find_body_model(), most_bytes=MOST_BYTES, hosts=("127.0.0.1", "localhost"))


def picture(seed=0, size=(160, 120)):
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def sent(page, content, *, name="a.png", fov="", host="localhost"):
    data = {"picture": (io.BytesIO(content), name), "fov": fov}
    return page.test_client().post("/", data=data, base_url=f"http://{host}", content_type="multipart/form-data")


def parameters(response):
    found = re.search(r'href="data:application/json;base64,([^"]+)"', response.text)
    assert found is not None, response.text[:2000]
    return json.loads(base64.b64decode(found[1]))


@pytest.mark.parametrize(("text", "fov"), [("", None), ("35", 35.0)])
def test_it_finds_whom_predict_finds(page, finder, text, fov):
    frame = read_picture(io.BytesIO(picture()), where="a.png")
    K = picture_intrinsics(GivenCamera(fov_deg=fov, K=None), width=160, height=120, where="a.png")
    [found] = finder.find([frame], [K])
    assert found.people
    assert parameters(sent(page, picture(), fov=text)) == as_json(found, body_sha256=find_body_model().sha256)


def test_what_is_no_picture_or_too_large_is_refused_in_words(page):
    for content, fov, code, words in (
        (b"no picture", "", 400, "decoded"),
        (picture(size=(400, 400)), "", 413, "larger than 0.3 MB"),
        (picture(), "wide", 400, "field of view"),
        (picture(), "190", 400, "between 0 and 180"),
    ):
        response = sent(page, content, fov=fov)
        assert response.status_code == code
        assert words in response.text
        assert "<iframe" not in response.text
    assert page.test_client().post("/", base_url="http://localhost").status_code == 400


def test_a_file_s_name_is_text(page):
    name = "<script>alert(1)</script>.png"
    for content in (picture(), b"no picture"):
        text = sent(page, content, name=name).text
        assert "&lt;script&gt;" in text
        assert name not in text.split("<iframe")[0]


def test_only_its_own_name_is_answered(page):
    assert sent(page, picture(), host="elsewhere.example").status_code == 400
    assert sent(page, picture(), host="127.0.0.1").status_code == 200


def test_a_browser_shows_bodies_that_turn(page, tmp_path):
    server = make_server("127.0.0.1", 0, page, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with launched(*SOFTWARE_WEBGL) as chromium:
            tab = chromium.new_page(viewport={"width": 1200, "height": 1400})
            said = []
            tab.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            tab.on("pageerror", lambda problem: said.append(str(problem)))
            tab.goto(f"http://127.0.0.1:{server.port}")
            (tmp_path / "a.png").write_bytes(picture())
            tab.set_input_files("input[type=file]", tmp_path / "a.png")
            tab.click("button")
            canvas = tab.frame_locator("iframe").locator("canvas")
            canvas.wait_for()
            tab.wait_for_timeout(1000)
            before = canvas.screenshot()
            box = canvas.bounding_box()
            tab.mouse.move(box["x"] + 300, box["y"] + 200)
            tab.mouse.down()
            tab.mouse.move(box["x"] + 500, box["y"] + 260, steps=5)
            tab.mouse.up()
            tab.wait_for_timeout(1000)
            after = canvas.screenshot()
            tab.screenshot(path=tmp_path / "page.png", full_page=True)
        assert said == []
        pixels = [np.asarray(Image.open(io.BytesIO(one)).convert("RGB"), int) for one in (before, after)]
        assert pixels[0].std() > 5
        assert np.abs(pixels[0] - pixels[1]).mean() > 1
    finally:
        server.shutdown()
        server.server_close()


def test_the_command_serves_this_machine_alone_until_it_is_interrupted(finder, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    write_model(folder, finder.model.state_dict(), model=finder.model.config, origin={}, licence="ours")
    command = [sys.executable, "-m", "trainer.page_cli", str(folder), "--device", "cpu", "--port"]
    with subprocess.Popen([*command, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with urlopen(url) as response:
            assert "People in a picture" in response.read().decode()
        taken = subprocess.run([*command, url.rpartition(":")[2]], capture_output=True, text=True, check=False)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert taken.returncode == 3
    assert "another --port" in taken.stderr
