"""Benchmarks in their true layouts, of people in known poses; licensed files of the right shapes, invented."""

import io
import json
import pickle
import struct
import sys
import zipfile
from dataclasses import replace
from types import ModuleType

import numpy as np
import scipy.io
import trimesh
from PIL import Image
from scipy.sparse import csc_matrix, csr_matrix

from cuffs.body import landmarks
from cuffs.rotations import rotvec_to_rotmat
from tests.pose_sources.foreign_pickles import pickle_frame
from tests.trainer.shards import pose, random_people
from trainer.predict.finder import FoundPerson

SMPL_VERTS, VERTS = 6890, 10475
K_EHF = np.array([[1498.22426237, 0, 790.263706], [0, 1498.22426237, 578.90334], [0, 0, 1]])
R_EHF = rotvec_to_rotmat(np.array([-2.98747896, 0.01172457, -0.05704687]))
T_EHF = np.array([-0.03609917, 0.43416458, 2.37101226])


def sparse_rows(rng, rows, columns, per_row=4):
    """A regressor: few entries a row, which sum to 1."""
    matrix = np.zeros((rows, columns))
    for row in range(rows):
        picks = rng.choice(columns, per_row, replace=False)
        matrix[row, picks] = rng.dirichlet(np.ones(per_row))
    return matrix


class _Ch:
    """What chumpy's arrays pickle as."""

    def __init__(self, x):
        self.x = x


class _Python2(pickle._Pickler):
    """Python 2's own pickler, protocol 2: text and arrays' content are strings of bytes; numpy named as numpy 1."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_string(self, value):
        content = value.encode("latin1") if isinstance(value, str) else value
        short = len(content) < 256
        self.write(b"U" + bytes([len(content)]) if short else b"T" + struct.pack("<i", len(content)))
        self.write(content)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_string


def _as_python_2(data):
    stream = io.BytesIO()
    _Python2(stream, protocol=2).dump(data)
    return stream.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def write_assets(folder, seed=0):
    """All licensed files: SMPL male as an old pickle with chumpy in it, female as an archive."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    transfer = csr_matrix((np.ones(SMPL_VERTS), (np.arange(SMPL_VERTS), rng.integers(0, VERTS, SMPL_VERTS))),
                          shape=(SMPL_VERTS, VERTS))  # fmt: skip
    np.save(folder / "J_regressor_h36m.npy", sparse_rows(rng, 17, SMPL_VERTS))
    (folder / "smplx_to_smpl.pkl").write_bytes(_as_python_2({"matrix": csc_matrix(transfer)}))
    left, right = rng.choice(VERTS, 778, replace=False), rng.choice(VERTS, 778, replace=False)
    (folder / "MANO_SMPLX_vertex_ids.pkl").write_bytes(_as_python_2({"left_hand": left, "right_hand": right}))
    np.save(folder / "SMPL-X__FLAME_vertex_ids.npy", rng.choice(VERTS, 5023, replace=False))
    np.save(folder / "body_verts_smplx.npy", rng.choice(VERTS, 4000, replace=False))
    (folder / "smpl").mkdir(exist_ok=True)
    for gender in ("male", "female"):
        write_smpl(folder / "smpl", gender, rng)
    return folder


def write_smpl(folder, gender, rng):
    weights = rng.random((SMPL_VERTS, 24)) ** 8
    parents = np.array([4294967295, *[rng.integers(0, joint) for joint in range(1, 24)]], np.uint32)
    arrays = {
        "v_template": rng.normal(0, 0.4, (SMPL_VERTS, 3)), "shapedirs": rng.normal(0, 0.01, (SMPL_VERTS, 3, 10)),
        "posedirs": rng.normal(0, 0.001, (SMPL_VERTS, 3, 207)), "J_regressor": sparse_rows(rng, 24, SMPL_VERTS),
        "weights": weights / weights.sum(1, keepdims=True), "kintree_table": np.stack([parents, np.arange(24)]),
        "f": np.zeros((10, 3), np.uint32),
    }  # fmt: skip
    if gender == "female":
        np.savez(folder / "SMPL_FEMALE.npz", **arrays)
        return
    module = ModuleType("chumpy.ch")
    _Ch.__module__, _Ch.__qualname__, _Ch.__name__, module.Ch = "chumpy.ch", "Ch", "Ch", _Ch
    sys.modules |= {"chumpy": ModuleType("chumpy"), "chumpy.ch": module}
    try:
        old = arrays | {name: _Ch(arrays[name]) for name in ("v_template", "shapedirs", "posedirs", "weights")}
        old["J_regressor"] = csc_matrix(arrays["J_regressor"])
        (folder / "SMPL_MALE.pkl").write_bytes(_as_python_2(old))
    finally:
        del sys.modules["chumpy"], sys.modules["chumpy.ch"]


def picture(path, size=(64, 48)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 120, 150)).save(path)


def bodies(body, count, seed=0, **options):
    """Records, vertices and joints of random people before a camera."""
    records = random_people(np.random.default_rng(seed), count, **options)
    return [(record, *pose(body, record)) for record in records]


def found(record, verts, joints, score=0.9):
    """Somebody as the network would hand him over."""
    zeros = np.zeros((55, 2))
    return FoundPerson(
        score=score, head_px=np.zeros(2), smplx=record, joints2d=zeros, joints3d_cam=joints, verts_cam=verts
    )  # fmt: skip


def write_ehf(folder, body, count=3):
    """Meshes in their own frame, from which EHF's camera sees them as they stand before it."""
    people = bodies(body, count)
    for number, (_, verts, _) in enumerate(people, 1):
        mesh = trimesh.Trimesh((verts - T_EHF) @ R_EHF, body.faces, process=False)
        folder.mkdir(parents=True, exist_ok=True)
        mesh.export(folder / f"{number:02d}_align.ply")
        picture(folder / f"{number:02d}_img.png", (160, 120))
    return people


def write_three_dpw(folder, *, frames=2, seed=3):
    """A sequence with a man and a woman; she isn't placed in the first frame."""
    rng = np.random.default_rng(seed)
    (folder / "sequenceFiles" / "test").mkdir(parents=True)
    poses = [rng.normal(0, 0.2, (frames, 72)) for _ in "mf"]
    cameras = np.tile(np.eye(4), (frames, 1, 1))
    cameras[:, :3, :3] = rotvec_to_rotmat(rng.normal(0, 0.3, (frames, 3)))
    cameras[:, :3, 3] = [0.1, 0.2, 6.0]
    data = {
        "genders": ["m", "f"], "poses": poses, "trans": [rng.normal(0, 0.2, (frames, 3)) + [i, 0, 0] for i in (0, 1)],
        "betas": [rng.normal(0, 1, 10), np.append(rng.normal(0, 1, 10), np.zeros(290))], "cam_poses": cameras,
        "cam_intrinsics": np.array([[900.0, 0, 320], [0, 900, 240], [0, 0, 1]]),
        "campose_valid": [np.ones(frames), np.array([0.0] + [1.0] * (frames - 1))],
        "poses2d": np.zeros((2, frames, 3, 18)), "sequence": "downtown_bar_00",
        "jointPositions": [np.zeros((frames, 72))] * 2, "texture_maps": [],
    }  # fmt: skip
    (folder / "sequenceFiles" / "test" / "downtown_bar_00.pkl").write_bytes(_as_python_2(data))
    for frame in range(frames):
        picture(folder / "imageFiles" / "downtown_bar_00" / f"image_{frame:05d}.jpg")
    return data


def write_mupots(folder, sequences=(1, 2), frames=2, seed=5):
    """Cells of structures as MATLAB saves them; the second person of the first frame isn't valid."""
    rng = np.random.default_rng(seed)
    K = np.array([[1480.0, 0, 1030], [0, 1470, 990], [0, 0, 1]])
    truth = {}
    for number in sequences:
        place = folder / "MultiPersonTestSet" / f"TS{number}"
        cells = np.empty((frames, 2), object)
        for frame, person in np.ndindex(frames, 2):
            joints = rng.normal(0, 300, (17, 3)) + [1200 * person - 600, 0, 4000]
            px = (joints / joints[:, 2:]) @ K.T
            valid = not (frame == 0 and person == 1)
            cells[frame, person] = {
                "annot2": px[:, :2].T, "annot3": joints.T, "univ_annot3": joints.T, "isValidFrame": float(valid),
            }  # fmt: skip
            truth[number, frame, person] = (px[:, :2], joints)
            picture(place / f"img_{frame:06d}.jpg")
        scipy.io.savemat(place / "annot.mat", {"annotations": cells})
        scipy.io.savemat(place / "occlusion.mat", {"occlusion_labels": np.zeros((frames, 2))})
    return truth, K


def write_panoptic(folder, name="160422_haggling1", seed=7):
    """One picture of camera 16 with two people, one of whose right wrists is unknown; camera 30 sees nobody."""
    rng = np.random.default_rng(seed)
    place = folder / name
    R, t_cm = rotvec_to_rotmat(np.array([0.1, -0.2, 0.05])), np.array([[10.0], [5.0], [300.0]])
    K = [[1400.0, 0, 960], [0, 1400, 540], [0, 0, 1]]
    cameras = [
        {"name": f"00_{number}", "type": "hd", "resolution": [1920, 1080], "K": K, "distCoef": [0.0] * 5,
         "R": R.tolist(), "t": t_cm.tolist()}
        for number in ("16", "30")
    ]  # fmt: skip
    place.mkdir(parents=True)
    (place / f"calibration_{name}.json").write_text(json.dumps({"cameras": cameras}))
    people = [rng.normal(0, 40, (19, 3)) + [100.0 * number, 0, 0] for number in range(2)]
    sure = [np.ones(19), np.ones(19)]
    sure[1][11] = -1
    scene = {"version": 0.7, "univTime": 1.0, "bodies": [
        {"id": number, "joints19": np.concatenate([points, known[:, None]], 1).ravel().tolist()}
        for number, (points, known) in enumerate(zip(people, sure, strict=True))
    ]}  # fmt: skip
    (place / "hdPose3d_stage1_coco19").mkdir()
    (place / "hdPose3d_stage1_coco19" / "body3DScene_00000120.json").write_text(json.dumps(scene))
    picture(place / "hdImgs" / "00_16" / "00_16_00000120.jpg")
    picture(place / "hdImgs" / "00_16" / "00_16_00000121.jpg")
    return [points @ R.T / 100 + t_cm.T / 100 for points in people], np.array(K)


def write_agora(folder, body, *, hidden=(0.0, 20.0, 95.0), small=True, seed=11):
    """A dataframe with one picture of three people, the last hidden; and a picture that nobody labelled twice."""
    records = random_people(np.random.default_rng(seed), len(hidden), distance_m=(4.0, 6.0))
    apart = [replace(record, transl=record.transl * [2.5, 1, 1]) for record in records]  # no box touches another
    people = [(record, *pose(body, record)) for record in apart]
    name = "ag_validationset_renderpeople_bfh_hdri_50mm_5_10_00001.png"
    focal = 50 / 36 * 3840
    K = np.array([[focal, 0, 1920], [0, focal, 1080], [0, 0, 1]])
    joints = [np.concatenate([points, landmarks(body, verts)]) for _, verts, points in people]
    pixels = [((points / points[:, 2:]) @ K.T)[:, :2] for points in joints]
    columns = {
        "imgPath": [name], "camX": [0.0], "camYaw": [0.0], "occlusion": [list(hidden)],
        "isValid": [[value <= 90 for value in hidden]], "gt_joints_2d": [pixels], "gt_joints_3d": [joints],
        "gt_verts": [[verts for _, verts, _ in people]], "kid": [[False] * len(hidden)],
    }  # fmt: skip
    (folder / "SMPLX").mkdir(parents=True)
    (folder / "SMPLX" / "validation_0_withjv.pkl").write_bytes(pickle_frame(columns, layout="new", protocol=4))
    shown = name.replace(".png", "_1280x720.png") if small else name
    picture(folder / "validation_images_1280x720" / shown, (1280, 720))
    return people, K


def zip_members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
