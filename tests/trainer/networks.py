"""Small networks, pictures and batches for tests, all drawn from a generator."""

import numpy as np
import torch

from trainer.batch import Batch
from trainer.model.config import BackboneConfig, HeadConfig, ModelConfig
from trainer.model.mean import neutral_person
from trainer.model.network import MultiHmr, build_model
from trainer.model.picks import Picks

SIDE = 70
NANO = BackboneConfig(name="vit_nano14")


def nano_config(**changes):
    """A network of the same class that runs in milliseconds."""
    head = HeadConfig(**{"width": 64, "mlp_width": 64, "num_heads": 2, "head_width": 16, **changes.pop("head", {})})
    return ModelConfig(**{"image_side": SIDE, "backbone": NANO, "head": head, **changes})


def nano_model(layer, config, seed=0):
    """Every tensor random and large enough to matter, so that nothing can be wrong unseen."""
    model = build_model(config, layer, neutral_person(), seed=seed).eval()
    fill_randomly(model, seed)
    return model


def random_tensor(name, value, generator):
    """Norms near 1, the mean pose near its own, all else large enough to matter."""
    noise = torch.randn(value.shape, generator=generator)
    if name.endswith(("norm.weight", "norm1.weight", "norm2.weight", "gamma")):
        return 1 + 0.1 * noise
    if "init_" in name:
        return value + 0.05 * noise
    if value.dim() > 1 and "embed" not in name and "cross_" not in name:
        return noise / value[0].numel() ** 0.5
    return 0.2 * noise


def fill_randomly(model: MultiHmr, seed):
    generator = torch.Generator().manual_seed(seed)
    own = model.state_dict()
    model.load_state_dict({name: random_tensor(name, value, generator) for name, value in own.items()})
    # Small decoders: depth and shape must stay those of people, or float32 is the only thing that is measured.
    for name in ("decpose", "decshape", "deccam", "decexpression"):
        getattr(model.x_attention_head, name).weight.data *= 0.1


def random_images(rng, count, side=SIDE):
    return torch.tensor(rng.normal(size=(count, 3, side, side)), dtype=torch.float32)


def random_intrinsics(rng, count, side=SIDE):
    K = np.tile(np.eye(3), (count, 1, 1))
    K[:, 0, 0] = K[:, 1, 1] = side * rng.uniform(0.6, 1.2, count)
    K[:, :2, 2] = side / 2 + rng.uniform(-5, 5, (count, 2))
    return torch.tensor(K, dtype=torch.float32)


def picks_of(*triples):
    """(image, row, col) of each person."""
    table = torch.tensor(triples, dtype=torch.int64).reshape(-1, 3)
    return Picks(image_of=table[:, 0].clone(), row=table[:, 1].clone(), col=table[:, 2].clone())


def random_batch(rng, people_per_image, side=SIDE):
    """People in view, near to far in each image, everything valid."""
    image_of = np.repeat(np.arange(len(people_per_image)), people_per_image)
    count = len(image_of)
    K = random_intrinsics(rng, len(people_per_image), side)
    depth = np.sort(rng.uniform(2.5, 6, count)) if count else np.zeros(0)
    side_by_side = np.concatenate([np.linspace(-0.2, 0.2, n) if n > 1 else np.zeros(n) for n in people_per_image])
    transl = np.stack([(side_by_side + rng.uniform(-0.03, 0.03, count)) * depth, 0.3 + 0 * depth, depth], -1)
    rotvecs = rng.normal(size=(count, 55, 3)) * 0.15
    rotvecs[:, 0] += [np.pi, 0, 0]
    valid = torch.ones(count, dtype=torch.bool)

    def tensor(array):
        return torch.tensor(np.asarray(array), dtype=torch.float32)

    return Batch(
        keys=tuple(f"sample{n}" for n in range(len(people_per_image))),
        image=random_images(rng, len(people_per_image), side),
        K=K,
        image_of=torch.tensor(image_of, dtype=torch.int64),
        rotvecs=tensor(rotvecs),
        betas=tensor(rng.normal(size=(count, 10))),
        expression=tensor(rng.normal(size=(count, 10))),
        transl=tensor(transl),
        hand_valid=valid[:, None].expand(-1, 2).clone(),
        face_valid=valid.clone(),
        expression_valid=valid.clone(),
        depth_valid=valid.clone(),
        betas_valid=valid.clone(),
    )


def float64_weights(model):
    return {name: value.numpy().astype(np.float64) for name, value in model.state_dict().items()}
