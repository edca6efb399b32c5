"""The tables between a body model and HumGen3D's mesh: one a sex, made once, kept by the mesh's and the model's hash.

A table holds triangles and weights within them, and how far surfaces were apart: no position of any vertex.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.character import Topology
from cuffs.codec import encode
from cuffs.correspond import (
    Correspondence,
    RegistrationReport,
    carry,
    load_correspondence,
    register,
    save_correspondence,
)
from cuffs.errors import AssetMissing, CheckFailed
from cuffs.fit import fit_rest, prepare_fit
from cuffs.humgen3d.content import Content, Sex
from cuffs.humgen3d.maker import HumanMaker, MadeHuman
from cuffs.humgen3d.records import HumanSpec, topology_hash
from cuffs.publish import explained, write_bytes

logger = logging.getLogger(__name__)

Array = np.ndarray

PLAIN_HEIGHT_M: Mapping[Sex, float] = {"female": 1.68, "male": 1.80}
PLAIN_AGE = 30
REMEDY = "run: cuffs correspond --character humgen3d"

LIMITS: Mapping[str, float] = {
    "body gap mean": 1.0, "head gap mean": 1.0, "face gap mean": 1.0, "hands gap mean": 0.5,
    "least coverage": 0.97, "rest fit mean": 4.0, "rest fit fingers": 2.0, "flipped faces": 120,
}  # fmt: skip
"""What a registration may show, mm and shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A table with what is known of its quality."""

    sex: Sex
    path: Path
    topology_sha256: str
    report: Mapping[str, object]
    misses: tuple[str, ...]
    """Limits that were missed."""


def plain_human(content: Content, sex: Sex) -> HumanSpec:
    """The human that a sex is registered on: the first starting human, at a middling height, without any change."""
    return HumanSpec(sex=sex, preset=content.presets[sex][0], height_m=PLAIN_HEIGHT_M[sex], age_years=PLAIN_AGE)


def table_path(cache: Path, model: BodyModel, sex: Sex, topology_sha256: str) -> Path:
    """Where a table is kept."""
    return cache / "correspond" / f"humgen3d-{sex}-{topology_sha256[:12]}-{model.sha256[:12]}.npz"


def load_table(cache: Path, model: BodyModel, sex: Sex, topology: Topology) -> Correspondence:
    """A table that was made before.

    Raises:
        AssetMissing: if there is none; says how to make it.
        AssetBroken: if the file is damaged.
        CheckFailed: if its registration missed limits.
    """
    path = table_path(cache, model, sex, topology_hash(topology))
    if not path.exists():
        raise AssetMissing(f"The table between {model.name} and HumGen3D's {sex} mesh", path, REMEDY)
    require_good(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")), path)
    return load_correspondence(path, num_character_verts=len(topology.body_vertices))


def require_good(report: Mapping[str, object], path: Path) -> None:
    """Refuse a table whose registration missed limits.

    Raises:
        CheckFailed: naming them.
    """
    misses = report["misses"]
    assert isinstance(misses, list)
    if misses:
        raise CheckFailed(
            f"the registration of {path.name} missed its limits ({'; '.join(map(str, misses))}).\n"
            f"  Look at the pictures beside {path.with_suffix('.json')}; labels made through it would be wrong."
        )


def make_table(
    cache: Path, model: BodyModel, content: Content, maker: HumanMaker, *, sex: Sex
) -> tuple[Made, MadeHuman, Float[Array, "verts 3"]]:
    """Register a body model to a sex's mesh, or find the table of before.

    Returns:
        The table, the human, and the body model's vertices carried onto them (for pictures).

    Raises:
        CuffsError: if no human can be made.
    """
    human = maker.make(plain_human(content, sex))
    digest = topology_hash(human.topology)
    path = table_path(cache, model, sex, digest)
    if not path.exists():
        logger.info("registering %s to HumGen3D's %s mesh (a few minutes, once)", model.name, sex)
        found = register(model, human.topology, human.identity)
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        report = _report(model, human, found.table, found.report)
        write_bytes(path.with_suffix(".json"), (json.dumps(report, indent=1) + "\n").encode())
        save_correspondence(path, found.table)
    report = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    table = load_correspondence(path, num_character_verts=len(human.topology.body_vertices))
    made = Made(sex=sex, path=path, topology_sha256=digest, report=report, misses=tuple(report["misses"]))
    return made, human, carry(table, human.identity.rest)


def _report(model: BodyModel, human: MadeHuman, table: Correspondence, report: RegistrationReport) -> dict[str, object]:
    """The registration's report, with what fits of the rest pose leave over through it, and the limits it missed."""
    rest = fit_rest(prepare_fit(model, is_covered=table.is_covered), carry(table, human.identity.rest))
    parts = report.parts
    figures = {
        "body gap mean": parts["body"].gap_mm_mean,
        "head gap mean": parts["head"].gap_mm_mean,
        "face gap mean": parts["face"].gap_mm_mean,
        "hands gap mean": max(parts["left_hand"].gap_mm_mean, parts["right_hand"].gap_mm_mean),
        "least coverage": min(parts[name].coverage for name in ("body", "head", "face", "left_hand", "right_hand")),
        "rest fit mean": rest.residual.all.mean,
        "rest fit fingers": rest.residual.fingers.mean,
        "flipped faces": float(report.flipped_faces),
    }
    misses = []
    for name, value in figures.items():
        is_missed = value < LIMITS[name] if name.startswith("least") else value > LIMITS[name]
        if is_missed:
            misses.append(f"{name} {value:.3f}, limit {LIMITS[name]:g}")
    return {
        **encode(report),
        "rest_fit_mm": encode(rest.residual),
        "beta_max_of_fit": round(rest.beta_max, 3),
        "figures": {name: round(float(value), 4) for name, value in figures.items()},
        "limits": dict(LIMITS),
        "misses": misses,
    }
