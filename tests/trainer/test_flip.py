"""The law of the mirror, from annotation to targets: flipping first or making targets first comes to the same."""

import io
import json

import numpy as np
import torch
from PIL import Image

from cuffs.codec import encode
from cuffs.seeding import stream
from cuffs.skeleton import MIRROR
from tests.trainer.runs import CPU
from tests.trainer.shards import make_sample
from tests.trainer.test_data_geometry import mirrored_vertices
from trainer.data.batches import pack
from trainer.data.config import PLAIN, AugmentConfig, FramingConfig
from trainer.data.examples import ExampleRules, make_example
from trainer.data.people import mirror_rule
from trainer.model.config import ModelConfig
from trainer.targets import TargetConfig, TargetMaker

SIDE = 112
FLIP = torch.tensor([-1.0, 1.0, 1.0])


def targets_of(sample, body, layer, *, flip):
    """The targets of one sample, and its picture."""

    picture = io.BytesIO()
    ramp = np.linspace(0, 255, sample.image.width).astype(np.uint8)
    Image.fromarray(np.tile(ramp[None, :, None], (sample.image.height, 1, 3))).save(picture, "PNG")
    framing = FramingConfig(flip_probability=float(flip), crop_probability=0.0)
    rules = ExampleRules(
        side=SIDE, augment=AugmentConfig(framing=framing, appearance=PLAIN.appearance), mirror=mirror_rule(body),
        body_sha256=body.sha256,
    )  # fmt: skip
    annotation = json.dumps(encode(sample)).encode()
    example = make_example(annotation, picture.getvalue(), rules, where="x", rng=stream(0, "flip"))
    maker = TargetMaker(layer, ModelConfig(image_side=SIDE), TargetConfig())
    return maker(pack([example]).to_batch(CPU)), example.pixels


def test_flipping_commutes_with_making_targets(open_body, body_layer):
    """On the open body, which is symmetric; patches and flags exactly, the rest as far as float32 goes (0.005 mm)."""
    sample, _ = make_sample(np.random.default_rng(4), open_body, "k", people=2, size=(192, 144), offset_px=(7.3, -4.1))
    plain, picture = targets_of(sample, open_body, body_layer, flip=False)
    flipped, mirrored = targets_of(sample, open_body, body_layer, flip=True)
    assert np.array_equal(mirrored, picture[:, ::-1])
    assert torch.equal(flipped.heat, plain.heat.flip(-1))
    assert torch.equal(flipped.kept, plain.kept)
    assert len(plain.kept) == 2
    assert torch.allclose(flipped.offset, plain.offset * torch.tensor([-1.0, 1.0]), atol=1e-5)
    assert torch.allclose(flipped.depth_code, plain.depth_code, atol=1e-6)
    assert torch.allclose(flipped.head_cam, plain.head_cam * FLIP, atol=5e-6)
    verts = flipped.bodies.verts[:, mirrored_vertices(open_body)]
    assert torch.allclose(verts, plain.bodies.verts * FLIP, atol=5e-6)
    joints = flipped.bodies.joints[:, list(MIRROR)]
    assert torch.allclose(joints, plain.bodies.joints[:, : len(MIRROR)] * FLIP, atol=5e-6)
