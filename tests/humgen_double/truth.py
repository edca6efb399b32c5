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
    other proportions are the same map of space, with the weights of the skin next to each point. The double's height
    keys add a share of the basis, which is a woman, to everybody.
    """
    source, soma = Source.load(cache), load_anny(cache, topology="soma", local_changes=True)
    skin = np.unique(source.body_faces()[0])

    def standing(who: str) -> tuple[Array, Array]:
        person = source.person(traits_of(who))
        points = true_rest(model, soma, traits_of(who), local_changes={}, bone_heads=person.bone_heads)
        if is_other:
            points = warped(source, person, points, weights_at(source, person, points))
        return points, proportioned(source, person, is_other=is_other).verts[skin]

    (points, verts), (basis_points, basis_verts) = standing(sex), standing("female")
    share = 0.0
    for _ in range(5):  # stature is linear but for changes of the highest and lowest vertex
        missing_m = height_m - np.ptp((verts + share * basis_verts)[:, 2])
        share += missing_m / np.ptp(basis_verts[:, 2])
    return points + share * basis_points


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
