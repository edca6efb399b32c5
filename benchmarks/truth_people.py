"""The people that `benchmarks/truth.py` measures: who they are, what they do, and one fit of each."""

from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from cuffs.body import find_body_model, forward
from cuffs.body.open_truth import true_rest
from cuffs.character import Identity, Topology, pose_bones, skin_vertices, with_face
from cuffs.character.anny_model import load_anny
from cuffs.character.face import FaceConfig, sample_face
from cuffs.character.open_identity import IdentityConfig, OpenIdentities, Phenotype, sample_phenotype
from cuffs.character.open_topology import load_or_build_topology
from cuffs.config import build, load_yaml
from cuffs.correspond import Correspondence, carry
from cuffs.fit import FitModel, fit_pose, fit_rest, prepare_fit
from cuffs.places import cache_folder
from cuffs.rotations import angle_between_deg, rotvec_to_rotmat
from cuffs.seeding import stream
from cuffs.skeleton import EYEBALLS, INDEX, JAW, NUM_JOINTS
from pose_sources import PosesConfig, open_poses

LOCAL_SPREAD = 0.5
"""Of anny's local sliders, all at once, for bodies out of every shape space."""

NUM_SKIN = EYEBALLS["left"].start


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One person to fit."""

    identity: Identity | None
    """None: the target is the body model itself."""

    pose: np.ndarray
    face: dict[str, float]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a job."""

    distance_mm: np.ndarray
    """Of every vertex of the skin."""

    turned_deg: np.ndarray
    """Fitted against asked, of every joint relative to its parent."""

    beta_error: float
    beta_max: float
    converged: bool
    steps: int
    seconds: float
    """Of carrying, fitting and measuring one posed person."""

    cpu_seconds: float
    """The processor's share of them: what is left of the seconds on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    """What a process needs to fit people."""

    topology: Topology
    table: Correspondence
    prepared: FitModel


_bench: dict[int, Bench] = {}
"""Of this process: a process pool has no other way to hand its workers what they need once."""


def start_worker(topology: Topology, table: Correspondence) -> None:
    """Load what a process needs, once."""
    prepared = prepare_fit(find_body_model(cache_folder()), is_covered=table.is_covered)
    _bench[0] = Bench(topology=topology, table=table, prepared=prepared)


def fit_job(job: Job) -> Found:
    """Fit one person, as a plan and an annotator do."""
    return fit_model(_bench[0], job) if job.identity is None else fit_character(_bench[0], job, job.identity)


def fit_character(bench: Bench, job: Job, identity: Identity) -> Found:
    """Fit a character at rest, then posed as the worker poses it."""
    topology, table, prepared = bench.topology, bench.table, bench.prepared
    body = topology.body_vertices
    rest = fit_rest(prepared, carry(table, identity.rest[body]))
    identity = identity.fitted(rest_rotations=rest.rotmats, betas=rest.params.betas)
    asked = rotvec_to_rotmat(job.pose)
    bones = pose_bones(topology, identity, asked, np.array([0.0, 0.0, 1.0]))
    faced = with_face(topology, identity.rest, job.face)[body]
    posed = skin_vertices(topology, faced, bones, vertices=body)
    began, cpu_began = perf_counter(), process_time()
    targets = carry(table, posed)
    fit = fit_pose(prepared, targets, identity.betas)
    seconds, cpu_seconds = perf_counter() - began, process_time() - cpu_began
    return Found(
        distance_mm=np.linalg.norm(fit.fitted - targets, axis=1)[:NUM_SKIN].astype(np.float32) * 1e3,
        turned_deg=angle_between_deg(rotvec_to_rotmat(fit.params.pose), asked),
        beta_error=0.0,
        beta_max=fit.beta_max,
        converged=fit.converged,
        steps=fit.steps,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
    )


def fit_model(bench: Bench, job: Job) -> Found:
    """Fit bodies of the model's own: posed with its shape given, and bent a little with its shape unknown."""
    prepared = bench.prepared
    rng = stream(job.seed, "own body")
    betas, expression, transl = rng.normal(size=10), rng.normal(size=10), rng.normal(size=3)
    pose = job.pose.copy()
    pose[JAW] = [rng.uniform(0, 0.3), 0, 0]
    asked = rotvec_to_rotmat(pose)
    targets, _ = forward(prepared.model, rotmats=asked, betas=betas, expression=expression, transl=transl)
    began, cpu_began = perf_counter(), process_time()
    fit = fit_pose(prepared, targets, betas)
    seconds, cpu_seconds = perf_counter() - began, process_time() - cpu_began
    bent = rotvec_to_rotmat(rng.normal(size=(NUM_JOINTS, 3)) * 0.15)
    bent[JAW] = np.eye(3)
    at_rest, _ = forward(prepared.model, rotmats=bent, betas=betas, expression=np.zeros(10), transl=transl)
    solved = fit_rest(prepared, at_rest)
    return Found(
        distance_mm=np.linalg.norm(fit.fitted - targets, axis=1)[:NUM_SKIN].astype(np.float32) * 1e3,
        turned_deg=angle_between_deg(rotvec_to_rotmat(fit.params.pose), asked),
        beta_error=float(np.abs(solved.params.betas - betas).max()),
        beta_max=fit.beta_max,
        converged=fit.converged and solved.converged,
        steps=fit.steps,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The part of a recipe that says which poses."""

    poses: PosesConfig


class Crowd:
    """The characters of the benchmark, with anny to tell where every vertex truly is."""

    def __init__(self, recipe: Path, seed: int) -> None:
        cache = cache_folder()
        said = load_yaml(recipe)
        self.seed = seed
        self.identities = build(IdentityConfig, said.get("identities", {}), where="recipe.identities")
        self.faces = build(FaceConfig, said.get("face", {}), where="recipe.face")
        self.poses = open_poses(build(Wanted, {"poses": said["poses"]}, where="recipe").poses)
        self.topology = load_or_build_topology(cache)
        self.maker = OpenIdentities(cache, self.topology)
        self.model = find_body_model(cache)
        self.soma = load_anny(cache, topology="soma", local_changes=True)
        self.makehuman = load_anny(cache, topology="makehuman", local_changes=True)

    def phenotype(self, number: int) -> Phenotype:
        """An identity of the recipe."""
        return sample_phenotype(self.identities, stream(self.seed, "phenotype", number))

    def odd(self, number: int) -> Identity:
        """An identity with every local slider moved at random: outside any shape space of ten numbers."""
        labels = self.makehuman.local_labels
        moves = stream(self.seed, "local sliders", number).uniform(-LOCAL_SPREAD, LOCAL_SPREAD, len(labels))
        phenotype = self.phenotype(number)
        shape = self.makehuman.rest(phenotype.traits(), dict(zip(labels, moves.tolist(), strict=True)))
        plain = self.maker.build(phenotype)
        rest = plain.rest.copy()
        rest[: len(shape.verts)] = shape.verts  # what follows are hair's own points, which no fit sees
        return replace(plain, rest=rest, bone_heads=shape.bone_heads.astype(np.float64))

    def true_rest(self, identity: Identity, phenotype: Phenotype) -> np.ndarray:
        """Where the body model's skin truly lies on an identity at rest."""
        return true_rest(self.model, self.soma, phenotype.traits(), local_changes={}, bone_heads=identity.bone_heads)

    def job(self, number: int, identity: Identity | None) -> Job:
        """A person with a pose, hands, face and gaze of the recipe."""
        pose = self.poses.draw(stream(self.seed, "truth pose", number)).body.pose.copy()
        face, gaze = sample_face(self.faces, stream(self.seed, "truth face", number))
        pose[INDEX["left_eye"]], pose[INDEX["right_eye"]] = gaze
        return Job(identity=identity, pose=pose, face=face, seed=number)
