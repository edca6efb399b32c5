"""HumGen3D's content as a folder: what is in it, by kind, sorted; and what is wrong with it. Nothing of it is loaded.

Paths are relative to the root, with forward slashes: what the add-on calls a preset.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cuffs.errors import AssetBroken, AssetMissing

VARIABLE = "CUFFS_HUMGEN3D"
Sex = Literal["female", "male"]
SEXES: tuple[Sex, ...] = ("female", "male")
BASE_PACK = "Base_Humans.json"
TRIAL_PACK = "Trial_Content.json"
PRESET_KEYS = ("age", "keys", "skin", "eyes", "hair", "clothing")

REMEDY = (
    "buy Human Generator, unpack its content packs (.hgpack files are zips) into one folder, and give that folder: "
    f"the one with content_packs/ and models/ in it. {VARIABLE} names it for all commands"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that can be asked for."""

    root: Path
    packs: tuple[str, ...]
    presets: Mapping[Sex, tuple[str, ...]]
    outfits: Mapping[Sex, tuple[str, ...]]
    footwear: Mapping[Sex, tuple[str, ...]]
    hair: Mapping[Sex, tuple[str, ...]]
    textures: Mapping[Sex, tuple[str, ...]]
    beards: tuple[str, ...]
    expressions: tuple[str, ...]
    patterns: tuple[str, ...]
    live_keys: tuple[str, ...]
    patternable: frozenset[str] = frozenset()
    """Clothes that take a pattern, as far as they were tried."""

    broken: Mapping[str, str] = field(default_factory=dict)
    """What can't be used, and why. Trial items are among it."""

    def without(self, refused: Mapping[str, str], *, patternable: frozenset[str] = frozenset()) -> "Content":
        """The same without assets that turned out to be unusable, and with what is known of the others."""

        def kept(paths: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(path for path in paths if path not in refused)

        def by_sex(paths: Mapping[Sex, tuple[str, ...]]) -> dict[Sex, tuple[str, ...]]:
            return {sex: kept(paths[sex]) for sex in SEXES}

        return Content(
            root=self.root,
            packs=self.packs,
            presets=by_sex(self.presets),
            outfits=by_sex(self.outfits),
            footwear=by_sex(self.footwear),
            hair=by_sex(self.hair),
            textures=by_sex(self.textures),
            beards=kept(self.beards),
            expressions=kept(self.expressions),
            patterns=kept(self.patterns),
            live_keys=self.live_keys,
            patternable=self.patternable | patternable,
            broken={**self.broken, **refused},
        )


def content_folder() -> Path:
    """What `CUFFS_HUMGEN3D` says.

    Raises:
        AssetMissing: if it says nothing.
    """
    found = os.environ.get(VARIABLE)
    if not found:
        raise AssetMissing("HumGen3D's content", Path(f"${VARIABLE}"), REMEDY)
    return Path(found)


def read_content(root: Path) -> Content:
    """List a content folder.

    Raises:
        AssetMissing: if something is not there that every installation has.
        AssetBroken: if the folder is something else; the message says what it looks like.
    """
    require_content(root)
    packs = tuple(sorted(path.stem for path in (root / "content_packs").glob("*.json")))
    broken: dict[str, str] = {}
    presets: dict[Sex, tuple[str, ...]] = {sex: _listed(root, f"models/{sex}", ".json", broken) for sex in SEXES}
    for sex in SEXES:
        for path in presets[sex]:
            if problem := _preset_problem(root / path):
                broken[path] = problem
    textures: dict[Sex, tuple[str, ...]] = {
        sex: _listed(root, f"textures/{sex}", (".png", ".tiff", ".tga"), broken) for sex in SEXES
    }
    content = Content(
        root=root,
        packs=packs,
        presets=presets,
        outfits={sex: _listed(root, f"outfits/{sex}", ".blend", broken) for sex in SEXES},
        footwear={sex: _listed(root, f"footwear/{sex}", ".blend", broken) for sex in SEXES},
        hair={sex: _listed(root, f"hair/head/{sex}", ".json", broken) for sex in SEXES},
        textures={sex: tuple(path for path in paths if "/PBR/" not in path) for sex, paths in textures.items()},
        beards=_listed(root, "hair/face_hair", ".json", broken),
        expressions=_listed(root, "shapekeys/expressions", ".npz", broken),
        patterns=_listed(root, "patterns", ".png", broken),
        live_keys=_listed(root, "livekeys", ".npz", broken),
    ).without(broken)
    for sex in SEXES:
        if not content.presets[sex]:
            what = f"no usable starting human for {sex}s"
            first = next((f" ({path}: {why})" for path, why in broken.items() if f"models/{sex}" in path), "")
            raise AssetBroken("HumGen3D's content", root / f"models/{sex}", what + first, REMEDY)
    return content


def require_content(root: Path) -> None:
    """Explain every kind of wrong folder.

    Raises:
        AssetMissing: if something is not there that every installation has.
        AssetBroken: if the folder is something else.
    """
    if not root.exists():
        raise AssetMissing("HumGen3D's content", root, REMEDY)
    if not root.is_dir():
        raise AssetBroken("HumGen3D's content", root, "this is a file, not a folder", REMEDY)
    if not (root / "content_packs").is_dir():
        raise AssetBroken("HumGen3D's content", root, _what_it_looks_like(root), REMEDY)
    if not (root / "content_packs" / BASE_PACK).is_file():
        if (root / "content_packs" / TRIAL_PACK).is_file():
            what = "only the trial is installed; its licence allows no use beyond trying, so it isn't rendered here"
        else:
            what = f"content_packs/ holds no {BASE_PACK}: the pack Base Humans isn't installed"
        raise AssetBroken("HumGen3D's content", root, what, REMEDY)
    for name in ("models/HG_HUMAN.blend", "models/female", "models/male", "livekeys"):
        if not (root / name).exists():
            raise AssetMissing(f"HumGen3D's {name}", root / name, "unpack the pack Base Humans again")


def _what_it_looks_like(root: Path) -> str:
    names = sorted(path.name for path in root.iterdir() if not path.name.startswith("."))
    if not names:
        return "the folder is empty"
    if (root / "human" / "human.py").is_file():
        return "this is the add-on's code, not its content; it goes into CUFFS_HUMGEN3D_ADDON"
    if packs := [name for name in names if name.endswith(".hgpack")]:
        return f"its packs are still packed ({packs[0]}, …)"
    if inner := [name for name in names if (root / name / "content_packs").is_dir()]:
        return f"the content is one folder deeper, in {inner[0]}"
    return f"it has no content_packs/ (it holds {', '.join(names[:4])}{', …' if len(names) > 4 else ''})"


def _listed(root: Path, folder: str, endings: str | tuple[str, ...], broken: dict[str, str]) -> tuple[str, ...]:
    """Files of a kind, sorted; hidden ones are left out, locked trial items noted."""
    found = []
    for path in sorted((root / folder).rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.name.startswith("."):
            continue
        if ".trial" in path.name.lower():
            broken.setdefault(name, "a locked item of the trial")
        elif path.name.lower().endswith(endings) and path.is_file():
            found.append(name)
    return tuple(found)


def _preset_problem(path: Path) -> str | None:
    """Why a starting human can't be used."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        return f"not JSON ({problem})"
    if not isinstance(data, dict):
        return "not a preset: it holds no keys"
    missing = [key for key in PRESET_KEYS if key not in data]
    return f"not a preset: it lacks {', '.join(missing)}" if missing else None
