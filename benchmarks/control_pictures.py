"""What the control measured, to look at: silhouettes laid over each other, and dots with what should lie on them."""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw

from benchmarks.control_measure import Figures, honest
from benchmarks.control_shots import ControlPerson
from cuffs.annotate.annotate import pose_label
from cuffs.annotate.raster import Canvas, coverage
from cuffs.body import BodyModel

ZOOM = 2
BOTH, ONLY_LABEL, ONLY_MASK, IGNORED = (70, 70, 70), (255, 60, 40), (60, 140, 255), (25, 25, 25)
FOUND, LABEL = (90, 255, 90), (255, 80, 220)


def write_pictures(person: ControlPerson, figures: Figures, model: BodyModel, folder: Path) -> None:
    """KEY_PERSON.png: the label alone is red, the mask alone blue; dots green, the label's points joined to them."""
    height, width = person.mask.shape
    verts, _ = pose_label(model, honest(person).smplx)
    label = coverage(verts, model.faces, person.K, Canvas(left=0, top=0, width=width, height=height))
    picture = np.zeros((height, width, 3), np.uint8)
    picture[person.mask | label] = BOTH
    picture[label & ~person.mask] = ONLY_LABEL
    picture[person.mask & ~label] = ONLY_MASK
    picture[person.ignored] = IGNORED
    drawn = Image.fromarray(picture).resize((ZOOM * width, ZOOM * height), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(drawn)
    for found, claimed in zip(ZOOM * person.dots.centre, ZOOM * figures.label_at, strict=True):
        pen.line([*found, *claimed], fill=LABEL)
        pen.ellipse(_box(found, 2.0), outline=FOUND)
        pen.ellipse(_box(claimed, 1.0), fill=LABEL)
    rows, columns = np.nonzero(person.mask | label)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    left, top, right, bottom = (int(ZOOM * edge) for edge in box)
    drawn.crop((left, top, right, bottom)).save(folder / f"{person.key.replace(':', '_')}.png")


def _box(centre: Float[np.ndarray, "2"], radius: float) -> list[float]:
    return [*(centre - radius).tolist(), *(centre + radius).tolist()]
