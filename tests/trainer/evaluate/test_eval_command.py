"""cuffs-eval from end to end: its figures are those of the people that cuffs-predict finds; errors are explained."""

import json
import zipfile

import numpy as np
import pytest
import trimesh

from cuffs.body import body_parts
from cuffs.codec import decode
from cuffs.errors import AssetMissing, ConfigError
from cuffs.records import SmplxRecord
from cuffs.shards import iterate_samples, read_member, read_sample
from cuffs.skeleton import INDEX
from tests.trainer.evaluate import fixtures as made
from tests.trainer.networks import nano_config, nano_model
from tests.trainer.shards import pose, write_dataset
from trainer.eval_cli import Request, parse_data, run
from trainer.model_folder import write_model
from trainer.predict_cli import Request as PredictRequest
from trainer.predict_cli import run as predict


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, body_layer):
    """Random weights: they find somebody everywhere, which is all that is needed here."""
    folder = tmp_path_factory.mktemp("checkpoint")
    model = nano_model(body_layer, nano_config())
    write_model(folder, model.state_dict(), model=model.config, origin={}, licence="none")
    return folder


def results(out):
    written = json.loads((out / "eval.json").read_text())
    return {row["name"]: row["values"] for row in written["results"]}


def pictures_of(folder):
    """Every sample's picture and label."""
    for tar, _, entry in iterate_samples(folder):
        yield entry.key, read_member(tar, entry, "jpg"), read_sample(tar, entry)


def test_eval_says_what_predict_s_people_are_worth(checkpoint, open_body, tmp_path):
    """One person a picture: whoever predict finds nearest in the picture is measured here by hand, in numpy."""
    write_dataset(tmp_path / "own", open_body, counts=(1, 1, 1), splits=("val",) * 3)
    run(
        Request(
            checkpoint=checkpoint,
            data=(f"mine={tmp_path / 'own'}",),
            out=tmp_path / "eval",
            device="cpu",
            threshold=0.05,
        )
    )
    told = results(tmp_path / "eval")["mine"]
    hands = [(INDEX[f"{side}_wrist"], body_parts(open_body)[f"{side}_hand"]) for side in ("left", "right")]
    pve, hand_pve, found = [], [], 0
    for key, jpg, sample in pictures_of(tmp_path / "own"):
        (tmp_path / "pictures").mkdir(exist_ok=True)
        path = tmp_path / "pictures" / f"{key}.jpg"
        path.write_bytes(jpg)
        K = sample.camera.K
        given = f"{K[0, 0]!r},{K[1, 1]!r},{K[0, 2]!r},{K[1, 2]!r}".replace("np.float64(", "").replace(")", "")
        predict(
            PredictRequest(
                mesh="glb",
                picture=path,
                checkpoint=checkpoint,
                out=tmp_path / "out",
                K=given,
                threshold=0.05,
                device="cpu",
            )
        )
        people = json.loads((tmp_path / "out" / f"{key}.json").read_text())["people"]
        people = sorted(people, key=lambda one: -one["score"])[:50]
        found += len(people)
        opened = trimesh.load_scene(tmp_path / "out" / f"{key}.glb")
        assert len(opened.geometry) >= len(people) > 0
        (truth,) = sample.people
        verts, joints = pose(open_body, truth.smplx)
        true_px = truth.joints2d[:22]
        near = np.array([np.linalg.norm(np.array(one["joints2d"])[:22] - true_px, axis=1).mean() for one in people])
        chosen = next(
            people[n] for n in near.argsort() if overlap(np.array(people[n]["joints2d"])[:22], true_px) >= 0.05
        )
        ours, our_joints = posed_from(open_body, chosen["smplx"])
        pve.append(np.linalg.norm((ours - our_joints[0]) - (verts - joints[0]), axis=1).mean())
        for wrist, part in hands:
            hand_pve.append(
                np.linalg.norm((ours[part] - our_joints[wrist]) - (verts[part] - joints[wrist]), axis=1).mean()
            )
    assert told["pve_mm"] == pytest.approx(1000 * np.mean(pve), rel=1e-3)
    assert told["hands_pve_mm"] == pytest.approx(1000 * np.mean(hand_pve), rel=1e-3)
    assert told["found"] + told["extra"] == found


def overlap(a, b):
    low, high = np.maximum(a.min(0), b.min(0)), np.minimum(a.max(0), b.max(0))
    shared = np.prod(np.clip(high - low, 0, None))
    return shared / (np.prod(np.ptp(a, 0)) + np.prod(np.ptp(b, 0)) - shared)


def posed_from(body, fields):
    return pose(body, decode(SmplxRecord, fields, where="prediction"))


def test_several_benchmarks_at_once_whatever_the_batch(checkpoint, open_body, tmp_path):
    made.write_ehf(tmp_path / "ehf", open_body, 2)
    made.write_agora(tmp_path / "agora", open_body)
    data = (f"ehf={tmp_path / 'ehf'}", f"agora={tmp_path / 'agora'}")
    told = []
    for size in (1, 3):
        out = tmp_path / f"out{size}"
        options = {"device": "cpu", "threshold": 0.05, "batch_size": size, "agora_zip": out.with_suffix(".zip")}
        run(Request(checkpoint=checkpoint, data=data, out=out, **options))
        told.append(results(out))
        assert "Hand4Whole" in (out / "eval.md").read_text()
    for name in ("ehf", "agora"):
        for key, value in told[0][name].items():
            other = told[1][name][key]
            assert other is None if value is None else other == pytest.approx(value, rel=1e-4, abs=0.11), (name, key)
    assert told[0]["ehf"]["pictures"] == 2 and told[0]["agora"]["pictures"] == 1
    with zipfile.ZipFile(tmp_path / "out1.zip") as archive:
        names = archive.namelist()
    assert names and all(name.startswith("predictions/ag_validationset") and "_1280x720" not in name for name in names)
    assert names[0].endswith("_personId_0.pkl")


def test_what_can_t_be_measured_is_said_before_anything_is_looked_at(checkpoint, tmp_path):
    with pytest.raises(ConfigError, match="not there"):
        parse_data(["ehf=" + str(tmp_path / "nowhere")])
    (tmp_path / "ehf").mkdir()
    with pytest.raises(ConfigError, match="twice"):
        parse_data([f"ehf={tmp_path / 'ehf'}", f"ehf={tmp_path / 'ehf'}"])
    with pytest.raises(AssetMissing, match="EHF"):
        run(Request(checkpoint=checkpoint, data=(f"ehf={tmp_path / 'ehf'}",), out=tmp_path / "out", device="cpu"))
    with pytest.raises(ConfigError, match="--agora-zip"):
        request = Request(checkpoint=checkpoint, data=(f"x={tmp_path}",), out=tmp_path / "o", agora_zip=tmp_path / "z")
        run(request)
    assert not (tmp_path / "out").exists()
