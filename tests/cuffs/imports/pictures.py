"""Pictures for labels: noise, with a bright square about a pixel of everybody's, so that turning shows."""

import numpy as np
from PIL import Image

from cuffs.skeleton import INDEX
from tests.pose_sources.bedlam_fixtures import CLOSEUP

HALF = 6
WRIST = INDEX["left_wrist"]


def write_picture(path, size, spots, *, lies=False):
    """A picture of some size; `lies`: kept turned counter-clockwise, as BEDLAM keeps its upright pictures."""
    width, height = size
    pixels = np.full((height, width, 3), 40, np.uint8)
    for x, y in spots:
        column, row = int(x), int(y)
        if 0 <= column < width and 0 <= row < height:
            pixels[max(0, row - HALF) : row + HALF, max(0, column - HALF) : column + HALF] = 250
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels)
    (picture.transpose(Image.Transpose.ROTATE_90) if lies else picture).save(path)


def brightness(picture, x, y):
    """About a pixel."""
    return float(np.asarray(picture.convert("L"))[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].mean())


def write_bedlam_pictures(root, scenes):
    """As the archives unpack; pictures of the scene taken upright lie on their side."""
    for scene, rows in scenes.items():
        width, height = (round(2 * rows["cam_int"][0, axis, 2]) for axis in (0, 1))
        for name in np.unique(rows["imgname"]):
            mine = rows["imgname"] == name
            spots = rows["gtkps"][mine][:, WRIST, :2]
            write_picture(root / f"training/{scene}/png/{name}", (width, height), spots, lies=scene == CLOSEUP)
