"""`cuffs export` and its like: datasets in other forms."""

from pathlib import Path
from typing import Annotated

import tyro

from cuffs.audit.run import body_of, plan_of
from cuffs.body import load_body_model
from cuffs.export import ExportFormat, export_dataset

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
