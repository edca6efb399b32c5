"""Where finished shards lie: in a dataset's folder, or at an address that fsspec can reach (s3://bucket/name)."""

import hashlib
import json
import logging
import posixpath
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cuffs.codec import decode, encode
from cuffs.errors import ConfigError, OutputError, RecordError
from cuffs.publish import explained, write_bytes
from cuffs.shards.index import ShardIndex, read_index
from cuffs.shards.writer import ShardContent, write_shard

logger = logging.getLogger(__name__)

WHOLE_OBJECTS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "memory"}
"""Protocols that show an object when it is complete and not before; elsewhere a file is written beside and renamed."""

FOREIGN_ERRORS = {
    "botocore.exceptions": "BotoCoreError",
    "aiohttp": "ClientError",
    "gcsfs.retry": "HttpError",
    "google.auth.exceptions": "GoogleAuthError",
    "azure.core.exceptions": "AzureError",
}
"""What the libraries below fsspec raise of their own beside OSError: no credentials, no such host, a wrong checksum."""

TRIES = 4
BACKOFF_S = 1.0
BLOCK = 2**22


@dataclass(frozen=True, slots=True)
class ShardStore:
    """Finished shards of one plan."""

    folder: Path
    """Of the plan."""

    url: str | None = None
    """Where shards go; None for the plan's own folder."""

    def tar_path(self, chunk: int) -> Path:
        """A shard in the plan's own folder."""
        return self.folder / "shards" / f"shard-{chunk:06d}.tar"

    def index_path(self, chunk: int) -> Path:
        """The shard's index, or where shards go elsewhere, the copy of it that says what was uploaded."""
        if self.url is None:
            return self.tar_path(chunk).with_suffix(".json")
        place = hashlib.sha256(self.url.rstrip("/").encode()).hexdigest()[:12]
        return self.folder / "uploaded" / place / f"shard-{chunk:06d}.json"

    def index(self, chunk: int) -> ShardIndex:
        """What a finished shard holds.

        Raises:
            RecordError: if it isn't there or is damaged.
        """
        return read_index(self.index_path(chunk))

    def is_finished(self, chunk: int) -> bool:
        """Whether a shard has its index, which is written last, and is as long as that says."""
        try:
            index = self.index(chunk)
            return self.url is not None or self.tar_path(chunk).stat().st_size == index.size
        except (RecordError, FileNotFoundError):
            return False

    def publish(self, content: ShardContent, scratch: Path) -> ShardIndex:
        """Write a shard whole or not at all.

        Args:
            content: what goes in.
            scratch: a folder for what is made before it is uploaded.

        Raises:
            OutputError: if the disk is full or not writable, or the upload fails again and again.
        """
        if self.url is None:
            with explained(self.folder):
                self.tar_path(content.chunk).parent.mkdir(exist_ok=True)
            return write_shard(self.tar_path(content.chunk), content)
        with tempfile.TemporaryDirectory(prefix=".upload-", dir=scratch, ignore_cleanup_errors=True) as name:
            tar_path = Path(name) / self.tar_path(content.chunk).name
            index = write_shard(tar_path, content)
            place = Place(self.url)
            place.upload(tar_path, f"shards/{tar_path.name}")
            place.upload(tar_path.with_suffix(".json"), f"shards/{tar_path.stem}.json")
        self._note(index)
        return index

    def remove_scratch(self, chunk: int) -> None:
        """Drop what a killed writer left of a finished shard. One that still writes fails, and finds it finished."""
        for final in (self.tar_path(chunk), self.index_path(chunk)):
            for left in final.parent.glob(f".{final.name}.*"):
                left.unlink(missing_ok=True)

    def reconcile(self, chunks: Iterable[int], plan_hash: str) -> None:
        """Hold what we think was uploaded against what is there: another machine may have uploaded, someone deleted.

        The plan's own record is uploaded first: a place that takes nothing must not be found out after hours.

        Raises:
            OutputError: if the place can't be reached or written to.
        """
        if self.url is None:
            return
        place = Place(self.url)
        place.upload(self.folder / "plan.json", "plan.json")
        there = place.sizes("shards")
        for chunk in chunks:
            name = self.tar_path(chunk).stem
            if f"{name}.json" not in there or f"{name}.tar" not in there:
                self.index_path(chunk).unlink(missing_ok=True)
                continue
            if not self.is_finished(chunk):
                index = place.read_index(f"shards/{name}.json")
                if index is not None and index.plan_hash == plan_hash:
                    self._note(index)
            if self.is_finished(chunk) and self.index(chunk).size != there[f"{name}.tar"]:
                self.index_path(chunk).unlink()

    def download(self, chunk: int, folder: Path) -> Path:
        """A local copy of a shard and its index; the tar's path. A shard of the plan's own folder is not copied.

        Raises:
            OutputError: if it can't be fetched.
        """
        if self.url is None:
            return self.tar_path(chunk)
        place, tar_path = Place(self.url), folder / self.tar_path(chunk).name
        for path in (tar_path, tar_path.with_suffix(".json")):
            place.download(f"shards/{path.name}", path)
        return tar_path

    def _note(self, index: ShardIndex) -> None:
        path = self.index_path(index.chunk)
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, (json.dumps(encode(index), indent=1) + "\n").encode())


class Place:
    """A folder that fsspec can reach."""

    def __init__(self, url: str) -> None:
        """Connect.

        Raises:
            ConfigError: if the address is of no known kind, or what it needs isn't installed.
        """
        import fsspec

        try:
            self._files, self._root = fsspec.url_to_fs(url.rstrip("/"), use_listings_cache=False)
        except (ValueError, ImportError) as problem:
            raise ConfigError(f"--out {url} can't be used: {problem}") from problem
        protocols = self._files.protocol
        self._problems = (OSError, TimeoutError, *_foreign_errors())
        self._shows_whole = bool(WHOLE_OBJECTS & {protocols, *([] if isinstance(protocols, str) else protocols)})
        self._url = url

    def upload(self, source: Path, name: str) -> None:
        """Put a file there whole or not at all, and read it back: an upload counts when its bytes are the right ones.

        Raises:
            OutputError: after the last try.
        """
        with source.open("rb") as file:
            wanted = hashlib.file_digest(file, "sha256").hexdigest()
        for number in range(1, TRIES + 1):
            try:
                self._upload(source, name, wanted)
                return
            except self._problems as problem:
                logger.warning("upload of %s failed (try %d of %d): %s", name, number, TRIES, problem)
                if number == TRIES:
                    raise OutputError(
                        f"can't upload {name} to {self._url}: {problem}. Nothing is lost; run the same command again."
                    ) from problem
                time.sleep(BACKOFF_S * 4 ** (number - 1))

    def sizes(self, folder: str) -> dict[str, int]:
        """Names and sizes of the files of a folder; none where there is no folder.

        Raises:
            OutputError: if the place can't be reached.
        """
        try:
            listed = self._files.ls(self._path(folder), detail=True)
        except FileNotFoundError:
            return {}
        except self._problems as problem:
            raise OutputError(f"can't look at {self._url}: {problem}") from problem
        return {posixpath.basename(entry["name"]): int(entry["size"] or 0) for entry in listed}

    def read_index(self, name: str) -> ShardIndex | None:
        """An index that lies there, None where it isn't one.

        Raises:
            OutputError: if the place can't be reached.
        """
        try:
            return decode(ShardIndex, json.loads(self._files.cat_file(self._path(name))), where=f"{self._url}/{name}")
        except (RecordError, json.JSONDecodeError, UnicodeDecodeError):
            return None
        except self._problems as problem:
            raise OutputError(f"can't read {self._url}/{name}: {problem}") from problem

    def download(self, name: str, target: Path) -> None:
        """Fetch a file.

        Raises:
            OutputError: if it isn't there or can't be fetched.
        """
        try:
            with self._files.open(self._path(name), "rb") as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, BLOCK)
        except self._problems as problem:
            raise OutputError(f"can't fetch {self._url}/{name}: {problem}") from problem

    def _upload(self, source: Path, name: str, wanted: str) -> None:
        final = self._path(name)
        target = final if self._shows_whole else f"{final}.{uuid.uuid4().hex[:8]}.part"
        if not self._shows_whole:  # object stores have no folders, and a misspelt bucket must not be made
            self._files.makedirs(posixpath.dirname(final), exist_ok=True)
        try:
            self._files.put_file(str(source), target)
            found = self._digest(target)
            if found != wanted:
                raise OSError(f"what arrived has the sha256 {found}, not {wanted}")
            if target != final:
                self._files.mv(target, final)
        except BaseException:
            self._discard(target)
            raise

    def _digest(self, path: str) -> str:
        digest = hashlib.sha256()
        with self._files.open(path, "rb", block_size=BLOCK) as file:
            while block := file.read(BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def _discard(self, path: str) -> None:
        try:
            self._files.rm_file(path)
        except (
            self._problems
        ) as problem:  # often not there: then all is well; if it is, its index isn't, so nobody reads it
            logger.debug("%s can't be removed: %s", path, problem)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def _foreign_errors() -> Iterator[type[Exception]]:
    """Errors of the libraries that are loaded: after connecting, those that the address needs."""
    for module, name in FOREIGN_ERRORS.items():
        if module in sys.modules:
            yield getattr(sys.modules[module], name)
