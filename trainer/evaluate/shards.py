"""Our own shards: the trainer's validation, on any split."""

from dataclasses import replace

from cuffs.body import BodyModel
from cuffs.errors import ConfigError
from trainer.body_model import SmplxLayer
from trainer.data.batches import load_batches
from trainer.data.catalogue import Source
from trainer.data.config import PLAIN, DataConfig, Split
from trainer.data.examples import EverySample, ExampleRules
from trainer.data.people import mirror_rule
from trainer.evaluate.run import Outcome
from trainer.metrics import hand_vertices, scores
from trainer.model.network import MultiHmr
from trainer.prepare import first_of, open_split
from trainer.recipe import ValidationConfig
from trainer.targets import TargetConfig, TargetMaker
from trainer.validate import examine


def run_shards(
    source: Source, model: MultiHmr, body: BodyModel, *, split: Split, config: ValidationConfig
) -> Outcome:  # fmt: skip
    """Measure a network on one dataset of ours: what `cuffs-train` logs as validation, with all its samples.

    Args:
        source: the dataset.
        model: on its device.
        body: that the data is labelled with.
        split: which samples.
        config: threshold, batch size, how many.

    Raises:
        RecordError: naming the sample that can't be used.
        ConfigError: if nothing is in the split.
    """
    device = model.body.v_template.device
    rules = ExampleRules(side=model.config.image_side, augment=PLAIN, mirror=mirror_rule(body), body_sha256=body.sha256)
    catalogue = first_of(open_split([source], split, body)[0], config.max_samples)
    samples = EverySample([catalogue], rules, DataConfig(on_corrupt="stop", workers=0))
    if not len(samples):
        raise ConfigError(f"{source.path}: nothing is in the split {split!r}; --split names another.")
    size = config.batch_size
    places = [range(start, min(start + size, len(samples))) for start in range(0, len(samples), size)]
    layer: SmplxLayer = model.body
    make_targets = TargetMaker(layer, model.config, TargetConfig()).to(device)
    examined = examine(
        model, make_targets, load_batches(samples, places, workers=0, prefetch=1),
        config=replace(config, num_pictures=0),
        hands=hand_vertices(body, device), device=device,
    )  # fmt: skip
    hits, extra, missed = examined.total.found.tolist()
    values = scores(examined.total) | {"pictures": float(len(samples)), "found": hits, "missed": missed, "extra": extra}
    return Outcome(kind="shards", name=source.name, values=values, notes=(f"split {split}",))
