"""EHF: one person, 100 pictures, registered SMPL-X meshes (Pavlakos et al. 2019; protocol: multi_hmr.md, 6)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import trimesh

from cuffs.errors import AssetBroken, AssetMissing
from cuffs.skeleton import NUM_VERTS
from trainer.evaluate.parts import MEASURES, Parts, mesh_errors, mesh_figure, mesh_figures
from trainer.evaluate.shots import Benchmark, Shot, means, turned

ROTVEC: Final = np.array([-2.98747896, 0.01172457, -0.05704687])
TRANSLATION_M: Final = np.array([-0.03609917, 0.43416458, 2.37101226])
K: Final = np.array([[1498.22426237, 0, 790.263706], [0, 1498.22426237, 578.90334], [0, 0, 1.0]])
"""The one camera: from the meshes' frame to pixels of 1600 x 1200."""

NUM_PICTURES: Final = 100
WHAT: Final = "EHF"
REMEDY: Final = "unpack EHF.tar.gz of SMPLify-X's download page whole: 01_img.png … and 01_align.ply …"


def open_ehf(name: str, folder: Path, parts: Parts) -> Benchmark:
    """EHF's folder.

    Raises:
        AssetMissing: if a mesh or a picture of it isn't there.
    """
    meshes = sorted(folder.glob("*_align.ply"))
    if not meshes:
        raise AssetMissing(f"{WHAT}'s meshes (NN_align.ply)", folder, REMEDY)
    pairs = [(mesh, mesh.with_name(mesh.name.replace("_align.ply", "_img.png"))) for mesh in meshes]
    for _, picture in pairs:
        if not picture.is_file():
            raise AssetMissing(f"{WHAT}'s picture", picture, REMEDY)
    notes = parts.notes
    if len(pairs) != NUM_PICTURES:
        notes = (*notes, f"{len(pairs)} of {NUM_PICTURES} pictures are there")

    def shots() -> Iterator[Shot]:
        for mesh, picture in pairs:
            verts = turned(ROTVEC, read_mesh(mesh)) + TRANSLATION_M
            yield Shot(group=WHAT, path=picture, K=K, people=(mesh_figure(verts, K, parts),))

    return Benchmark(
        kind="ehf",
        name=name,
        shots=shots,
        figure=mesh_figures(parts),
        errors=mesh_errors(parts),
        summary=means(MEASURES),
        notes=notes,
    )


def read_mesh(path: Path) -> np.ndarray:
    """Vertices of a mesh of SMPL-X's topology, metres, in its own frame.

    Raises:
        AssetBroken: if it is something else.
    """
    try:
        mesh = trimesh.load(path, process=False, maintain_order=True)
    except (ValueError, IndexError, KeyError, TypeError, OSError) as problem:
        raise AssetBroken(f"{WHAT}'s mesh", path, str(problem), REMEDY) from problem
    verts = np.asarray(getattr(mesh, "vertices", np.zeros((0, 3))), np.float64)
    if verts.shape != (NUM_VERTS, 3) or not np.isfinite(verts).all():
        raise AssetBroken(f"{WHAT}'s mesh", path, f"it has {len(verts)} vertices, not SMPL-X's {NUM_VERTS}", REMEDY)
    return verts
