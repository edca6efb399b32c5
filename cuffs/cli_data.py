"""`cuffs export` and `cuffs view`: datasets in other forms, and in space."""

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from cuffs.audit.run import body_of, plan_of
from cuffs.body import load_body_model
from cuffs.export import ExportFormat, export_dataset
from cuffs.shards import read_index
from cuffs.shards.reader import shard_paths
from cuffs.view import Viewer, rank_samples

Folder = Annotated[Path, tyro.conf.Positional]


def export_command(folder: Folder, format: ExportFormat, out: Path) -> None:
    """Write a dataset in another form. OUT appears when all of it is there.

    Args:
        folder: The dataset's folder.
        format: bedlam: label npz and images; multihmr: Multi-HMR's pickles and images; coco-wholebody: 133 points and
            masks; hf: a Hugging Face folder; agora: data frames and images.
        out: A folder that doesn't exist yet.
    """
    model = load_body_model(body_of(folder, plan_of(folder)))
    found = export_dataset(folder, format, out, model)
    for cause, number in sorted(found.left_out.items()):
        print(f"  left out {number:6d}  {cause}")
    print(f"{found.images} pictures, {found.people} people: {out}")


def view_command(folder: Folder, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Show samples in space in a browser, the worst residual first: camera, picture, label, character, joints.

    Args:
        folder: The dataset's folder.
        host: Who may look: by default this machine alone; 0.0.0.0 lets the whole network look, without a password.
        port: Where; the next free one if it is taken.
    """
    model = load_body_model(body_of(folder, plan_of(folder)))
    count = sum(read_index(path.with_suffix(".json")).count for path in shard_paths(folder))
    with tqdm(total=count, desc="ranking", unit="sample", disable=not sys.stderr.isatty()) as bar:
        ranking = rank_samples(folder, bar.update)
    viewer, ended = Viewer(ranking, model, host=host, port=port), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    print(f"Look at {viewer.url}; Ctrl-C ends it.", flush=True)
    ended.wait()
    viewer.stop()
