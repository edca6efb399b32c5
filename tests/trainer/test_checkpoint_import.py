"""Released checkpoints: all of one arrives, what it says is what the formula says, and bad files are told apart."""

import argparse
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from cuffs.errors import CheckpointError
from tests.trainer import formulas
from tests.trainer.networks import picks_of, random_images, random_intrinsics
from tests.trainer.released_layout import random_released, released_shapes
from trainer.checkpoint_import import import_checkpoint
from trainer.checkpoint_import_cli import main
from trainer.model_folder import ABOUT, TENSORS, load_model

PATCHES = [(1, 2), (3, 0), (4, 4)]


@pytest.fixture(scope="module")
def released():
    """The layout of ViT-S for 70 px."""
    return random_released(384, 12, 5)


def save(path, tensors, **args):
    settings = {"img_size": 70, "backbone": "dinov2_vits14", "num_betas": 10, "lr": 5e-5, **args}
    args = argparse.Namespace(**settings)
    torch.save({"epoch": 3, "iter": 30_000, "model_state_dict": dict(tensors), "args": args}, path)
    return path


@pytest.fixture(scope="module")
def imported(released, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    report = import_checkpoint(save(folder / "multiHMR.pt", released), folder / "model")
    return report, folder / "model"


def test_the_layout_for_448_pixels_has_237_tensors():
    assert len(released_shapes(384, 12, 32)) == 237


def test_every_tensor_arrives_as_it_was_and_the_body_arrays_do_not(imported, released):
    report, folder = imported
    written = load_file(folder / TENSORS)
    assert written.keys() == {name for name in released if not name.startswith("smpl_layer.")}
    assert all(torch.equal(value, released[name]) for name, value in written.items())
    assert (report.num_tensors, report.num_body_arrays, report.extras) == (237, 1, ())


def test_the_folder_says_what_it_is_and_which_quirks_it_keeps(imported):
    about = json.loads((imported[1] / ABOUT).read_text())
    assert about["model"]["rays"]["swap_patch_axes"] is True
    assert about["model"]["depth"] == "reference"
    assert about["model"]["head"]["block_order"] == "reference"
    assert about["origin"]["args"]["lr"] == 5e-5
    assert about["origin"]["iter"] == 30_000
    assert "NC" in about["licence"]


def test_an_imported_network_is_the_float64_formula(imported, released, open_body, body_layer):
    rng = np.random.default_rng(0)
    model, about = load_model(imported[1], body_layer)
    image, K = random_images(rng, 1), random_intrinsics(rng, 1)
    with torch.no_grad():
        ours = model(image, K, picks_of(*((0, *patch) for patch in PATCHES)))
    weights = {name: value.numpy().astype(np.float64) for name, value in released.items()}
    scores, people = formulas.whole_network(weights, open_body, (image[0], K[0]), PATCHES, about.model)
    assert relative(ours.scores[0], scores) < 1e-4
    assert relative(ours.head_cam[:, 2], [one["head"][2] for one in people]) < 1e-4
    assert relative(ours.bodies.verts, [one["verts"] for one in people]) < 1e-4


def relative(ours, theirs):
    theirs = np.asarray(theirs)
    return float((np.abs(np.asarray(ours) - theirs) / np.abs(theirs).max()).max())


@pytest.mark.parametrize("side", [[70], [70, 70]])
def test_the_image_side_may_be_a_list(side, released, tmp_path):
    report = import_checkpoint(save(tmp_path / "a.pt", released, img_size=side), tmp_path / "out")
    assert report.model.image_side == 70


def test_unknown_tensors_are_named_and_left_out(released, tmp_path, capsys, monkeypatch):
    path = save(tmp_path / "a.pt", released | {"mlp_depth.weight": torch.zeros(2)})
    monkeypatch.setattr("sys.argv", ["cuffs-import-checkpoint", str(path), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "mlp_depth.weight" in printed
    assert "CC BY-NC-SA" in printed
    assert "mlp_depth.weight" not in load_file(tmp_path / "out" / TENSORS)


def without(tensors, name):
    return {key: value for key, value in tensors.items() if key != name}


OFFSET = "mlp_offset.2.weight"
BROKEN = {
    "missing": (lambda t: without(t, OFFSET), f"1 tensors are missing: {OFFSET}"),
    "shape": (lambda t: t | {OFFSET: torch.zeros(3, 384)}, rf"{OFFSET} is \(3, 384\), not \(2, 384\)"),
    "nan": (lambda t: t | {OFFSET: torch.full((2, 384), torch.nan)}, f"{OFFSET} has 768 values that are not finite"),
    "whole numbers": (lambda t: t | {OFFSET: torch.zeros(2, 384, dtype=torch.int64)}, f"{OFFSET} holds torch.int64"),
    "no tensor": (lambda t: t | {OFFSET: "text"}, f"found '{OFFSET}': str"),
    "no table": (lambda t: without(t, "x_attention_head.cross_queries_x"), "no Multi-HMR checkpoint"),
    "blocks": (lambda t: {k: v for k, v in t.items() if ".blocks.11." not in k}, "11 blocks of width 384"),
    "empty": (lambda _: {}, "expected tensors by name"),
    "anny": (lambda t: t | {"anny_layer.template": torch.zeros(1)}, "Anny variant"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN)
def test_other_content_is_refused_by_name(change, message, released, tmp_path):
    with pytest.raises(CheckpointError, match=message):
        import_checkpoint(save(tmp_path / "a.pt", change(released)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


CONTRADICTIONS = (
    {"img_size": 448},
    {"img_size": [70, 84]},
    {"backbone": "dinov2_vitb14"},
    {"num_betas": 11},
    {"num_betas": [[]]},
)


@pytest.mark.parametrize("said", CONTRADICTIONS)
def test_settings_that_contradict_the_tensors_are_refused(said, released, tmp_path):
    with pytest.raises(CheckpointError, match=f"args.{next(iter(said))} is"):
        import_checkpoint(save(tmp_path / "a.pt", released, **said), tmp_path / "out")


class Hostile:
    """Leaves a trace when it is unpickled by the letter."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


HOSTILE = {
    "beside": lambda tensors, trap: {"model_state_dict": tensors, "args": trap},
    "in args": lambda tensors, trap: {"model_state_dict": tensors, "args": argparse.Namespace(lr=trap)},
    "as a tensor": lambda tensors, trap: {"model_state_dict": {**tensors, "x": trap}},
    "whole": lambda _, trap: trap,
}


@pytest.mark.parametrize("build", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("old_format", [False, True])
def test_a_file_that_names_code_is_refused_and_not_run(build, old_format, tmp_path):
    trace = tmp_path / "trace"
    data = build({OFFSET: torch.zeros(2)}, Hostile(trace))
    torch.save(data, tmp_path / "a.pt", _use_new_zipfile_serialization=not old_format)
    with pytest.raises(CheckpointError, match=r"posix.system, which is more than data.*Nothing in it was run"):
        import_checkpoint(tmp_path / "a.pt", tmp_path / "out")
    assert not trace.exists()
    torch.load(tmp_path / "a.pt", weights_only=False)
    assert trace.exists(), "the trap works: a careless reader would have run it"


def packed(path, source):
    with zipfile.ZipFile(source) as stored, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info in stored.infolist():
            archive.writestr(info.filename, stored.read(info))


def damaged_files(folder):
    """Names of files that are no sound checkpoint."""
    sound = save(folder / "sound.pt", {OFFSET: torch.ones(2, 384)}).read_bytes()
    content = {
        "cut": sound[: len(sound) // 2], "first bytes": sound[:100], "empty": b"", "text": b"<html>404</html>",
        "plain pickle": pickle.dumps({"model_state_dict": {}}), "list": pickle.dumps([1, 2]),
        "broken inside": sound[:50] + bytes(300) + sound[350:],
    }  # fmt: skip
    for name, data in content.items():
        (folder / name).write_bytes(data)
    packed(folder / "packed", folder / "sound.pt")
    (folder / "folder").mkdir()
    return [*content, "packed", "folder", "absent"]


def test_damaged_files_are_refused_with_their_name(tmp_path):
    for name in damaged_files(tmp_path):
        with pytest.raises(CheckpointError, match=name):
            import_checkpoint(tmp_path / name, tmp_path / "out")


def test_the_command_says_what_is_wrong_in_one_message(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["cuffs-import-checkpoint", str(tmp_path / "no.pt"), "--out", str(tmp_path / "o")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"cuffs-import-checkpoint: {tmp_path / 'no.pt'} is not there.\n"


def test_a_folder_that_is_there_is_not_overwritten(released, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(CheckpointError, match="exists already"):
        import_checkpoint(save(tmp_path / "a.pt", released), tmp_path / "out")


def edit_about(folder, **changes):
    about = json.loads((folder / ABOUT).read_text())
    (folder / ABOUT).write_text(json.dumps(about | changes))


SPOILT = {
    "other tensors": (
        lambda f: (f / TENSORS).write_bytes((f / TENSORS).read_bytes()[:-4] + b"abcd"),
        "hash is another",
    ),
    "cut tensors": (lambda f: (f / TENSORS).write_bytes((f / TENSORS).read_bytes()[:1000]), "not a whole safetensors"),
    "no tensors": (lambda f: (f / TENSORS).unlink(), "is not there"),
    "no json": (lambda f: (f / ABOUT).unlink(), "no model folder"),
    "not json": (lambda f: (f / ABOUT).write_text("{"), "is not JSON"),
    "other format": (lambda f: edit_about(f, format="else"), "format is 'else'"),
    "later version": (lambda f: edit_about(f, version=9), "version is 9"),
    "misspelt": (lambda f: edit_about(f, model={"image_sid": 70}), "Did you mean 'image_side'"),
    "size mismatch": (lambda f: edit_about(f, model={"image_side": 84}), r"\(5, 483\), not \(6, 483\)"),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT)
def test_a_spoilt_model_folder_is_refused(spoil, message, imported, body_layer, tmp_path):
    for name in (TENSORS, ABOUT):
        (tmp_path / name).write_bytes((imported[1] / name).read_bytes())
    spoil(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        load_model(Path(tmp_path), body_layer)
