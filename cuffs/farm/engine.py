"""joblib's backends by name: who runs the tasks. Each task is small to send and reports how it ended."""

import concurrent.futures
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import BrokenProcessPool

from cuffs.errors import ConfigError, UnavailableError
from cuffs.farm.batch import BatchJob, BatchStatus, render_batch

logger = logging.getLogger(__name__)

Backend = Literal["loky", "dask", "ray"]

WAIT_FOR_WORKERS_S = 600
"""A cluster that starts its workers through a queue needs a while."""

CONNECT_S = 60

ROOT = Path(__file__).parents[2]
"""Where `cuffs` lies, for workers that an engine starts in folders of its own."""


class EngineFailed(Exception):
    """A process of the engine's was lost, and with it some tasks; what they finished is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Who runs the tasks."""

    backend: Backend = "loky"
    workers: int = 1
    """Blender processes at a time; 0 for as many as the engine has places, with dask and ray alone."""

    scheduler: str | None = None
    """Address of a dask scheduler or a ray head."""

    def __post_init__(self) -> None:
        least = 1 if self.backend == "loky" else 0
        if self.workers < least:
            raise ConfigError(f"--workers is {self.workers}, but must be {least} or more.")
        if self.backend == "loky" and self.scheduler is not None:
            raise ConfigError("--scheduler names a dask or ray cluster; add --backend dask or --backend ray.")
        if self.backend == "dask" and self.scheduler is None:
            raise ConfigError("--backend dask needs --scheduler, as in --scheduler tcp://node1:8786.")


class Engine:
    """A running engine."""

    def __init__(
        self,
        workers: Callable[[], int],
        failures: tuple[type[Exception], ...],
        options: Mapping[str, Any],
        *,
        round_size: int | None = None,
    ) -> None:
        self._workers, self._failures, self._options = workers, failures, options
        self.round_size = round_size
        """Most tasks of one round, as a multiple of the workers; None for no limit."""

    def workers(self) -> int:
        """Places for tasks, at this moment: clusters grow and shrink."""
        return max(1, self._workers())

    def run(self, jobs: Sequence[BatchJob]) -> Iterator[BatchStatus]:
        """Run jobs, in any order.

        Raises:
            EngineFailed: if a process was lost.
        """
        try:
            for status in Parallel(**self._options)(delayed(render_batch)(job) for job in jobs):
                assert isinstance(status, BatchStatus)
                yield status
        except self._failures as problem:
            raise EngineFailed(f"{type(problem).__name__}: {problem}") from problem


@contextmanager
def engine(settings: EngineSettings) -> Iterator[Engine]:
    """Connect to an engine for as long as the block runs.

    Raises:
        UnavailableError: if the engine isn't installed or its scheduler can't be reached.
    """
    with {"loky": _loky, "dask": _dask, "ray": _ray}[settings.backend](settings) as running:
        yield running


@contextmanager
def _loky(settings: EngineSettings) -> Iterator[Engine]:
    workers = settings.workers
    options = {
        "n_jobs": workers,
        # Also for one worker: a library that crashes or hangs then ends that process and not the run.
        "backend": "loky",
        "return_as": "generator_unordered",
        "batch_size": 1,
    }
    yield Engine(lambda: workers, (BrokenProcessPool,), options)


@contextmanager
def _dask(settings: EngineSettings) -> Iterator[Engine]:
    try:
        import distributed
        from distributed.comm.core import CommClosedError
    except ModuleNotFoundError:
        raise _not_installed("dask") from None
    try:
        client = distributed.Client(settings.scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as problem:
        raise UnavailableError(
            f"no dask scheduler answers at {settings.scheduler} ({problem}). Is it running? Can this machine reach it?"
        ) from problem
    failures = (distributed.KilledWorker, CommClosedError, concurrent.futures.CancelledError, TimeoutError)
    options = {
        "n_jobs": -1,
        # All that there is: whoever joins late takes what the scheduler still holds.
        "pre_dispatch": settings.workers or "all",
        "return_as": "generator_unordered",
        "batch_size": 1,
    }

    def places() -> int:
        return settings.workers or sum(cast("Mapping[str, int]", client.nthreads()).values())

    with client, parallel_config("dask", client=client, wait_for_workers_timeout=WAIT_FOR_WORKERS_S):
        yield Engine(places, failures, options)


@contextmanager
def _ray(settings: EngineSettings) -> Iterator[Engine]:
    try:
        import ray
        from ray.exceptions import RayError
        from ray.util.joblib import register_ray
    except ModuleNotFoundError:
        raise _not_installed("ray") from None
    try:
        ray.init(
            address=settings.scheduler or "auto",
            runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
            log_to_driver=False,
            logging_level=logging.WARNING,
        )
    except (ConnectionError, OSError, RuntimeError, ValueError) as problem:
        raise UnavailableError(
            f"no ray cluster answers at {settings.scheduler or 'its usual address'} ({problem}). "
            "Start one with `ray start --head`."
        ) from problem
    register_ray()

    def places() -> int:
        there = int(ray.cluster_resources().get("CPU", 0))
        return min(settings.workers, there) if settings.workers else there

    try:
        with parallel_config("ray", ray_remote_args={"num_cpus": 1}):
            # A ray pool keeps the size it was made with: rounds let nodes that joined late take part in the next.
            yield Engine(places, (RayError,), {"n_jobs": settings.workers or -1, "batch_size": 1}, round_size=16)
    finally:
        ray.shutdown()


def _not_installed(name: str) -> UnavailableError:
    return UnavailableError(f"{name} is not installed. Install it with: pip install 'cuffs[farm]'")
