"""Annotation drawn on its image: the labelled body, joints, boxes. Without Blender and without a GPU."""

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageDraw, ImageFont

from cuffs.annotate.raster import Canvas, nearest_faces
from cuffs.records import PersonRecord, Sample
from cuffs.skeleton import HANDS, JOINTS, PARENTS

PEOPLE_COLOURS = np.array([[86, 180, 233], [230, 159, 0], [0, 158, 115], [204, 121, 167], [240, 228, 66], [213, 94, 0]])
"""Okabe and Ito's colours, told apart by colour-blind people too."""

LEFT_COLOUR, RIGHT_COLOUR, MIDDLE_COLOUR = (64, 160, 255), (255, 110, 60), (240, 240, 120)
HIDDEN_COLOUR = (150, 150, 150)
LIGHT = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])
"""Towards the light, camera axes."""


def overlay(
    image: UInt8[np.ndarray, "height width 3"],
    bodies_cam: list[Float[np.ndarray, "verts 3"]],
    faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
    *,
    opacity: float = 0.75,
) -> UInt8[np.ndarray, "height width 3"]:
    """The labelled bodies shaded over the image.

    Args:
        image: RGB.
        bodies_cam: each person's vertices, metres.
        faces: triangles.
        K: pixels.
        opacity: of the bodies.
    """
    height, width = image.shape[:2]
    points = np.concatenate(bodies_cam)
    num_verts = len(bodies_cam[0])
    all_faces = np.concatenate([faces + number * num_verts for number in range(len(bodies_cam))])
    hit, _ = nearest_faces(points, all_faces, K, Canvas(left=0, top=0, width=width, height=height))
    corners = points[all_faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-12)
    shade = 0.35 + 0.65 * np.abs(normals @ LIGHT)
    colours = PEOPLE_COLOURS[(np.arange(len(all_faces)) // len(faces)) % len(PEOPLE_COLOURS)] * shade[:, None]
    drawn = hit >= 0
    result = image.astype(float)
    result[drawn] = (1 - opacity) * result[drawn] + opacity * colours[hit[drawn]]
    return result.round().astype(np.uint8)


def skeleton(image: UInt8[np.ndarray, "height width 3"], sample: Sample) -> UInt8[np.ndarray, "height width 3"]:
    """Joints and bones of everybody: left blue, right orange, hidden joints grey."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    unit = max(1.0, min(picture.size) / 448)
    for person in reversed(sample.people):
        _draw_person(draw, person, unit)
    return np.asarray(picture)


def _draw_person(draw: ImageDraw.ImageDraw, person: PersonRecord, unit: float) -> None:
    if person.joints2d is None:
        return
    points = [(float(x), float(y)) for x, y in person.joints2d]
    fingers = {joint for hand in HANDS.values() for joint in range(hand.start, hand.stop)}
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            width = 1 if joint in fingers else round(2 * unit)
            draw.line([points[parent], points[joint]], fill=_side_colour(joint), width=width)
    for joint, (x, y) in enumerate(points):
        hidden = person.occluded is not None and person.occluded[joint] in (1, 2)
        radius = (1.0 if joint in fingers else 2.2) * unit
        fill = HIDDEN_COLOUR if hidden else _side_colour(joint)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)


def _side_colour(joint: int) -> tuple[int, int, int]:
    name = JOINTS[joint]
    return LEFT_COLOUR if name.startswith("left") else RIGHT_COLOUR if name.startswith("right") else MIDDLE_COLOUR


def caption(image: UInt8[np.ndarray, "height width 3"], text: str) -> UInt8[np.ndarray, "height width 3"]:
    """A line of text in the picture's top-left corner, readable on anything."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=max(10, picture.height // 34))
    draw.text((4, 2), text, fill=(255, 255, 255), stroke_width=2, stroke_fill=(0, 0, 0), font=font)
    return np.asarray(picture)
