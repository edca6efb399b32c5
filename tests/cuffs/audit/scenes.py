"""Datasets without Blender: bodies dressed by swelling them, drawn by the rasteriser on grounds of many colours."""

import io
import json
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from cuffs.annotate.raster import Canvas, covered_pixels, nearest_faces
from cuffs.annotate.visibility import longer_side, mask_box, points_box, visible_fraction
from cuffs.body import body_parts, forward, landmarks
from cuffs.camera import fov_deg, in_frame, intrinsics, look_at, project
from cuffs.codec import encode
from cuffs.fit.residual import residual_by_part
from cuffs.mesh_normals import vertex_normals
from cuffs.npz import npz_bytes
from cuffs.plan import Plan
from cuffs.records import (
    BodyModelRef,
    CameraRecord,
    CharacterRecord,
    HandFlags,
    HandSizes,
    ImageRecord,
    PersonRecord,
    PhysicalRecord,
    PoseOrigin,
    PoseSourceRecord,
    Provenance,
    Sample,
    SmplxRecord,
)
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.shards import SampleFiles, ShardContent, write_shard
from cuffs.skeleton import INDEX

WIDTH, HEIGHT = 448, 336
OFFSET_PX = (22.0, -13.0)
"""The principal point is off the middle, so that cx and cy can't be exchanged unseen."""

CLOTHED = ("pelvis", "spine", "hip", "knee", "collar", "shoulder")
CLOTH_M = 0.012
RESIDUAL_M = 0.0015
NUM_IDENTITIES = 8
BODY = "assets/body/SMPLX_NEUTRAL.npz"
SOUND = PhysicalRecord(skin_out=0.0002, skin_out_mm=2.5, feet_mm=(0.0, 4.0), standing=True, limb_mm=12.0, eye_mm=0.5)
"""Of somebody with whom nothing is wrong."""

UPRIGHT = rotvec_to_rotmat(np.array([np.pi, 0.0, 0.0]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """A sample before it is written: what faults are planted in."""

    sample: Sample
    picture: np.ndarray
    mask: np.ndarray
    targets_cam: np.ndarray | None
    mask_png: bytes | None = None
    """Bytes to write in the mask's stead."""


def make_clean(body, count, *, seed=0):
    """Good samples: every third with two people, every fourth person without clothes."""
    rng = np.random.default_rng(seed)
    betas = rng.normal(size=(NUM_IDENTITIES, 10)) * 0.7
    return [make_one(body, rng, betas, slot) for slot in range(count)]


def make_one(body, rng, betas, slot):
    """One sample: people side by side, near enough for hands of thirty pixels."""
    K = intrinsics(fov_x_deg=rng.uniform(50, 62), width=WIDTH, height=HEIGHT, offset_px=OFFSET_PX)
    T_world_cam = look_at(
        eye_world=rng.uniform([-1, -1, 1.2], [1, 1, 1.6]),
        target_world=rng.uniform([-1, 3, 0.8], [1, 4, 1.2]),
        roll_rad=rng.uniform(-0.1, 0.1),
    )
    number = 2 if slot % 3 == 2 else 1
    chosen = rng.permutation(NUM_IDENTITIES)[:number]
    people = []
    for place, identity in enumerate(chosen):
        aside = rng.uniform(-0.3, 0.3) if number == 1 else (place - 0.5) * 1.7
        smplx = draw_smplx(body, rng, betas[identity], aside, distance=rng.uniform(2.3, 2.7) + 0.5 * (number - 1))
        is_plain = (slot + place) % 4 == 0
        people.append((smplx, f"person_{identity}", is_plain))
    people.sort(key=lambda one: pose(body, one[0])[1][INDEX["head"], 2])
    targets = np.stack([pose(body, smplx)[0] + residual(body, rng) for smplx, _, _ in people])
    shells = [
        target if is_plain else dressed(body, target) for target, (_, _, is_plain) in zip(targets, people, strict=True)
    ]
    picture, mask = draw(body, rng, shells, K)
    records = [
        person_record(body, smplx, (identity, is_plain), (target, shell), K, mask == number + 1)
        for number, ((smplx, identity, is_plain), target, shell) in enumerate(zip(people, targets, shells, strict=True))
    ]
    fov_x, fov_y = fov_deg(K, width=WIDTH, height=HEIGHT)
    sample = Sample(
        key=f"clean_{slot:05d}",
        image=ImageRecord(width=WIDTH, height=HEIGHT),
        camera=CameraRecord(K=K, T_world_cam=T_world_cam, fov_x_deg=fov_x, fov_y_deg=fov_y, distortion=None),
        body_model=BodyModelRef(name=body.name, sha256=body.sha256, num_betas=10),
        people=tuple(records),
        provenance=Provenance(
            recipe_hash="0" * 16,
            seed=0,
            slot=slot,
            attempt=0,
            chunk=0,
            split="train",
            place="studio",
            light="studio",
            licences=("CC0",),
            versions={"cuffs": "0"},
        ),
    )
    return Made(sample=sample, picture=picture, mask=mask, targets_cam=targets)


def draw_smplx(body, rng, betas, aside, *, distance):
    """Somebody who stands and gestures; fingers bent towards the palm, each hand in its own way."""
    full = rng.normal(size=(55, 3)) * 0.12
    for side, sign in (("left", 1), ("right", -1)):
        full[INDEX[f"{side}_shoulder"]] = [0, rng.uniform(-0.5, 0.5), sign * rng.uniform(-1.2, 0.3)]
        full[INDEX[f"{side}_elbow"]] = [0, -sign * rng.uniform(0.2, 1.6), 0]
    mean_left, mean_right = body.hands_mean.reshape(2, 15, 3)
    full[25:40] = mean_left * rng.uniform(0.2, 2.0) + rng.normal(size=(15, 3)) * 0.08
    full[40:55] = mean_right * rng.uniform(0.2, 2.0) + rng.normal(size=(15, 3)) * 0.08
    full[22:25] = 0
    turn = rotvec_to_rotmat(np.array([0, rng.uniform(-0.9, 0.9), 0]))
    return SmplxRecord(
        global_orient=rotmat_to_rotvec((UPRIGHT @ turn)[None])[0],
        body_pose=full[1:22],
        left_hand_pose=full[25:40],
        right_hand_pose=full[40:55],
        jaw_pose=np.array([rng.uniform(0, 0.2), 0, 0]),
        leye_pose=np.zeros(3),
        reye_pose=np.zeros(3),
        betas=betas,
        expression=rng.normal(size=10) * 0.5,
        transl=np.array([aside, rng.uniform(-0.1, 0.1) + 0.2, distance]),
    )


def pose(body, smplx):
    """Vertices and joints."""
    return forward(
        body,
        rotmats=rotvec_to_rotmat(smplx.full_pose()),
        betas=smplx.betas,
        expression=smplx.expression,
        transl=smplx.transl,
    )


def residual(body, rng):
    """What a fit leaves over: millimetres, varying slowly over the body."""
    wave = rng.normal(size=(3, 3)) * 6
    return RESIDUAL_M * np.sin(body.v_template @ wave + rng.uniform(0, 6, 3))


def dressed(body, verts):
    """Swollen where clothes are."""
    names = list(INDEX)
    clothed = np.array([any(part in names[joint] for part in CLOTHED) for joint in body.weights.argmax(1)])
    return verts + vertex_normals(verts, body.faces) * (CLOTH_M * clothed)[:, None]


def draw(body, rng, shells, K):
    """Picture and instance mask."""
    canvas = Canvas(left=0, top=0, width=WIDTH, height=HEIGHT)
    faces = np.concatenate([body.faces + number * len(shells[0]) for number in range(len(shells))])
    hit, _ = nearest_faces(np.concatenate(shells), faces, K, canvas)
    mask = np.where(hit >= 0, hit // len(body.faces) + 1, 0).astype(np.uint8)
    ground = gaussian_filter(rng.uniform(size=(HEIGHT, WIDTH, 3)), (25, 25, 0))
    ground = 40 + 120 * (ground - ground.min()) / np.ptp(ground)
    corners = np.concatenate(shells)[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    shade = 0.4 + 0.6 * np.abs(normals[:, 2]) / np.linalg.norm(normals, axis=1).clip(1e-12)
    colour = np.where(mask[..., None] == 1, [235, 190, 160], [190, 235, 170])
    picture = np.where(mask[..., None] > 0, colour * shade[hit][..., None], ground)
    noisy = picture + rng.normal(size=picture.shape) * 3
    return noisy.clip(0, 255).astype(np.uint8), mask


def person_record(body, smplx, who, rendered, K, mask):
    """All that an annotation states of a person: who = (name, is_plain), rendered = (target, shell)."""
    (identity, is_plain), (target, shell) = who, rendered
    verts, joints = pose(body, smplx)
    alone = covered_pixels(shell, body.faces, K)
    parts = {name: rows for name, rows in body_parts(body).items()}
    seen = in_frame(joints, K, width=WIDTH, height=HEIGHT)
    origin = PoseOrigin(dataset="procedural", file="test", row=0, frame=0, fps=None, action=None, licence="CC0")
    stated = state(body, smplx, K, width=WIDTH, height=HEIGHT)
    return PersonRecord(
        smplx=smplx,
        hand_valid=HandFlags(left=True, right=True),
        face_valid=True,
        expression_valid=True,
        depth_valid=True,
        betas_valid=True,
        occluded=tuple(0 if one else None for one in seen),
        bbox_xyxy=mask_box(mask),
        visible_fraction=visible_fraction(int(mask.sum()), alone),
        fit_mm=residual_by_part(verts, target, parts),
        fit_converged=True,
        character=CharacterRecord(
            kind="open",
            identity=identity,
            garments=() if is_plain else ("shirt", "trousers"),
            materials=(),
            hair=None,
        ),
        pose_source=PoseSourceRecord(body=origin, left_hand=origin, right_hand=origin),
        physical=SOUND,
        **stated,
    )


def state(body, smplx, K, *, width, height):
    """The fields that follow from parameters and camera."""
    verts, joints = pose(body, smplx)
    parts = body_parts(body)
    pixels = project(verts, K)
    return {
        "joints2d": project(joints, K),
        "joints3d_cam": joints,
        "in_frame": in_frame(joints, K, width=width, height=height),
        "bbox_body_xyxy": points_box(pixels),
        "hand_px": HandSizes(
            left=longer_side(pixels[parts["left_hand"]]), right=longer_side(pixels[parts["right_hand"]])
        ),
        "landmarks2d": project(landmarks(body, verts), K),
    }


def restated(body, made, smplx=None, K=None):
    """The sample with other parameters or another camera, and everything that follows from them stated anew."""
    sample = made.sample
    K = sample.camera.K if K is None else K
    records = [person.smplx for person in sample.people] if smplx is None else smplx
    image = sample.image
    people = [
        replace(person, smplx=record, **state(body, record, K, width=image.width, height=image.height))
        for person, record in zip(sample.people, records, strict=True)
    ]
    people.sort(key=lambda person: person.joints3d_cam[INDEX["head"], 2])
    fov_x, fov_y = fov_deg(K, width=image.width, height=image.height)
    camera = replace(sample.camera, K=K, fov_x_deg=fov_x, fov_y_deg=fov_y)
    return replace(made, sample=replace(sample, camera=camera, people=tuple(people)))


def write_dataset(folder, made, body, *, keep_verts=True, shard_size=100):
    """Shards of samples, and a plan with its body, so that every command reads the folder."""
    (folder / "shards").mkdir(parents=True)
    (folder / "assets/body").mkdir(parents=True)
    (folder / BODY).symlink_to(body.path)
    files = folder / "files"
    files.mkdir()
    plan = Plan(
        name="test",
        recipe_hash="0" * 16,
        seed=0,
        count=len(made),
        chunk_size=shard_size,
        body_name=made[0].sample.body_model.name,
        body_sha256=made[0].sample.body_model.sha256,
        files={BODY: "0" * 64},
        versions={},
        licences=("CC0",),
    )
    for chunk in range(plan.num_chunks):
        part = [write_sample(files, made[slot], slot, keep_verts=keep_verts) for slot in plan.slots(chunk)]
        content = ShardContent(chunk=chunk, plan_hash=plan.hash(), samples=part)
        write_shard(folder / "shards" / f"shard-{chunk:06d}.tar", content)
    (folder / "plan.json").write_text(json.dumps(encode(plan)))
    return folder


def write_sample(folder, made, slot, *, keep_verts):
    """A sample's files."""
    key = made.sample.key
    data = {
        "jpg": encoded(made.picture, "JPEG", quality=95),
        "json": json.dumps(encode(made.sample)).encode(),
        "mask.png": made.mask_png if made.mask_png is not None else encoded(made.mask, "PNG"),
    }
    if keep_verts and made.targets_cam is not None:
        origin = np.stack([person.joints3d_cam[0] for person in made.sample.people])
        steps = np.rint((made.targets_cam - origin[:, None]) / 1e-4)
        data["verts.npz"] = npz_bytes({"verts": steps.astype(np.int16), "origin_cam": origin})
    paths = {suffix: folder / f"{key}.{suffix}" for suffix in data}
    for suffix, path in paths.items():
        path.write_bytes(data[suffix])
    return SampleFiles(key=key, slot=slot, attempt=0, people=len(made.sample.people), files=paths)


def encoded(array, kind, **options):
    """A picture's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()
