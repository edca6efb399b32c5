"""The ONNX file against the network, both heads, with nobody, one, three and many people."""

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.trainer.networks import nano_config, nano_model, random_images, random_intrinsics
from trainer.model.config import RayConfig
from trainer.onnx_export import OUTPUTS, export_onnx


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "changes"),
    [
        ("bodies", {}),
        ("parameters", {"head": {"block_order": "paper", "self_attention": False}, "depth": "reference"}),
        ("parameters", {"head": {"kind": "iterative"}, "rays": {"kind": "linear"}}),
    ],
)
def test_onnx_runtime_finds_the_same_people(body_layer, tmp_path, content, changes):
    if "rays" in changes:
        changes = {**changes, "rays": RayConfig(**changes["rays"])}
    model = nano_model(body_layer, nano_config(**changes))
    path = tmp_path / "x.onnx"
    report = export_onnx(model, path, content=content)
    assert {0, 1, 3} <= set(report.people) and report.worst <= 1e-4
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    image, K = random_images(rng, 1), random_intrinsics(rng, 1)  # another picture and camera than it was written with
    people = model.detect(image, K, threshold=0.2)
    feed = {"image": image.numpy(), "K": K.numpy(), "threshold": np.array(0.2, np.float32)}
    found = dict(zip(OUTPUTS[content], session.run(None, feed), strict=True))
    assert len(found["scores"]) == len(people.scores) > 1
    np.testing.assert_allclose(found["head_cam"], people.head_cam, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["rotvecs"], people.rotvecs, atol=1e-3)
    if content == "bodies":
        np.testing.assert_allclose(found["verts"], people.bodies.verts, atol=1e-4)
    largest = max(np.prod(t.dims) for t in onnx.load(path).graph.initializer)
    holds_the_body = largest >= body_layer.posedirs.numel()
    assert holds_the_body == (content == "bodies")
