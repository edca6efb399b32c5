"""`cuffs export`: chooses the form, and publishes its folder whole or not at all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

from cuffs.body import BodyModel
from cuffs.errors import ConfigError
from cuffs.export.agora import export_agora
from cuffs.export.bedlam import export_bedlam
from cuffs.export.coco import export_coco
from cuffs.export.huggingface import export_huggingface
from cuffs.export.multihmr import export_multihmr
from cuffs.export.stream import Exported
from cuffs.publish import explained, publish_folder

ExportFormat = Literal["bedlam", "multihmr", "coco-wholebody", "hf", "agora"]

FORMATS: Final[Mapping[str, Callable[[Path, Path, BodyModel], Exported]]] = {
    "bedlam": export_bedlam,
    "multihmr": export_multihmr,
    "coco-wholebody": export_coco,
    "hf": export_huggingface,
    "agora": export_agora,
}


def export_dataset(folder: Path, form: ExportFormat, out: Path, model: BodyModel) -> Exported:
    """Write a dataset in another form; the folder appears when all of it is there.

    Args:
        folder: the dataset.
        form: one of FORMATS.
        out: a folder that doesn't exist yet.
        model: the labels' body model.

    Raises:
        ConfigError: if `out` exists.
        RecordError: if a sample can't be read.
        AssetMissing: if a library is missing that the form needs.
        OutputError: if the disk is full or not writable.
    """
    if out.exists():
        raise ConfigError(f"{out} exists already: choose another folder, or remove it.")
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    with publish_folder(out) as scratch:
        return FORMATS[form](folder, scratch, model)
