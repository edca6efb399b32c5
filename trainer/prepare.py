"""From a recipe and shards to everything a run needs: catalogues, the mean person, the network."""

import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from cuffs.body import BodyModel
from cuffs.codec import encode
from cuffs.errors import CheckpointError, ConfigError, InputError
from cuffs.shards.reader import decode_annotation
from trainer.body_model import SmplxLayer
from trainer.checkpoint import DataAbout, RunAbout, Trainee
from trainer.data.catalogue import Catalogue, Source, open_catalogue, parse_source, require_distinct
from trainer.data.config import PLAIN, Split
from trainer.data.examples import EverySample, ExampleRules, ExampleSource, read_sample_bytes
from trainer.data.geometry import whole_picture
from trainer.data.order import epoch_counts
from trainer.data.people import PeopleLabels, concatenate_people, labels_of, mirror_rule
from trainer.data.stream import Remote, Stream, StreamPlace, parse_remote
from trainer.model.camera import encode_depth
from trainer.model.config import ModelConfig
from trainer.model.mean import MeanPerson, PeopleValid, mean_person, neutral_person
from trainer.model.network import MultiHmr, build_model
from trainer.model_folder import load_model
from trainer.optimiser import MovingAverage, make_optimiser
from trainer.ranks import Ranks
from trainer.recipe import TrainRecipe

logger = logging.getLogger(__name__)

MEAN_SAMPLES = 2000
"""Annotations, spread over the data, that the mean person is taken of."""

STREAM_SAMPLES = 300
"""Likewise of a stream."""

OWN_LICENCE = "the weights' owner decides; they carry what the data and imports in origin oblige to"
PACKAGES = ("cuffs", "torch", "numpy", "pillow", "safetensors")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """What a run reads."""

    training: ExampleSource | Stream
    validation: EverySample
    abouts: tuple[DataAbout, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the user named: local datasets, or streams, for training; local ones for validation."""

    training: tuple[Source, ...] | tuple[Remote, ...]
    validation: tuple[Source, ...]


def parse_sources(data: Sequence[str], validation: Sequence[str]) -> Sources:
    """The datasets that a command names. Without others, validation takes its split of the same local ones.

    Raises:
        ConfigError: if one is not there, or streams and local datasets are mixed.
    """
    remotes = [remote for text in data if (remote := parse_remote(text)) is not None]
    if remotes and len(remotes) < len(data):
        raise ConfigError("--data names streams and local datasets: one run reads either streams or files.")
    local = () if remotes else tuple(parse_source(text) for text in data)
    held_out = tuple(parse_source(text) for text in validation)
    return Sources(training=tuple(remotes) or local, validation=held_out or local)


def open_data(recipe: TrainRecipe, sources: Sources, body: BodyModel, place: StreamPlace) -> RunData:
    """Look at all shards.

    Args:
        recipe: says which samples.
        sources: where they are.
        body: the body model in use.
        place: of this process, for streams.

    Raises:
        RecordError: naming the shard that can't be used.
        ConfigError: if there is nothing to train on, or weights name other datasets.
    """
    rules = ExampleRules(
        side=recipe.model.image_side, augment=recipe.augment, mirror=mirror_rule(body), body_sha256=body.sha256
    )
    if recipe.augment.framing.flip_probability > 0 and rules.mirror.residual_mm > 0:
        logger.info("the body model is symmetric to %.2f mm: so far are flipped labels off", rules.mirror.residual_mm)
    validation = [
        first_of(catalogue, recipe.validation.max_samples)
        for catalogue in open_split(sources.validation, recipe.validation.split, body)
    ]
    if not sum(len(catalogue) for catalogue in validation):
        logger.warning("nothing to validate on: no sample is in the split %r", recipe.validation.split)
    training, abouts = _open_training(recipe, sources, body, rules, place)
    held_out = EverySample(validation, replace(rules, augment=PLAIN), recipe.data)
    return RunData(training=training, validation=held_out, abouts=abouts)


def _open_training(
    recipe: TrainRecipe, sources: Sources, body: BodyModel, rules: ExampleRules, place: StreamPlace
) -> tuple[ExampleSource | Stream, tuple[DataAbout, ...]]:
    remotes = [source for source in sources.training if isinstance(source, Remote)]
    if remotes:
        size = recipe.optimiser.batch_size // place.world_size
        streamed = Stream(remotes, rules, recipe.data, batch_size=size, seed=recipe.seed, place=place)
        return streamed, tuple(
            DataAbout(name=remote.name, shards=0, samples=0, content=remote.urls) for remote in remotes
        )
    local = [source for source in sources.training if isinstance(source, Source)]
    catalogues = [first_of(found, recipe.data.max_samples) for found in open_split(local, recipe.data.split, body)]
    counts = epoch_counts(
        {catalogue.name: len(catalogue) for catalogue in catalogues}, recipe.data.weights, recipe.data.epoch_size
    )
    source = ExampleSource(catalogues, rules, recipe.data, counts=counts, seed=recipe.seed)
    return source, tuple(about_data(catalogue) for catalogue in catalogues)


def open_split(sources: Sequence[Source], split: Split, body: BodyModel) -> list[Catalogue]:
    """The samples of one split, dataset by dataset."""
    catalogues = [open_catalogue(source, split=split, body_sha256=body.sha256) for source in sources]
    require_distinct(catalogues)
    return catalogues


def first_of(catalogue: Catalogue, count: int | None) -> Catalogue:
    """The first samples of a catalogue."""
    arrays = ("tar_of", "keys", "offsets", "sizes", "sha256")
    return replace(catalogue, **{name: getattr(catalogue, name)[:count] for name in arrays})


def about_data(catalogue: Catalogue) -> DataAbout:
    """What tells one dataset from another."""
    return DataAbout(
        name=catalogue.name,
        shards=len(catalogue.tars),
        samples=len(catalogue),
        content=hashlib.sha256(np.ascontiguousarray(catalogue.sha256).tobytes()).hexdigest(),
    )


def mean_of_data(source: ExampleSource | Stream, recipe: TrainRecipe) -> MeanPerson:
    """The mean person of the training data, from samples spread evenly over it, or from a stream's first.

    Raises:
        RecordError: if a sample is corrupt and the recipe says to stop.
    """
    labels, codes = [labels_of(())], [torch.zeros(0)]
    for people, focal_px in _stream_labels(source) if isinstance(source, Stream) else _spread_labels(source):
        focal = torch.full((len(people.transl),), focal_px)
        labels.append(people)
        depth = torch.from_numpy(people.head_cam[:, 2]).float()
        codes.append(encode_depth(depth, focal, mode=recipe.model.depth, image_side=recipe.model.image_side))
    return _mean(concatenate_people(labels), torch.cat(codes))


def _spread_labels(source: ExampleSource) -> Iterator[tuple[PeopleLabels, float]]:
    """People of samples all over the data, and the focal length when the whole picture fills the square, pixels."""
    places = np.unique(np.linspace(0, source.epoch_size - 1, MEAN_SAMPLES).round().astype(int))
    for dataset, number in sorted({source.place(int(place)) for place in places}):
        catalogue = source.catalogues[dataset]
        try:
            annotation, _ = read_sample_bytes(catalogue, number)
            sample = decode_annotation(annotation, where=catalogue.where(number))
        except InputError:
            if source.config.on_corrupt == "stop":
                raise
            continue  # named and counted when training comes to it
        framing = whole_picture(sample.image.width, sample.image.height, side=source.rules.side)
        yield labels_of(sample.people), float(framing.scale * sample.camera.K[0, 0])


def _stream_labels(source: Stream) -> Iterator[tuple[PeopleLabels, float]]:
    """Likewise, of the first samples that come."""
    for example in islice(source.plain_examples(), STREAM_SAMPLES):
        yield example.people, float(example.K[0, 0])


def _mean(people: PeopleLabels, codes: torch.Tensor) -> MeanPerson:
    # A label behind the camera has no depth code: it is no example of one.
    ahead = torch.isfinite(codes)
    return mean_person(
        torch.from_numpy(people.rotvecs).float(),
        torch.from_numpy(people.betas).float(),
        torch.from_numpy(people.expression).float(),
        depth_code=codes,
        valid=PeopleValid(
            hand=torch.from_numpy(people.hand_valid),
            face=torch.from_numpy(people.face_valid),
            expression=torch.from_numpy(people.expression_valid),
            depth=torch.from_numpy(people.depth_valid) & ahead,
            betas=torch.from_numpy(people.betas_valid),
        ),
    )


def make_model(
    recipe: TrainRecipe, body: SmplxLayer, source: ExampleSource | Stream, *, fresh: bool
) -> tuple[MultiHmr, dict | None, str]:
    """The network at the start, what is known of imported weights, and their licence.

    Args:
        recipe: names the weights, if any.
        body: the body model.
        source: what the mean person is taken of.
        fresh: whether nothing is going to be restored over these weights: else the data needn't be looked at.

    Raises:
        CheckpointError: if the weights are of another network than the recipe's.
        AssetMissing: if they aren't there.
    """
    if recipe.start_from is None:
        mean = mean_of_data(source, recipe) if fresh else neutral_person()
        weights = recipe.model.backbone.weights
        known = None if weights == "none" else {"backbone": recipe.model.backbone.name, "weights": Path(weights).name}
        licence = OWN_LICENCE if known is None else f"{OWN_LICENCE}; backbone: as its own file's"
        return build_model(recipe.model, body, mean, seed=recipe.seed), known, licence
    model, about = load_model(Path(recipe.start_from), body)
    require_same_network(recipe, about.model)
    origin = {"folder": Path(recipe.start_from).name, "sha256": about.sha256, "origin": about.origin}
    return model, origin, about.licence


def require_same_network(recipe: TrainRecipe, found: ModelConfig) -> None:
    """Refuse to start from weights of another network.

    Raises:
        CheckpointError: naming what differs.
    """
    ours, theirs = encode(recipe.model), encode(found)
    for config in (ours, theirs):
        config["backbone"].pop("weights")
        config["backbone"].pop("layer_scale")
    different = [name for name in ours if ours[name] != theirs[name]]
    if different:
        told = "; ".join(f"{name}: {theirs[name]} there, {ours[name]} here" for name in different)
        raise CheckpointError(
            f"start_from: {recipe.start_from} holds another network than the recipe's model ({told})."
        )


def make_trainee(model: MultiHmr, recipe: TrainRecipe, ranks: Ranks) -> Trainee:
    """The network on its device with optimiser and moving mean."""
    model = model.to(ranks.device).train()
    decay = recipe.optimiser.ema_decay
    return Trainee(
        model=model,
        optimiser=make_optimiser(model, recipe.optimiser),
        average=None if decay is None else MovingAverage(model, decay),
    )


def about_run(
    recipe: TrainRecipe, data: RunData, body: BodyModel, *, started_from: dict | None, licence: str
) -> RunAbout:
    """What a run is."""
    return RunAbout(
        recipe=json.loads(json.dumps(encode(recipe))),
        data=data.abouts,
        body_model=body.name,
        body_sha256=body.sha256,
        started_from=started_from,
        licence=licence,
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
