"""Strands of somebody's hair in the world: gathered in locks, curled, each a little by itself. Numpy alone."""

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.hair_styles import STYLES, HairStyle
from cuffs.character.records import Part
from cuffs.character.strands import grown_strands, placed

Array = np.ndarray

STRANDS_A_LOCK = 24
MOST_FRIZZ = 3.0
"""Of the wandering of strands, as a multiple of the common strand's."""


def fallen_strands(
    part: Part, verts: Float[Array, "verts 3"], rng: np.random.Generator, *, share: float = 1.0
) -> Float[Array, "strands points 3"]:
    """Every strand from root to tip, metres.

    Args:
        part: a haircut of `STYLES`.
        verts: its own vertices, posed.
        rng: for roots, locks and curls.
        share: of the style's count of strands.

    Raises:
        KeyError: if there is no such haircut.
    """
    style = STYLES[part.name]
    strands = grown_strands(style, rng, share=share)
    points, outward = placed(strands, verts, part.volume, part.tail)
    run = style.strands
    lock = _lock_of(points[:, 0], rng)
    along = np.linspace(0, 1, points.shape[1])[None, :, None]
    gathered = points + run.lock * along**1.3 * (points[lock] - points)
    return gathered + _curls(style, gathered, outward, lock, rng) + _frizz(style, gathered.shape, rng)


def _lock_of(roots: Float[Array, "n 3"], rng: np.random.Generator) -> Int[Array, " n"]:
    """For each strand the strand that leads its lock."""
    leaders = rng.choice(len(roots), max(1, len(roots) // STRANDS_A_LOCK), replace=False)
    found = np.zeros(len(roots), int)
    lead = roots[leaders]
    square = np.square(lead).sum(1)
    for start in range(0, len(roots), 2048):
        part = roots[start : start + 2048]
        found[start : start + 2048] = leaders[(square[None] - 2 * part @ lead.T).argmin(1)]
    return found


def _curls(
    style: HairStyle, points: Float[Array, "n k 3"], outward: Float[Array, "n k 3"], lock: Int[Array, " n"],
    rng: np.random.Generator,
) -> Float[Array, "n k 3"]:  # fmt: skip
    """Helices about the strands; those of a lock turn together."""
    run = style.strands
    if run.curl_m == 0:
        return np.zeros(points.shape)
    along = np.gradient(points, axis=1)
    step = np.linalg.norm(along, axis=2)
    tangent = along / step[..., None].clip(1e-9)
    across = np.cross(tangent, outward)
    across /= np.linalg.norm(across, axis=2, keepdims=True).clip(1e-9)
    up = np.cross(across, tangent)
    travelled = np.cumsum(step, axis=1) - step[:, :1]
    count = len(points)
    own = rng.normal(scale=0.35, size=count)
    turn = np.exp(rng.normal(scale=0.15, size=count))[lock]
    phase = (rng.uniform(0, 2 * np.pi, count)[lock] + own)[:, None] + 2 * np.pi * travelled / run.curl_length_m * turn[
        :, None
    ]
    size = (
        run.curl_m
        * np.clip(travelled / (1.5 * run.curl_length_m), 0.15, 1)
        * np.exp(rng.normal(scale=0.2, size=count))[:, None]
    )
    return size[..., None] * (np.cos(phase)[..., None] * across + (1 + np.sin(phase))[..., None] * up)


def _frizz(style: HairStyle, shape: tuple[int, ...], rng: np.random.Generator) -> Float[Array, "n k 3"]:
    """Slow wandering of single strands; few wander far."""
    count, points, _ = shape
    far = np.minimum(np.exp(rng.normal(scale=0.7, size=(count, 1, 1))), MOST_FRIZZ)
    share = np.linspace(0, 1, points)[None, :, None]
    first, second = rng.normal(size=(2, count, 1, 3))
    wave = np.sin(2.5 * share + rng.uniform(0, 2 * np.pi, (count, 1, 1)))
    return style.strands.frizz_m * far * share * (first * share + 0.7 * second * wave)
