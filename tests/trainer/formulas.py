"""The network once more, in numpy and float64, person by person: written from the facts, not from our code."""

import numpy as np
from scipy.special import erf

from cuffs.body import forward as smplx_forward
from cuffs.body import landmarks

BLOCK = 14
NUM_HEADS = {"vit_nano14": 2, "dinov2_vits14": 6, "dinov2_vitb14": 12, "dinov2_vitl14": 16}
POSE_ORDER = [0, *range(1, 22), *range(25, 40), *range(40, 55), 22]
"""SMPL-X's numbers of root, body, left hand, right hand, jaw."""


def cubic(distance):
    """Keys' kernel with a = -0.75, which torch's bicubic resampling uses."""
    d, a = abs(distance), -0.75
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0


def resampling_matrix(count):
    """How `count` positions are mixed from 37: pixel centres, border values repeated, scale (count + 0.1) / 37."""
    matrix = np.zeros((count, 37))
    for target in range(count):
        source = (target + 0.5) * 37 / (count + 0.1) - 0.5
        for tap in range(int(np.floor(source)) - 1, int(np.floor(source)) + 3):
            matrix[target, min(max(tap, 0), 36)] += cubic(source - tap)
    return matrix


def positions(table, count):
    """(1370, D) -> (1 + count^2, D)."""
    if count == 37:
        return table
    mix = resampling_matrix(count)
    grid = table[1:].reshape(37, 37, -1)
    return np.concatenate([table[:1], np.einsum("ai,bj,ijd->abd", mix, mix, grid).reshape(count**2, -1)])


def layer_norm(x, weight, bias, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * weight + bias


def gelu(x):
    return x * 0.5 * (1 + erf(x / np.sqrt(2)))


def attention(q, k, v, num_heads):
    """Rows of q look at rows of k, each head at its own share of the columns."""
    out = []
    for qh, kh, vh in zip(*(np.split(x, num_heads, -1) for x in (q, k, v)), strict=True):
        logits = qh @ kh.T / np.sqrt(qh.shape[-1])
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        out.append(shares / shares.sum(-1, keepdims=True) @ vh)
    return np.concatenate(out, -1)


def linear(w, name, x):
    y = x @ w[f"{name}.weight"].T
    return y + w[f"{name}.bias"] if f"{name}.bias" in w else y


def vit_tokens(w, image, num_heads):
    """(3, S, S) -> (N^2, D): w holds the encoder's tensors by their official names."""
    count = image.shape[-1] // BLOCK
    patches = image.reshape(3, count, BLOCK, count, BLOCK).transpose(1, 3, 0, 2, 4).reshape(count**2, -1)
    kernel = w["patch_embed.proj.weight"]
    x = patches @ kernel.reshape(len(kernel), -1).T + w["patch_embed.proj.bias"]
    x = np.concatenate([w["cls_token"][0], x]) + positions(w["pos_embed"][0], count)
    depth = 1 + max(int(name.split(".")[1]) for name in w if name.startswith("blocks."))
    for number in range(depth):
        at = f"blocks.{number}"
        y = layer_norm(x, w[f"{at}.norm1.weight"], w[f"{at}.norm1.bias"], 1e-6)
        y = attention(*np.split(linear(w, f"{at}.attn.qkv", y), 3, -1), num_heads)
        x = x + linear(w, f"{at}.attn.proj", y) * w[f"{at}.ls1.gamma"]
        y = layer_norm(x, w[f"{at}.norm2.weight"], w[f"{at}.norm2.bias"], 1e-6)
        x = x + linear(w, f"{at}.mlp.fc2", gelu(linear(w, f"{at}.mlp.fc1", y))) * w[f"{at}.ls2.gamma"]
    return layer_norm(x, w["norm.weight"], w["norm.bias"], 1e-6)[1:]


def ray_features(K, count, *, components=3, swapped=False):
    """(N^2, 99) for three components: the ray, sines, cosines."""
    inverse = np.linalg.inv(K)
    rows = []
    for i in range(count):
        for j in range(count):
            u, v = (14 * i + 7, 14 * j + 7) if swapped else (14 * j + 7, 14 * i + 7)
            ray = (inverse @ [u, v, 1.0])[:components]
            phases = [np.pi * band * number for number in ray for band in np.linspace(1, 32, 16)]
            rows.append([*ray, *np.sin(phases), *np.cos(phases)])
    return np.array(rows)


def camera_features(w, K, count, side, rays):
    if rays.kind == "none":
        return np.zeros((count**2, 0))
    if rays.kind == "linear":
        numbers = np.array([K[0, 0], K[1, 1], K[0, 2], K[1, 2]]) / side
        return np.repeat(linear(w, "rays.linear", numbers)[None], count**2, 0)
    return ray_features(K, count, components={"reference": 3, "paper": 2}[rays.kind], swapped=rays.swap_patch_axes)


def mlp(w, name, x):
    return linear(w, f"{name}.2", np.maximum(linear(w, f"{name}.0", x), 0))


def head_tensors(w):
    return {name.removeprefix("x_attention_head."): value for name, value in w.items() if "x_attention_head." in name}


def mean_row(h):
    return np.concatenate([h[f"init_{name}"][0] for name in ("body_pose", "betas", "cam", "expression")])


def decoded(h, x):
    return np.concatenate([linear(h, name, x) for name in ("decpose", "decshape", "deccam", "decexpression")], -1)


def hph(w, tokens, patches, head):
    """(N^2, C) tokens and (row, col) of one image's people -> (people, 341). Without self-attention: one by one."""
    if not head.self_attention and len(patches) > 1:
        return np.concatenate([hph(w, tokens, [patch], head) for patch in patches])
    h = head_tensors(w)
    count = len(h["cross_queries_x"])
    context, queries = tokens.copy(), []
    for row, col in patches:
        query = tokens[row * count + col] + h["cross_queries_x"][row] + h["cross_queries_y"][col]
        queries.append([*query, *h["init_body_pose"][0], *h["init_betas"][0], *h["init_cam"][0]])
        context[row * count + col] += h["cross_values_x"][row] + h["cross_values_y"][col]
    x = linear(h, "transformer.to_token_embedding", np.array(queries)) + h["transformer.pos_embedding"][0]

    def normed(at):
        return layer_norm(x, h[f"{at}.norm.weight"], h[f"{at}.norm.bias"], 1e-5)

    for number in range(head.num_layers):
        at = f"transformer.transformer.layers.{number}"
        steps = ["cross", "self", "mlp"] if head.block_order == "paper" else ["self", "cross", "mlp"]
        for step in steps:
            if step == "self" and head.self_attention:
                q, k, v = np.split(linear(h, f"{at}.0.fn.to_qkv", normed(f"{at}.0")), 3, -1)
                x = x + linear(h, f"{at}.0.fn.to_out.0", attention(q, k, v, head.num_heads))
            if step == "cross":
                q = linear(h, f"{at}.1.fn.to_q", normed(f"{at}.1"))
                k, v = np.split(linear(h, f"{at}.1.fn.to_kv", context), 2, -1)
                x = x + linear(h, f"{at}.1.fn.to_out.0", attention(q, k, v, head.num_heads))
            if step == "mlp":
                y = gelu(linear(h, f"{at}.2.fn.net.0", normed(f"{at}.2")))
                x = x + linear(h, f"{at}.2.fn.net.3", y)
    return mean_row(h) + decoded(h, x)


def iterative(w, tokens, patches, head):
    """HMR's regressor on each picked token."""
    h = head_tensors(w)
    count = int(np.sqrt(len(tokens)))
    rows = []
    for row, col in patches:
        guess = mean_row(h)
        for _ in range(head.num_steps):
            hidden = np.maximum(linear(h, "fc1", np.concatenate([tokens[row * count + col], guess])), 0)
            guess = guess + decoded(h, np.maximum(linear(h, "fc2", hidden), 0))
        rows.append(guess)
    return np.array(rows)


def rotation_from_sixd(six):
    x = six[:3] / np.linalg.norm(six[:3])
    y = six[3:] - (x @ six[3:]) * x
    y = y / np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], 1)


def focal_of_60_degrees(side):
    return side / 2 / np.tan(np.pi / 6)


def depth_m(code, focal, side, mode):
    ratio = focal_of_60_degrees(side) / focal
    return min(np.exp(code / ratio) if mode == "reference" else np.exp(code) / ratio, 50.0)


def depth_code(depth, focal, side, mode):
    ratio = focal_of_60_degrees(side) / focal
    return np.log(depth) * ratio if mode == "reference" else np.log(depth * ratio)


def person(body, row, offset, patch, K, config):
    """One person's numbers -> rotations, head in the camera frame, vertices, 127 joints."""
    rotmats = np.tile(np.eye(3), (55, 1, 1))
    for place, joint in enumerate(POSE_ORDER):
        rotmats[joint] = rotation_from_sixd(row[6 * place : 6 * place + 6])
    betas, cam, expression = row[318:328], row[328:331], row[331:341]
    pixel = (np.array([patch[1], patch[0]]) + 0.5 + offset) * 14
    head = np.linalg.inv(K) @ [*pixel, 1.0] * depth_m(cam[0], K[0, 0], config.image_side, config.depth)
    verts, joints = smplx_forward(body, rotmats=rotmats, betas=betas, expression=expression, transl=np.zeros(3))
    move = head - joints[15]
    joints = np.concatenate([joints, landmarks(body, verts)])
    return {
        "rotmats": rotmats, "betas": betas, "expression": expression, "depth_code": cam[0], "offset": offset,
        "head": head, "verts": verts + move, "joints": joints + move,
    }  # fmt: skip


def whole_network(w, body, picture, patches, config):
    """One image with its K -> its score map and its people at the given patches (row, col)."""
    image, K = (np.asarray(part, np.float64) for part in picture)
    count = config.image_side // BLOCK
    encoder = {n.removeprefix("backbone.encoder."): v for n, v in w.items() if n.startswith("backbone.encoder.")}
    tokens = vit_tokens(encoder, image, NUM_HEADS[config.backbone.name])
    scores = np.clip(1 / (1 + np.exp(-mlp(w, "mlp_classif", tokens)[:, 0])), 1e-4, 1 - 1e-4).reshape(count, count)
    context = np.concatenate([tokens, camera_features(w, K, count, config.image_side, config.rays)], -1)
    tell = {"hph": hph, "iterative": iterative}[config.head.kind]
    rows = tell(w, context, patches, config.head) if patches else []
    offsets = [mlp(w, "mlp_offset", tokens[row * count + col]) for row, col in patches]
    people = [
        person(body, row, offset, patch, K, config) for row, offset, patch in zip(rows, offsets, patches, strict=True)
    ]
    return scores, people
