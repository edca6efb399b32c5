"""Shards that are read from elsewhere as they come: no index, no exact resume, samples drawn again and again.

For data that doesn't fit here. Each loading process draws shards with replacement, shuffles samples in a buffer, and
mixes datasets by weight. The same seed, processes and first step give the same batches; an interrupted run goes on with
other ones.
"""

import importlib.util
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from cuffs.errors import ConfigError, CuffsError, InputError, RecordError, UnavailableError
from cuffs.seeding import stream
from trainer.data.batches import PackedBatch, keep_memory, pack, received
from trainer.data.config import PLAIN, DataConfig
from trainer.data.examples import Corrupt, Example, ExampleRules, ForeignSample, make_example

logger = logging.getLogger(__name__)
REMOTE = ("http://", "https://", "pipe:", "file:")
"""How a remote dataset's address begins; `webdataset` reads them. `pipe:` runs a command of the user's."""

FAILURES = 20
"""Shards in a row that can't be read until the run stops, whatever the recipe says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A dataset that is streamed."""

    name: str
    urls: str
    """With braces for many: https://host/shard-{000000..000099}.tar"""


def parse_remote(text: str) -> Remote | None:
    """`NAME=URL` or a URL; None if it is a path."""
    name, separator, rest = text.partition("=")
    if separator and rest.startswith(REMOTE):
        return Remote(name=name, urls=rest)
    return Remote(name="stream", urls=text) if text.startswith(REMOTE) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlace:
    """Which part of the streaming a process does."""

    rank: int
    world_size: int
    first_step: int
    """Of this run; another one draws other samples."""


class Stream:
    """Endless batches. An error is the last item: torch would wrap it."""

    def __init__(
        self,
        remotes: Sequence[Remote],
        rules: ExampleRules,
        config: DataConfig,
        *,
        batch_size: int,
        seed: int,
        place: StreamPlace,
    ) -> None:
        self.remotes, self.rules, self.config = tuple(remotes), rules, config
        self.batch_size, self.seed, self.place = batch_size, seed, place
        self.shares = shares(remotes, config.weights)

    def __iter__(self) -> Iterator[PackedBatch | CuffsError]:
        try:
            yield from self._batches()
        except CuffsError as problem:
            yield problem

    def plain_examples(self) -> Iterator[Example]:
        """Samples of the first dataset, not augmented: to get to know the data."""
        twin = Stream(
            self.remotes[:1],
            replace(self.rules, augment=PLAIN),
            replace(self.config, weights={}, stream_buffer=1),
            batch_size=1,
            seed=self.seed,
            place=StreamPlace(rank=0, world_size=1, first_step=0),
        )
        rng = stream(self.seed, "stream's first samples")
        for sample in twin._samples(self.remotes[0], 0, (0, 0, 0)):
            made = sample if isinstance(sample, Corrupt) else twin._make(sample, rng)
            if isinstance(made, Example):
                yield made

    def _batches(self) -> Iterator[PackedBatch]:
        info = get_worker_info()
        place = (self.place.rank, 0 if info is None else info.id, self.place.first_step)
        rng = stream(self.seed, "stream", *place)
        samples = [self._samples(remote, number, place) for number, remote in enumerate(self.remotes)]
        waiting: list[Example | Corrupt] = []
        while True:
            sample = next(samples[int(rng.choice(len(samples), p=self.shares))])
            made = sample if isinstance(sample, Corrupt) else self._make(sample, rng.spawn(1)[0])
            if made is not None:
                waiting.append(made)
            if sum(isinstance(one, Example) for one in waiting) == self.batch_size:
                yield pack(waiting)
                waiting = []

    def _samples(self, remote: Remote, number: int, place: tuple[int, ...]) -> Iterator[Mapping | Corrupt]:
        """Undecoded samples of one dataset, and what could not be read."""
        require_webdataset()
        from webdataset import filters, shardlists, tariterators

        problems: list[Corrupt] = []

        def handle(problem: Exception) -> bool:
            problems.append(self._corrupt(f"{remote.name}: {problem}"))
            if len(problems) > FAILURES:
                raise UnavailableError(f"{remote.name}: {FAILURES} failures in a row. The last: {problem}")
            return True

        seed = int(stream(self.seed, "stream shards", number, *place).integers(2**31))
        shards = shardlists.ResampledShards(remote.urls, seed=seed, deterministic=True, worker_seed=lambda: 0)
        files = tariterators.tar_file_expander(_opened(shards, handle), handler=handle)
        samples = tariterators.group_by_keys(files, handler=handle)
        size = self.config.stream_buffer
        shuffled = filters.shuffle(size, initial=size // 4, seed=seed)(samples)
        for sample in shuffled:
            yield from problems
            problems.clear()
            yield sample
        raise UnavailableError(f"{remote.name}: {remote.urls} gives no samples.")

    def _make(self, sample: Mapping, rng: np.random.Generator) -> Example | Corrupt | None:
        """An example; None if it is of another split."""
        where = f"{sample['__url__']}:{sample['__key__']}"
        try:
            missing = [suffix for suffix in ("jpg", "json") if suffix not in sample]
            if missing:
                raise RecordError(f"{where} has no {missing[0]}.")
            made = make_example(sample["json"], sample["jpg"], self.rules, where=where, rng=rng)
        except ForeignSample:
            raise
        except InputError as problem:
            return self._corrupt(str(problem))
        return made if made.split == self.config.split else None

    def _corrupt(self, cause: str) -> Corrupt:
        if self.config.on_corrupt == "stop":
            raise RecordError(f"{cause} (data.on_corrupt: skip goes on without it)")
        return Corrupt(cause=cause)


def _opened(shards: Iterable[Mapping[str, str]], handle: Callable[[Exception], bool]) -> Iterator[dict]:
    """Each shard's bytes as they come, closed when the next is asked for."""
    from webdataset.gopen import gopen

    for shard in shards:
        try:
            file = gopen(shard["url"])
        except OSError as problem:
            handle(problem)
            continue
        was_read = False
        try:
            yield {"url": shard["url"], "stream": file}
            was_read = True
        finally:
            try:
                file.close()
            except OSError as problem:  # a download that failed says so only now; one that was broken off does too
                if was_read:
                    handle(problem)


class _Endless(IterableDataset):
    """A stream, in the form that torch's loading processes take."""

    def __init__(self, source: Stream) -> None:
        self.source = source

    def __iter__(self) -> Iterator[PackedBatch | CuffsError]:
        return iter(self.source)


def shares(remotes: Sequence[Remote], weights: Mapping[str, float]) -> tuple[float, ...]:
    """How often each dataset is drawn.

    Raises:
        ConfigError: if two have one name, or weights don't name just these.
    """
    names = [remote.name for remote in remotes]
    if len(set(names)) < len(names) or (weights and weights.keys() != set(names)):
        raise ConfigError(
            f"streams are called {names}, data.weights names {sorted(weights)}: they must agree, each once."
        )
    found = np.array([weights[name] if weights else 1.0 for name in names])
    return tuple((found / found.sum()).tolist())


def stream_batches(source: Stream, *, steps: int, workers: int, prefetch: int) -> Iterator[PackedBatch]:
    """So many batches.

    Raises:
        CuffsError: what a loading process raised, the same here.
    """
    require_webdataset()
    loader = DataLoader(
        _Endless(source),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=prefetch if workers else None,
        worker_init_fn=keep_memory,
        multiprocessing_context="forkserver" if workers else None,
    )
    yield from islice(received(loader), steps)


def require_webdataset() -> None:
    """Say so where the package is missing: only streams need it.

    Raises:
        UnavailableError: if it isn't installed.
    """
    if importlib.util.find_spec("webdataset") is None:
        raise UnavailableError("streaming needs the package webdataset: pip install webdataset.")
