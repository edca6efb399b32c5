"""Mistakes that generators make, planted in good data: annotations stay consistent with themselves."""

from dataclasses import replace

import numpy as np

from tests.cuffs.audit.scenes import encoded, restated


def other_smplx(made, change):
    """The parameters of everybody, changed."""
    return [change(person.smplx) for person in made.sample.people]


def everywhere(change):
    """A mistake that is made in every sample: change(body, made)."""
    return lambda body, data, rng: [change(body, made) for made in data]  # noqa: ARG005


def changed_smplx(change):
    """A mistake in everybody's parameters: change(body, smplx)."""
    return everywhere(lambda body, made: restated(body, made, smplx=other_smplx(made, lambda s: change(body, s))))


def changed_camera(change):
    """A mistake in every camera: change(K, width, height)."""

    def one(body, made):
        image = made.sample.image
        return restated(body, made, K=change(made.sample.camera.K.copy(), image.width, image.height))

    return everywhere(one)


def exchanged_hands(_, smplx):
    return replace(smplx, left_hand_pose=smplx.right_hand_pose, right_hand_pose=smplx.left_hand_pose)


def without_mean_hand(body, smplx):
    left, right = body.hands_mean.reshape(2, 15, 3)
    return replace(smplx, left_hand_pose=smplx.left_hand_pose - left, right_hand_pose=smplx.right_hand_pose - right)


def with_mean_hand_twice(body, smplx):
    left, right = body.hands_mean.reshape(2, 15, 3)
    return replace(smplx, left_hand_pose=smplx.left_hand_pose + left, right_hand_pose=smplx.right_hand_pose + right)


def exchanged_middle(K, width, height):  # noqa: ARG001
    K[0, 2], K[1, 2] = K[1, 2], K[0, 2]
    return K


def fov_x_as_fov_y(K, width, height):
    K[[0, 1], [0, 1]] *= height / width
    return K


def one_percent(K, width, height):  # noqa: ARG001
    K[[0, 1], [0, 1]] *= 1.01
    return K


def mirrored(_, made):
    return replace(made, picture=made.picture[:, ::-1].copy(), mask=made.mask[:, ::-1].copy(), **_mirrored_boxes(made))


def _mirrored_boxes(made):
    """The boxes of the mirrored mask: they are made from the mask."""
    width = made.sample.image.width
    people = tuple(
        replace(p, bbox_xyxy=(width - p.bbox_xyxy[2], p.bbox_xyxy[1], width - p.bbox_xyxy[0], p.bbox_xyxy[3]))
        for p in made.sample.people
    )
    return {"sample": replace(made.sample, people=people)}


def mirrored_picture(_, made):
    """The picture alone; the mask fits the labels."""
    return replace(made, picture=made.picture[:, ::-1].copy())


def some(data, number, rng):
    """A few places, not the first."""
    return sorted(rng.choice(np.arange(1, len(data)), number, replace=False).tolist())


def stale(body, data, rng):
    """The label has the pose of the sample before: body, hands and face, on the own place and shape."""
    data = list(data)
    singles = [n for n in range(1, len(data)) if len(data[n].sample.people) == len(data[n - 1].sample.people) == 1]
    for place in rng.choice(singles, 2, replace=False):
        before, own = data[place - 1].sample.people[0].smplx, data[place].sample.people[0].smplx
        smplx = replace(before, betas=own.betas, transl=own.transl)
        made = restated(body, data[place], smplx=[smplx])
        data[place] = replace(made, targets_cam=None)
    return data


def shifted(_, data, rng):
    """Picture and mask five pixels off in one of a hundred samples."""
    data = list(data)
    for place in some(data, max(1, len(data) // 100), rng):
        data[place] = _rolled(data[place], 5)
    return data


def _rolled(made, by):
    people = tuple(
        replace(p, bbox_xyxy=(p.bbox_xyxy[0] + by, p.bbox_xyxy[1], p.bbox_xyxy[2] + by, p.bbox_xyxy[3]))
        for p in made.sample.people
    )
    picture = np.concatenate([made.picture[:, :1].repeat(by, 1), made.picture[:, :-by]], 1)
    mask = np.concatenate([np.zeros_like(made.mask[:, :by]), made.mask[:, :-by]], 1)
    return replace(made, picture=picture, mask=mask, sample=replace(made.sample, people=people))


def shifted_picture(_, data, rng):
    """The picture alone."""
    data = list(data)
    for place in some(data, 1, rng):
        data[place] = replace(data[place], picture=_rolled(data[place], 5).picture)
    return data


def foreign_betas(body, data, rng):
    """One sample has the shape of somebody else."""
    data = list(data)
    (place,) = some(data, 1, rng)
    own = data[place].sample.people[0]
    other = next(
        p.smplx.betas for made in data for p in made.sample.people if p.character.identity != own.character.identity
    )
    records = [person.smplx for person in data[place].sample.people]
    records[0] = replace(records[0], betas=other)
    data[place] = restated(body, data[place], smplx=records)
    return data


def duplicate(_, data, rng):
    """One sample once more, under another key."""
    (place,) = some(data, 1, rng)
    again = data[place]
    key, slot = "again_00000", len(data)
    provenance = replace(again.sample.provenance, slot=slot)
    return [*data, replace(again, sample=replace(again.sample, key=key, provenance=provenance))]


def cut_mask(_, data, rng):
    """A mask's file ends early."""
    data = list(data)
    (place,) = some(data, 1, rng)
    data[place] = replace(data[place], mask_png=encoded(data[place].mask, "PNG")[:300])
    return data


def speckled_mask(_, data, rng):
    """A mask full of noise, within its box."""
    data = list(data)
    (place,) = some(data, 1, rng)
    mask = data[place].mask.copy()
    mask[(rng.uniform(size=mask.shape) < 0.6) & (mask > 0)] = 0
    kept = data[place].mask
    for number in np.unique(kept[kept > 0]):  # its box stays
        rows, columns = np.nonzero(kept == number)
        for row, column in ((rows[0], columns[0]), (rows[-1], columns[-1])):
            mask[row, column] = number
        mask[rows[columns.argmin()], columns.min()] = mask[rows[columns.argmax()], columns.max()] = number
    data[place] = replace(data[place], mask=mask)
    return data


def renumbered_mask(_, data, rng):
    """A mask that numbers people who aren't there."""
    data = list(data)
    (place,) = some(data, 1, rng)
    data[place] = replace(data[place], mask=np.where(data[place].mask > 0, data[place].mask + 1, 0).astype(np.uint8))
    return data


FAULTS = {
    "swapped hands": (changed_smplx(exchanged_hands), "hands_exchanged"),
    "flat_hand_mean: mean left out": (changed_smplx(without_mean_hand), "hand_mean"),
    "flat_hand_mean: mean added twice": (changed_smplx(with_mean_hand_twice), "hand_mean"),
    "cx and cy exchanged": (changed_camera(exchanged_middle), "principal_point"),
    "fov_x used as fov_y": (changed_camera(fov_x_as_fov_y), "fov_x_as_fov_y"),
    "fx 1 % off": (changed_camera(one_percent), "focal"),
    "mirrored image": (everywhere(mirrored), "mirrored"),
    "mirrored picture, mask as it was": (everywhere(mirrored_picture), "mirrored"),
    "stale mesh": (stale, "stale"),
    "1 % of samples shifted by 5 px": (shifted, "shift"),
    "a picture shifted by 5 px, mask as it was": (shifted_picture, "shift"),
    "another identity's betas": (foreign_betas, "identity"),
    "duplicate": (duplicate, "duplicates"),
    "corrupt mask: cut": (cut_mask, "mask"),
    "corrupt mask: noise": (speckled_mask, "mask"),
    "corrupt mask: wrong numbers": (renumbered_mask, "mask"),
}
"""By name: what it does to (body, data, rng), and the check that must find it."""
