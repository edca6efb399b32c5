"""The worker as its parent sees it: a process that is fed lines and publishes folders."""

import io
import json
import subprocess
import sys
from dataclasses import replace

import bpy
import pytest

from blender_scripts.session import GPU_TYPES, start_session
from blender_scripts.worker import main, serve
from cuffs.codec import encode
from cuffs.errors import DeviceMissing, OutputError, RecordError
from cuffs.records import GarmentSpec, MaterialSpec
from tests.blender_scripts.conftest import Captured
from tests.blender_scripts.scenes import scene

pytestmark = pytest.mark.bpy


@pytest.fixture
def run_worker(tmp_path, assets_folder):
    """Feed a worker process some scenes, then end its input; what it published, in order, and how it ended."""

    def run(*specs, arguments=("--threads", "2")):
        lines, folders = [], []
        for number, spec in enumerate(specs):
            spec_path, out = tmp_path / f"{number}.json", tmp_path / f"out-{number}"
            spec_path.write_text(json.dumps(encode(spec)))
            lines.append(json.dumps({"spec": str(spec_path), "out": str(out), "blend": None}))
            folders.append(out)
        command = [sys.executable, "-m", "blender_scripts.worker", "--assets", str(assets_folder), *arguments]
        ended = subprocess.run(
            command, input="".join(line + "\n" for line in lines), text=True, capture_output=True, check=False
        )
        return folders, ended

    return run


def test_another_process_makes_the_same_bytes_in_any_order(run_worker, capture):
    first, second = scene(20, size=(64, 48), people=2), scene(21, size=(48, 64))
    here = [capture(spec).bytes for spec in (first, second)]
    folders, ended = run_worker(second, first)
    assert ended.returncode == 0, ended.stderr
    there = [Captured(folder).bytes for folder in reversed(folders)]
    assert here == there


def test_a_scene_that_cannot_be_made_says_why_and_the_next_one_is_made(run_worker):
    good = scene(22, size=(24, 24))
    someone = good.people[0]
    stranger = replace(someone, character=replace(someone.character, identity="nobody"))
    outside = replace(someone, character=replace(someone.character, identity="../identities/tube"))
    cotton = GarmentSpec(name="shirt", material=MaterialSpec(kind="velvet", colour=(0.1, 0.1, 0.1)))
    folders, ended = run_worker(
        replace(good, people=(stranger,)),
        replace(good, people=(outside,)),
        replace(good, people=(replace(someone, character=replace(someone.character, garments=(cotton,))),)),
        replace(good, people=(replace(someone, face={"wink": 1.0}),)),
        replace(good, people=(replace(someone, character=replace(someone.character, kind="humgen3d")),)),
        good,
    )
    assert ended.returncode == 0
    failures = [json.loads((folder / "failure.json").read_text()) for folder in folders[:-1]]
    assert [failure["cause"] for failure in failures] == ["asset_missing", *["record_error"] * 3, "asset_missing"]
    assert all(failure["key"] == good.key and failure["detail"] for failure in failures)
    assert all([path.name for path in folder.iterdir()] == ["failure.json"] for folder in folders[:-1])
    assert (folders[-1] / "capture.json").exists()
    assert not [path for path in folders[0].parent.iterdir() if path.name.startswith(".")]


def test_a_record_tells_what_was_published(capture):
    found = capture(scene(23, size=(24, 24)))
    record = found.record
    assert {file.name: file.size for file in record.files} == {name: len(data) for name, data in found.bytes.items()}
    assert record.device.startswith("CPU: ")
    assert record.blender[0].isdigit()
    assert record.timings.render_s > 0
    assert record.timings.max_rss_mb > 50


@pytest.mark.parametrize("device", ["optix", "cuda", "hip", "metal"])
@pytest.mark.usefixtures("session")
def test_a_missing_device_is_an_error_that_names_what_is_there(device):
    cycles = bpy.context.preferences.addons["cycles"].preferences
    if any(found.type == device.upper() for found in cycles.get_devices_for_type(device.upper())):
        pytest.skip("this machine has one")
    assert device.upper() in GPU_TYPES
    with pytest.raises(DeviceMissing, match=f"no {device} device here. There is: cpu"):
        start_session(device, 1)


def test_a_missing_device_ends_the_worker_with_3(run_worker):
    _, ended = run_worker(arguments=("--device", "metal" if sys.platform == "linux" else "optix"))
    assert ended.returncode == 3
    assert "There is: cpu" in ended.stderr


@pytest.mark.parametrize("line", [b"{\n", b'{"spec": "a"}\n', b"[]\n", b"null\n"])
def test_a_line_that_is_no_order_is_refused(session, assets, line):
    with pytest.raises(RecordError, match="is no order"):
        serve(io.BytesIO(line), session, assets)


def test_a_damaged_spec_is_that_scenes_failure(session, assets, tmp_path):
    for name, content in (("cut.json", '{"key": '), ("empty.json", "{}"), ("gone.json", None)):
        if content is not None:
            (tmp_path / name).write_text(content)
        order = {"spec": str(tmp_path / name), "out": str(tmp_path / name[:-5]), "blend": None}
        serve(io.BytesIO(json.dumps(order).encode()), session, assets)
        assert json.loads((tmp_path / name[:-5] / "failure.json").read_text())["key"] == name[:-5]


def test_a_worker_that_outlived_its_run_writes_nothing(session, assets, tmp_path):
    spec_path = tmp_path / "spec.json"
    spec_path.write_text(json.dumps(encode(scene(24, size=(24, 24)))))
    order = {"spec": str(spec_path), "out": str(tmp_path / "gone" / "out"), "blend": None}
    with pytest.raises(OutputError, match="its folder is gone"):
        serve(io.BytesIO(json.dumps(order).encode()), session, assets)
    assert list(tmp_path.iterdir()) == [spec_path]


def test_the_command_line_is_checked(capsys):
    with pytest.raises(SystemExit):
        main(["--device", "abacus", "--assets", "."])
    assert "abacus" in capsys.readouterr().err
