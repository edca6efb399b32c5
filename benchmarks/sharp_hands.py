"""Are hands sharp? Crops of them at a recipe's samples with its denoiser, against 1024 samples without.

    cuffs plan render_configs/cuffs-ehf.yaml --count 12 --out /tmp/ehf
    python -m benchmarks.sharp_hands /tmp/ehf --hands 20 --out /tmp/sharp

Only the hands are rendered (with a margin, for the denoiser looks around), so a hand costs seconds and not a frame's
minutes. Both pictures of a hand come from one scene, go through its own development (without the sensor's noise, which
would only add the same to both) and are compared as 8 bits. Asked for: PSNR of at least 35 dB. In dim rooms 1024
samples are noisy themselves: the reference is the mean of two halves, whose difference says how noisy, and `own` is the
PSNR that a picture without any error would have against it. `--thresholds` tries several for adaptive sampling against
the same references; 0 takes all samples. `--out` gets a sheet (recipe | reference | difference × 8) and the figures.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import bpy
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from blender_scripts.assets import Assets
from blender_scripts.capture import build_scene
from blender_scripts.data_pass import render_data
from blender_scripts.picture import Light, render_light
from blender_scripts.session import Session, start_session
from cuffs.annotate.visibility import points_box
from cuffs.camera import inverse, project, transform
from cuffs.character import Identity, Topology
from cuffs.develop import develop, metered_gain
from cuffs.plan import read_chunk, read_plan
from cuffs.records import DevelopSpec, SceneSpec
from cuffs.scene.posed import pose_body
from cuffs.skeleton import LIMBS
from cuffs.warp import plan_warp

REFERENCE_SAMPLES = 1024
MARGIN_PX = 6
DENOISER_PX = 32
"""Rendered around what is compared."""

METER_SHARE = 25
"""Per cent of the picture's width at which its exposure is metered."""

METER_SAMPLES = 16
LEAST_SEEN_PX = 150
"""Of a hand, for its crop to count."""

LEAST_DB = 35.0
Box = tuple[int, int, int, int]
Picture = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HandCrop:
    """One hand, twice."""

    key: str
    side: str
    threshold: float
    cost_s: float
    """Processor seconds of the recipe's crop, its denoiser and the scene's transfer included."""

    fast: Picture
    reference: Picture
    halves: tuple[Picture, Picture]
    """The reference by either half of its samples."""

    @property
    def psnr_db(self) -> float:
        """Over all channels of the crop."""
        return psnr_db(float(squares(self.fast, self.reference).mean()))

    @property
    def own_db(self) -> float:
        """Of a picture without any error: a mean's variance is a quarter of that of its halves' difference."""
        return psnr_db(float(squares(*self.halves).mean()) / 4)


def squares(one: Picture, other: Picture) -> Float[np.ndarray, "height width 3"]:
    """Squared differences."""
    return (one.astype(float) - other.astype(float)) ** 2


def psnr_db(mean_square: float) -> float:
    """Of a mean squared error in 8 bits."""
    return float(10 * np.log10(255**2 / max(mean_square, 1e-9)))


def main() -> None:
    """Measure, print, and fail below 35 dB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--hands", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=0, help="instead of the recipe's")
    parser.add_argument("--thresholds", type=float, nargs="*", default=[], help="instead of the recipe's")
    parser.add_argument("--skip", type=int, default=0, help="scenes to pass over")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    crops: list[HandCrop] = []
    for crop in _crops(options.plan, options):
        crops.append(crop)
        print(
            f"{crop.key} {crop.side} at {crop.threshold}: {crop.psnr_db:.2f} dB (own {crop.own_db:.2f}), "
            f"{crop.cost_s:.1f} s, "
            f"{crop.fast.shape[1]} x {crop.fast.shape[0]}",
            flush=True,
        )
        if len({(one.key, one.side) for one in crops}) > options.hands:
            crops.pop()
            break
    thresholds = sorted({crop.threshold for crop in crops})
    figures = {str(one): _figures([crop for crop in crops if crop.threshold == one]) for one in thresholds}
    print(json.dumps(figures, indent=1))
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "sharp_hands.json").write_text(json.dumps(figures, indent=1) + "\n")
        _sheet(crops).save(options.out / "sharp_hands.png")
    poor = [name for name, of in figures.items() if of["together_db"] < LEAST_DB]
    if poor:
        raise SystemExit(f"less than {LEAST_DB} dB at threshold {', '.join(poor)}.")


def _figures(crops: list[HandCrop]) -> dict[str, float | int]:
    """PSNR hand by hand, and of all their pixels together."""
    each = np.array([crop.psnr_db for crop in crops])
    error = float(np.concatenate([squares(crop.fast, crop.reference).ravel() for crop in crops]).mean())
    noise = float(np.concatenate([squares(*crop.halves).ravel() for crop in crops]).mean()) / 4
    return {
        "hands": len(crops),
        "together_db": round(psnr_db(error), 2),
        "together_without_own_noise_db": round(psnr_db(error - noise), 2),
        "median_db": round(float(np.median(each)), 2),
        "least_db": round(float(each.min()), 2),
        "own_of_the_least_db": round(crops[int(each.argmin())].own_db, 2),
        "cost_s": round(float(np.mean([crop.cost_s for crop in crops])), 2),
        "share_below_35": round(float((each < LEAST_DB).mean()), 3),
    }


def _crops(folder: Path, options: argparse.Namespace) -> Iterator[HandCrop]:
    session, assets, plan = start_session("cpu", options.threads), Assets(folder / "assets"), read_plan(folder)
    slots = (slot for chunk in range(plan.num_chunks) for slot in read_chunk(folder, plan, chunk).slots)
    for slot in islice(slots, options.skip, None):
        spec = slot.specs[0]
        render = replace(spec.render, samples=options.samples or spec.render.samples)
        develop_spec = replace(spec.develop or DevelopSpec(metering="people"), shot_noise=0.0, read_noise=0.0)
        spec = replace(spec, camera=replace(spec.camera, distortion=None), render=render, develop=develop_spec)
        yield from _of_scene(spec, session, assets, options.thresholds or [spec.render.adaptive_threshold])


def _of_scene(spec: SceneSpec, session: Session, assets: Assets, thresholds: list[float]) -> Iterator[HandCrop]:
    """The hands of a scene's first person that are seen."""
    boxes = {side: box for side in ("left", "right") if (box := _box(spec, assets, side)) is not None}
    build_scene(spec, session, assets)
    with tempfile.TemporaryDirectory(prefix="cuffs-sharp-") as folder:
        scratch = Path(folder)
        metered = _metered(scratch)
        fast = {(side, one): _fast(box, spec, one, scratch) for side, box in boxes.items() for one in thresholds}
        references = {side: _reference(spec, box, scratch) for side, box in boxes.items()}
        data = render_data(scratch, plan_warp(spec.camera, spec.image))
    rows, columns = (np.arange(size) * 100 // METER_SHARE for size in metered.light.shape[:2])
    gain = metered_gain(metered.light, metered.albedo, data.person[np.ix_(rows, columns)] > 0)
    for (side, threshold), (light, cost_s) in fast.items():
        left, top, right, bottom = boxes[side]
        seen = ((data.limb == LIMBS.index(f"{side}_hand") + 1) & (data.person == 1))[top:bottom, left:right]
        if seen.sum() >= LEAST_SEEN_PX:
            lights = (light, (references[side][0] + references[side][1]) / 2, *references[side])
            fast, reference, *halves = (_finished(one, spec, gain)[top:bottom, left:right] for one in lights)
            yield HandCrop(
                key=spec.key,
                side=side,
                threshold=threshold,
                cost_s=cost_s,
                fast=fast,
                reference=reference,
                halves=(halves[0], halves[1]),
            )


def _metered(scratch: Path) -> Light:
    """The whole picture, small: its exposure needs no more."""
    scene = bpy.context.scene
    kept = (scene.render.resolution_percentage, scene.cycles.samples)
    scene.render.resolution_percentage, scene.cycles.samples = METER_SHARE, METER_SAMPLES
    light = render_light(scratch)
    scene.render.resolution_percentage, scene.cycles.samples = kept
    return light


def _fast(
    box: Box, spec: SceneSpec, threshold: float, scratch: Path
) -> tuple[Float[np.ndarray, "height width 3"], float]:
    """Light around a box as the recipe renders it, and the processor seconds it took; nothing elsewhere."""
    cycles = bpy.context.scene.cycles
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = threshold > 0, threshold
    _look_at(spec, box, DENOISER_PX)
    started = time.process_time()
    light = render_light(scratch).light
    return light, time.process_time() - started


def _reference(spec: SceneSpec, box: Box, scratch: Path) -> list[Float[np.ndarray, "height width 3"]]:
    """Light by many samples, in two halves, within a box (and a margin, for sharpening looks at neighbours)."""
    cycles = bpy.context.scene.cycles
    kept = (cycles.samples, cycles.use_denoising, cycles.use_adaptive_sampling, cycles.seed)
    cycles.samples, cycles.use_denoising, cycles.use_adaptive_sampling = REFERENCE_SAMPLES // 2, False, False
    _look_at(spec, box, 2)
    halves = []
    for number in (1, 2):
        cycles.seed = (spec.render.seed + number) % 2**31
        halves.append(render_light(scratch).light)
    bpy.context.scene.render.use_border = False
    cycles.samples, cycles.use_denoising, cycles.use_adaptive_sampling, cycles.seed = kept
    return halves


def _look_at(spec: SceneSpec, box: Box, margin_px: int) -> None:
    """Render nothing but a box and some pixels around it."""
    left, top, right, bottom = (edge + grow * margin_px for edge, grow in zip(box, (-1, -1, 1, 1), strict=True))
    width, height = spec.image.width, spec.image.height
    render = bpy.context.scene.render
    render.use_border, render.use_crop_to_border = True, False
    render.border_min_x, render.border_max_x = max(0, left) / width, min(width, right) / width
    render.border_min_y, render.border_max_y = 1 - min(height, bottom) / height, 1 - max(0, top) / height


def _finished(light: Float[np.ndarray, "height width 3"], spec: SceneSpec, gain: float) -> Picture:
    """As `save_picture` would write it: sRGB, 8 bits."""
    assert spec.develop is not None
    linear = develop(light, spec.develop, gain=gain)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (encoded * 255 + 0.5).astype(np.uint8)


def _box(spec: SceneSpec, assets: Assets, side: str) -> Box | None:
    """Around the first person's hand: left, top, right, bottom; None where it isn't wholly in the picture."""
    person = spec.people[0]
    topology: Topology = assets.topology(person.character.topology)
    identity: Identity = assets.identity(person.character.identity)
    body = pose_body(topology, identity, person.pose, pelvis_world=person.pelvis_world)
    verts = transform(inverse(spec.camera.T_world_cam), body.verts[body.limb == LIMBS.index(f"{side}_hand")])
    low_x, low_y, high_x, high_y = points_box(project(verts, spec.camera.K))
    box = (int(low_x) - MARGIN_PX, int(low_y) - MARGIN_PX, int(high_x) + MARGIN_PX, int(high_y) + MARGIN_PX)
    inside = box[0] >= 2 and box[1] >= 2 and box[2] <= spec.image.width - 2 and box[3] <= spec.image.height - 2
    return box if inside else None


def _sheet(crops: list[HandCrop], cell: int = 160) -> Image.Image:
    rows = []
    for crop in crops:
        apart = np.abs(crop.fast.astype(int) - crop.reference.astype(int)) * 8
        cells = [crop.fast, crop.reference, apart.clip(0, 255).astype(np.uint8)]
        rows.append(np.concatenate([np.asarray(Image.fromarray(one).resize((cell, cell))) for one in cells], 1))
    columns = 4
    rows += [np.zeros_like(rows[0])] * (-len(rows) % columns)
    lines = [np.concatenate(rows[start : start + columns], 1) for start in range(0, len(rows), columns)]
    return Image.fromarray(np.concatenate(lines))


if __name__ == "__main__":
    main()
