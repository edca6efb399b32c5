"""A user's panoramas, photographs and .blend rooms: checked, and copied into the plan."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from cuffs.config import build, load_yaml
from cuffs.errors import AssetBroken, ConfigError, WorkerDied
from cuffs.publish import publish_file
from cuffs.recipe import Recipe
from cuffs.records import PlaceFile

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "hdri": (".hdr", ".exr"),
    "photo": (".jpg", ".jpeg", ".png"),
    "blend": (".blend",),
}
MAX_BYTES: Mapping[str, int] = {"hdri": 2**30, "photo": 2**28, "blend": 2**32}
MAX_PIXELS = 200_000_000

PLATES = "plates.yaml"
"""In a folder of photographs: `beach.jpg: {horizon: 0.42, fov_x_deg: 60}`."""

CHECK_TIMEOUT_S = 1800.0


def copy_places(recipe: Recipe, recipe_folder: Path, folder: Path) -> dict[str, tuple[PlaceFile, ...]]:
    """Copy the files that the recipe may draw into the plan's assets/places, after a look at each.

    Args:
        recipe: its folders; relative ones start at the recipe's own.
        recipe_folder: where the recipe lies.
        folder: the plan's.

    Returns:
        Files by kind of place.

    Raises:
        ConfigError: if a folder holds none, two files have one name, or plates.yaml is wrong.
        AssetBroken: if a file can't be used, or holds scripts.
    """
    found: dict[str, tuple[PlaceFile, ...]] = {}
    taken: dict[str, Path] = {}
    for kind, endings in ENDINGS.items():
        source = getattr(recipe.place, f"{kind}_folder")
        if source is None or recipe.place.kinds.get(kind, 0) <= 0:
            continue
        where = recipe_folder / source
        paths = sorted(path for path in where.glob("[!.]*") if path.suffix.lower() in endings and path.is_file())
        if not paths:
            raise ConfigError(f"place.{kind}_folder: {where} holds no {' or '.join(endings)} files.")
        for path in paths:
            if path.name in taken:
                raise ConfigError(f"place: {path} and {taken[path.name]} have one name; rename one of them.")
            taken[path.name] = path
            _require_size(path, MAX_BYTES[kind])
        found[kind] = _looked_at(kind, where, paths)
    for name, path in taken.items():
        with publish_file(folder / "assets/places" / name) as scratch:
            scratch.write_bytes(path.read_bytes())
    return found


def _looked_at(kind: str, where: Path, paths: Sequence[Path]) -> tuple[PlaceFile, ...]:
    if kind == "photo":
        return _photographs(where, paths)
    if kind == "blend":
        return _rooms(paths)
    return tuple(PlaceFile(name=path.name) for path in paths)


def _require_size(path: Path, limit: int) -> None:
    size = path.stat().st_size
    if not 0 < size <= limit:
        raise AssetBroken(path.name, path, f"it has {size} bytes", f"give a file of 1 to {limit} bytes")


def _photographs(where: Path, paths: Sequence[Path]) -> tuple[PlaceFile, ...]:
    """Every photograph opened, with what plates.yaml says of it."""
    for path in paths:
        try:
            with Image.open(path) as image:
                width, height = image.size
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as problem:
            raise AssetBroken("a photograph", path, str(problem), "save it as JPEG or PNG again") from problem
        if width * height > MAX_PIXELS:
            raise AssetBroken("a photograph", path, f"it has {width * height} pixels", f"at most {MAX_PIXELS}")
    said = where / PLATES
    plates = load_yaml(said) if said.exists() else {}
    if unknown := sorted(plates.keys() - {path.name for path in paths}):
        raise ConfigError(f"{said}: no photograph {unknown[0]!r} lies beside it.")
    return tuple(
        build(PlaceFile, {"name": path.name, **_keys(plates.get(path.name, {}), said)}, where=f"{said}: {path.name}")
        for path in paths
    )


def _keys(value: object, said: Path) -> dict[str, object]:
    if not isinstance(value, dict) or value.keys() - {"horizon", "fov_x_deg"}:
        raise ConfigError(f"{said}: say `name.jpg: {{horizon: 0.45, fov_x_deg: 60}}`, found {value!r}.")
    return value


def _rooms(paths: Sequence[Path]) -> tuple[PlaceFile, ...]:
    """Every .blend file read by Blender, in a process of its own, with scripts off.

    Raises:
        AssetBroken: naming the first file that is refused, and why.
        WorkerDied: if Blender itself falls over one.
    """
    with tempfile.TemporaryDirectory(prefix="cuffs-rooms-") as scratch:
        report_path = Path(scratch) / "report.json"
        command = [sys.executable, "-m", "blender_scripts.check_rooms", "--out", str(report_path), *map(str, paths)]
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=CHECK_TIMEOUT_S, check=False, env=dict(os.environ)
        )
        if run.returncode != 0 or not report_path.exists():
            raise WorkerDied(f"Blender could not look at the rooms in {paths[0].parent}:\n{run.stderr[-2000:]}")
        report = json.loads(report_path.read_text())
    for path in paths:
        if problem := report[str(path)].get("problem"):
            raise AssetBroken(f"place.blend_folder: {path.name}", path, problem, "see above, or take it out")
    return tuple(
        PlaceFile(name=path.name, spots=tuple(tuple(spot) for spot in report[str(path)]["spots"])) for path in paths
    )


__all__ = ["copy_places"]
