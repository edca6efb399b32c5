"""`cuffs view`: a dataset in the browser."""

import sys
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from cuffs.audit.run import body_of, plan_of
from cuffs.body import load_body_model
from cuffs.shards import read_index
from cuffs.shards.reader import shard_paths
from cuffs.view import open_viewer, rank_samples

Folder = Annotated[Path, tyro.conf.Positional]


def view_command(folder: Folder, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Look at a dataset in the browser: picture, camera, labelled and rendered bodies, worst samples first.

    Bodies coloured by distance need a recipe with `keep_verts`. Ctrl-C ends it.

    Args:
        folder: The dataset's folder.
        host: Address to listen on. With 0.0.0.0 everybody on the network can look.
        port: The first free one from here on is taken.
    """
    count = sum(read_index(path.with_suffix(".json")).count for path in shard_paths(folder))
    with tqdm(total=count, desc="reading", unit="sample", disable=not sys.stderr.isatty()) as bar:
        ranked = rank_samples(folder, bar.update)
    model = load_body_model(body_of(folder, plan_of(folder)))
    viewer = open_viewer(ranked, model, host=host, port=port, name=folder.resolve().name)
    print(f"look at {viewer.url}; Ctrl-C ends it.", flush=True)
    try:
        viewer.wait()
    finally:
        viewer.stop()
