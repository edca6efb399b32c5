"""One sample as the network sees it: a function of (seed, epoch, place in the epoch)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8

from cuffs.errors import InputError, RecordError, UnavailableError
from cuffs.seeding import stream
from cuffs.shards.reader import decode_annotation
from trainer.data.appearance import draw_appearance
from trainer.data.catalogue import ANNOTATION, PICTURE, SHA256_BYTES, Catalogue, require_body
from trainer.data.config import AugmentConfig, DataConfig, Split
from trainer.data.geometry import decode_picture, draw_framing, frame_picture
from trainer.data.order import epoch_order
from trainer.data.people import MirrorRule, PeopleLabels, labels_of, mirror_people

SUBSTITUTES = 20
"""Samples that are tried in place of a corrupt one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example:
    """A square picture and its people, augmented."""

    key: str
    pixels: UInt8[np.ndarray, "side side 3"]
    K: Float[np.ndarray, "3 3"]
    people: PeopleLabels
    split: Split
    corrupt: tuple[str, ...] = ()
    """What was found wrong with samples that should have been in this one's place."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExampleRules:
    """What turns a sample's bytes into an example."""

    side: int
    augment: AugmentConfig
    mirror: MirrorRule
    body_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrupt:
    """A sample that could not be read."""

    cause: str
    """Names it."""


class ForeignSample(RecordError):
    """A sound sample that this run must not read: never skipped."""


def make_example(
    annotation: bytes, picture: bytes, rules: ExampleRules, *, where: str, rng: np.random.Generator
) -> Example:
    """Decode and augment.

    Args:
        annotation: KEY.json.
        picture: KEY.jpg.
        rules: what to do.
        where: the sample, for messages.
        rng: where all choices come from.

    Raises:
        ForeignSample: if it is of another body model.
        RecordError: saying what is wrong with it.
    """
    sample = decode_annotation(annotation, where=where)
    try:
        require_body(sample.body_model, rules.body_sha256, where=where)
    except RecordError as problem:
        raise ForeignSample(str(problem)) from None
    people, size = labels_of(sample.people), (sample.image.width, sample.image.height)
    framing_rng, appearance_rng = rng.spawn(2)
    framing = draw_framing(
        rules.augment.framing, people, sample.camera.K, size=size, side=rules.side, rng=framing_rng
    )  # fmt: skip
    square = frame_picture(decode_picture(picture, size, framing.scale, where=where), size, framing)
    square = draw_appearance(rules.augment.appearance, square, appearance_rng)
    return Example(
        key=sample.key,
        pixels=np.asarray(square),
        K=framing.intrinsics(sample.camera.K),
        people=mirror_people(people, rules.mirror) if framing.flipped else people,
        split=sample.provenance.split,
    )


def read_sample_bytes(catalogue: Catalogue, number: int) -> tuple[bytes, bytes]:
    """Annotation and picture of a sample, held against the index's hashes.

    Raises:
        UnavailableError: if the tar can't be read.
        RecordError: if its bytes are not what was written.
    """
    found = {}
    path = catalogue.tars[catalogue.tar_of[number]]
    try:
        with path.open("rb") as file:
            for member in (PICTURE, ANNOTATION):
                file.seek(catalogue.offsets[number, member])
                found[member] = file.read(int(catalogue.sizes[number, member]))
    except OSError as problem:
        raise UnavailableError(f"{path} can't be read: {problem.strerror}.") from problem
    for member, data in found.items():
        digest = np.frombuffer(hashlib.sha256(data).digest(), np.uint8, SHA256_BYTES)
        if not np.array_equal(digest, catalogue.sha256[number, member]):
            raise RecordError(f"{catalogue.where(number)}: its bytes are not those that its index has the hash of.")
    return found[ANNOTATION], found[PICTURE]


class ExampleSource:
    """Examples by their place in the whole training: epoch times the epoch's size plus the place in the epoch.

    Sent to loading processes; the only thing it remembers is the order of the epoch it is in.
    """

    def __init__(
        self,
        catalogues: Sequence[Catalogue],
        rules: ExampleRules,
        config: DataConfig,
        *,
        counts: Sequence[int],
        seed: int,
    ) -> None:
        self.catalogues, self.rules, self.config = tuple(catalogues), rules, config
        self.counts, self.seed = tuple(counts), seed
        self.epoch_size = sum(counts)
        self._epoch = -1
        self._order = (np.zeros(0, np.int64), np.zeros(0, np.int64))

    def place(self, position: int) -> tuple[int, int]:
        """Dataset and sample at a place."""
        epoch, number = divmod(position, self.epoch_size)
        if epoch != self._epoch:
            sizes = [len(catalogue) for catalogue in self.catalogues]
            self._order = epoch_order(self.seed, epoch, sizes=sizes, counts=self.counts)
            self._epoch = epoch
        return int(self._order[0][number]), int(self._order[1][number])

    def __getitem__(self, position: int) -> Example:
        """The example at a place.

        Raises:
            ForeignSample: if it is of another body model.
            RecordError: if it is corrupt and the recipe says to stop, or too many in a row are.
        """
        dataset, number = self.place(position)
        epoch, place = divmod(position, self.epoch_size)
        found: list[str] = []
        catalogue = self.catalogues[dataset]
        for attempt in range(SUBSTITUTES):
            rng = stream(self.seed, "augment", epoch, place, attempt)
            made = load_example(catalogue, number, self.rules, self.config.on_corrupt, rng=rng)
            if isinstance(made, Example):
                return replace(made, corrupt=tuple(found))
            found.append(made.cause)
            number = int(stream(self.seed, "substitute", epoch, place, attempt).integers(len(catalogue)))
        raise RecordError(f"{SUBSTITUTES} samples in a row are corrupt. The last: {found[-1]}")


class EverySample:
    """All samples of some catalogues, each once, in order, as they are: for validation."""

    def __init__(self, catalogues: Sequence[Catalogue], rules: ExampleRules, config: DataConfig) -> None:
        self.catalogues, self.rules, self.config = tuple(catalogues), rules, config
        self.starts = np.cumsum([0, *(len(catalogue) for catalogue in catalogues)])

    def __len__(self) -> int:
        """Samples."""
        return int(self.starts[-1])

    def __getitem__(self, position: int) -> Example | Corrupt:
        """The example at a place, or why there is none.

        Raises:
            ForeignSample: if it is of another body model.
            RecordError: if it is corrupt and the recipe says to stop.
        """
        dataset = int(np.searchsorted(self.starts, position, side="right")) - 1
        number = position - int(self.starts[dataset])
        rng = stream(0, "validation", position)
        return load_example(self.catalogues[dataset], number, self.rules, self.config.on_corrupt, rng=rng)


def load_example(
    catalogue: Catalogue,
    number: int,
    rules: ExampleRules,
    on_corrupt: Literal["stop", "skip"],
    *,
    rng: np.random.Generator,
) -> Example | Corrupt:
    """Read and make one example; a corrupt one is a value, not an error, where it shall be skipped.

    Raises:
        ForeignSample: if it is of another body model.
        RecordError: if it is corrupt and shall stop the run.
    """
    try:
        annotation, picture = read_sample_bytes(catalogue, number)
        return make_example(annotation, picture, rules, where=catalogue.where(number), rng=rng)
    except ForeignSample:
        raise
    except InputError as problem:
        if on_corrupt == "stop":
            raise RecordError(f"{problem} (data.on_corrupt: skip goes on without it)") from problem
        return Corrupt(cause=str(problem))
