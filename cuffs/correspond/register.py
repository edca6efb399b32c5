"""Registration from end to end: body model, topology and one identity in, table and report out."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Bool, Float
from threadpoolctl import threadpool_limits

from cuffs.body import BodyModel, body_parts
from cuffs.character import Identity, Topology
from cuffs.correspond.eyes import attach_eyeballs
from cuffs.correspond.nonrigid import NonRigidSettings, drape
from cuffs.correspond.parametric import (
    ParametricFit,
    RegistrationSettings,
    fit_landmarks,
    fit_surface,
    shared_landmarks,
    whole_body,
)
from cuffs.correspond.report import RegistrationReport, report_registration
from cuffs.correspond.rigged_mesh import RiggedMesh, body_mesh, character_mesh, vertex_normals
from cuffs.correspond.surface import Attachment, build_surface, closest
from cuffs.correspond.table import Correspondence
from cuffs.fit.linearise import pose_basis
from cuffs.skeleton import INDEX

Array = np.ndarray

NOT_SKIN: Final = frozenset({"eye", "eyes", "teeth", "tongue", "cornea", "eyelash", "eyelashes"})
"""Materials that skin never attaches to."""

COVERED_MM: Final = 10.0
"""A vertex farther from the character than this has no counterpart there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSettings:
    """Every knob of a registration."""

    parametric: RegistrationSettings = field(default_factory=RegistrationSettings)
    nonrigid: NonRigidSettings = field(default_factory=NonRigidSettings)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registration:
    """What a registration found."""

    table: Correspondence
    report: RegistrationReport
    registered: Float[Array, "verts 3"]
    """The body model draped over the character at rest, in the character's frame."""


def register(
    model: BodyModel, topology: Topology, identity: Identity, *, settings: RegisterSettings | None = None
) -> Registration:
    """Find where the body model's vertices lie on a character's body mesh, on one identity at rest.

    Nothing is used but the two meshes, their skinning and the names of the character's bones. One thread, so that the
    same input gives the same bytes.

    Args:
        model: the body model.
        topology: of the character.
        identity: any of its identities; an average one is easiest.
        settings: the defaults suit human meshes.
    """
    target = character_mesh(topology, identity)
    return register_meshes(model, target, skin_faces(topology, target), settings=settings)


def register_meshes(
    model: BodyModel,
    target: RiggedMesh,
    is_skin: Bool[Array, " faces"],
    *,
    settings: RegisterSettings | None = None,
) -> Registration:
    """The same for any rigged mesh.

    Args:
        model: the body model.
        target: at rest.
        is_skin: the triangles that skin may attach to.
        settings: the defaults suit human meshes.
    """
    settings = settings or RegisterSettings()
    with threadpool_limits(limits=1):
        source = body_mesh(model)
        landmarks = shared_landmarks(model, source, target, settings.parametric)
        skin = build_surface(target, is_skin)
        start = fit_landmarks(landmarks, settings.parametric)
        state = fit_surface(model, source, skin, landmarks=landmarks, start=start, settings=settings.parametric)
        fitted = pose_basis(whole_body(model, settings.parametric), state).points
        draped = drape(
            fitted,
            source.faces,
            skin,
            segment=source.segment,
            is_free=~source.is_eyeball,
            settings=settings.nonrigid,
        )
        found = closest(skin, draped, vertex_normals(draped, source.faces), source.segment)
        found = attach_eyeballs(found, source, target, state.rotmats[INDEX["head"]])
        table = _table(found, target)
        parametric = ParametricFit(landmarks=landmarks, state=state)
        parts = body_parts(model)
        report = report_registration(source, target, table, parts=parts, parametric=parametric, draped=draped)
    return Registration(table=table, report=report, registered=draped)


def skin_faces(topology: Topology, target: RiggedMesh) -> Bool[Array, " faces"]:
    """Triangles that skin may attach to: not eyes, teeth or tongue."""
    names = [str(name) for name in topology.material_names]
    is_other = np.array([name in NOT_SKIN for name in names] or [False])
    return ~is_other[topology.body_material] & ~target.is_eyeball[target.faces].any(1)


def _table(found: Attachment, target: RiggedMesh) -> Correspondence:
    gap_mm = found.distance * 1e3
    return Correspondence(
        face=found.face,
        corners=target.faces[found.face],
        bary=_normalised(found.bary),
        gap_mm=gap_mm.astype(np.float32),
        is_covered=found.is_allowed & (gap_mm < COVERED_MM),
    )


def _normalised(bary: Float[Array, "n 3"]) -> Float[Array, "n 3"]:
    """Clear rounding below nought. A vertex that found nothing sits on a corner and counts as not covered."""
    bary = np.where(bary.any(1)[:, None], np.maximum(bary, 0.0), [1.0, 0.0, 0.0])
    return bary / bary.sum(1, keepdims=True)
