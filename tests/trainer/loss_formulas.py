"""The released training's losses in numpy and float64, person by person: written from the facts, not from our code."""

import numpy as np

from cuffs.body import forward as smplx_forward
from cuffs.body import landmarks
from cuffs.rotations import rotvec_to_rotmat
from tests.trainer import formulas


def truth(batch, body, person):
    """One person's body in numpy."""
    values = {
        name: getattr(batch, name)[person].double().numpy() for name in ("rotvecs", "betas", "expression", "transl")
    }
    rotmats = rotvec_to_rotmat(values["rotvecs"])
    verts, joints = smplx_forward(
        body, rotmats=rotmats, betas=values["betas"], expression=values["expression"], transl=values["transl"]
    )
    joints = np.concatenate([joints, landmarks(body, verts)])
    return {"rotmats": rotmats, "verts": verts, "joints": joints, **values}


def pixels(points, K):
    return (points / points[:, 2:] @ K.T)[:, :2]


def expected_terms(w, body, batch, config):
    """All terms in reference mode, for a batch whose heads are in frame and in patches of their own."""
    focal_sum, rows = 0.0, []
    for image in range(len(batch.image)):
        K = batch.K[image].double().numpy()
        people = [person for person in range(len(batch.image_of)) if batch.image_of[person] == image]
        truths = [truth(batch, body, person) for person in people]
        heads = [pixels(one["joints"][15:16], K)[0] for one in truths]
        patches = [(int(y // 14), int(x // 14)) for x, y in heads]
        scores, found = formulas.whole_network(w, body, (batch.image[image], K), patches, config)
        for patch, p in np.ndenumerate(scores):
            focal_sum -= (1 - p) ** 2 * np.log(p) if patch in patches else p**2 * np.log(1 - p)
        triples = zip(found, truths, patches, strict=True)
        rows += [person_terms(ours, theirs, K, patch, config) for ours, theirs, patch in triples]
    terms = {name: np.mean([row[name] for row in rows]) for name in rows[0] if not name.endswith("2d")}
    for name in ("joints_2d", "verts_2d"):
        terms[name] = np.concatenate([row[name] for row in rows]).mean()
    return terms | {"detection": focal_sum / len(rows)}


def person_terms(ours, theirs, K, patch, config):
    head, centre = theirs["joints"][15], np.array([patch[1] + 0.5, patch[0] + 0.5]) * 14
    code = formulas.depth_code(theirs["joints"][0, 2], K[0, 0], config.image_side, config.depth)
    terms = {
        "offset": np.abs(ours["offset"] - (pixels(head[None], K)[0] - centre) / 14).sum(),
        "rotations": np.abs(ours["rotmats"] - theirs["rotmats"])[formulas.POSE_ORDER].sum(),
        "betas": np.abs(ours["betas"] - theirs["betas"]).sum(),
        "expression": np.abs(ours["expression"] - theirs["expression"]).sum(),
        "depth": abs(ours["depth_code"] - code),
        "translation": np.abs(ours["head"] - head).sum(),
    }
    for name in ("joints", "verts"):
        centred = [one[name] - one["joints"][0] for one in (ours, theirs)]
        terms[f"{name}_3d"] = np.abs(centred[0] - centred[1]).sum(-1).mean()
        true_px = pixels(theirs[name], K)
        inside = ((true_px >= 0) & (true_px < config.image_side)).all(-1)
        terms[f"{name}_2d"] = np.abs(pixels(ours[name], K) - true_px).sum(-1)[inside]
    return terms
