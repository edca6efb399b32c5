"""People and cameras seen from above, for tests of what surrounds them."""

import numpy as np

from cuffs.scene.layout import Stage


def a_stage(rng: np.random.Generator) -> Stage:
    """One to three people about the origin, a camera that looks at them from 1.5 to 9 metres away."""
    people = tuple((rng.normal(0, 0.7, 2), float(rng.uniform(0.25, 0.9))) for _ in range(int(rng.integers(1, 4))))
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(1.5, 9.0)
    back = np.array([np.cos(angle), np.sin(angle)])
    middle = np.mean([spot for spot, _ in people], axis=0)
    return Stage(
        people=people,
        eye=np.array([*(middle + distance * back), float(rng.uniform(0.5, 2.0))]),
        forward=-back,
        half_view_rad=float(np.radians(rng.uniform(15, 50))),
        head_z=float(rng.uniform(0.8, 1.9)),
    )


STAGE = a_stage(np.random.default_rng(0))
