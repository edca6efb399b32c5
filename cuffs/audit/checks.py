"""The verdict: each check's value, its limit, and the samples that speak against it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from cuffs.audit.cameras import peak
from cuffs.audit.facts import PART_NAMES
from cuffs.audit.tally import LISTED, Gains, Offenders, Tally

CERTAIN: Final = 3.0
"""Standard errors from where on a mean is taken for true."""

CAMERA_MEAN: Final = 0.05
HAND_MEAN: Final = 0.02
"""Mean agreements that another camera, or other hands, must gain over all samples."""

LEAST_SAMPLES: Final = 8
"""Fewer samples are not judged by their mean."""

SHARE_OF_VOTES: Final = 0.002
"""Share of samples that may speak for another camera or other hands by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the verdict."""

    name: str
    title: str
    value: float | None
    """None: it can't be told from this data."""

    limit: float
    unit: str
    ok: bool
    what: str
    """What was looked at, in a sentence."""

    offenders: tuple[tuple[str, str], ...] = ()
    """Key of a sample, and what it says; the first hundred."""

    number: int = 0
    """All that speak against it."""


def verdict(tally: Tally) -> tuple[Check, ...]:
    """All checks of a dataset."""
    checks = [
        *_residuals(tally),
        _convergence(tally),
        *_stored(tally),
        *_outlines(tally),
        *_cameras(tally),
        _focal(tally),
        *_hands(tally),
        *_identities(tally),
        _duplicates(tally),
        *_files(tally),
    ]
    return tuple(checks)


def only_if(told: bool, check: Check) -> Check:
    """The check; without a value where nothing could have spoken against any sample."""
    return check if told or check.number else replace(check, value=None)


def share_check(tally: Tally, name: str, *, check: str, title: str, limit: float, what: str) -> Check:
    """A check on the share of samples that offend."""
    found = tally.offenders.get(name, Offenders())
    share = found.number / max(1, tally.samples)
    return Check(
        name=check,
        title=title,
        value=round(share, 6),
        limit=limit,
        unit="of samples",
        ok=share <= limit,
        what=what,
        offenders=tuple(zip(found.keys, found.why, strict=True)),
        number=found.number,
    )


def _residuals(tally: Tally) -> Iterator[Check]:
    measured = any(distances.counts.any() for distances in tally.distances.values())
    for limits, measure in ((tally.limits.mean_mm, "mean"), (tally.limits.p95_mm, "p95")):
        for part, limit in limits.items():
            number, means, p95s, _ = tally.stated[part]
            if measured:
                value = tally.distances[part].stats()[measure]
            else:
                value = {"mean": means, "p95": p95s}[measure] / number if number else None
            yield Check(
                name=f"residual_{part}_{measure}",
                title=f"Residual, {PART_NAMES.get(part, part)}, {measure}",
                value=None if value is None else round(value, 4),
                limit=limit,
                unit="mm",
                ok=value is None or value <= limit,
                what="Distance of the label's body from the rendered one, "
                + ("measured anew from kept target vertices." if measured else "as the samples state it."),
            )


def _convergence(tally: Tally) -> Check:
    share = tally.unconverged / max(1, tally.fits)
    return Check(
        name="convergence",
        title="Fits that did not converge",
        value=round(share, 6) if tally.fits else None,
        limit=tally.limits.unconverged,
        unit="of people",
        ok=share <= tally.limits.unconverged,
        what="As the samples state it.",
        number=tally.unconverged,
    )


def _stored(tally: Tally) -> Iterator[Check]:
    limits = tally.limits
    rows = (
        ("stored_px", "2D joints and boxes", tally.stored_px, limits.stored_px, "px", "the re-posed label projected"),
        ("stored_mm", "3D joints", tally.stored_mm, limits.stored_mm, "mm", "the re-posed label"),
        ("stored_fov", "Fields of view", tally.fov_error_deg, limits.fov_deg, "°", "K and the lens"),
    )
    for name, title, value, limit, unit, against in rows:
        yield Check(
            name=name,
            title=f"{title} as stated",
            value=round(value, 6),
            limit=limit,
            unit=unit,
            ok=value <= limit,
            what=f"Largest difference between the annotation's own statement and {against}.",
        )


def _outlines(tally: Tally) -> Iterator[Check]:
    limits = tally.limits
    yield only_if(
        tally.outlined > 0,
        share_check(
            tally,
            "outline",
            check="outline",
            title="Bodies that stick out of their masks",
            limit=limits.outside_samples,
            what=f"People of whose outline more than {limits.outside:.0%} lies over 1.5 px outside their mask.",
        ),
    )
    yield only_if(
        tally.seen > 0,
        share_check(
            tally,
            "shift",
            check="shift",
            title="Labels or pictures that are shifted",
            limit=limits.shifted_samples,
            what=f"Labels against mask, mask against the picture's edges: clearly better {limits.shift_px:g} px away.",
        ),
    )
    yield only_if(
        tally.seen > 0,
        share_check(
            tally,
            "stale",
            check="stale",
            title="Stale meshes",
            limit=limits.stale,
            what="Labels with the pose of one of the samples before, while the picture shows another.",
        ),
    )


def _cameras(tally: Tally) -> Iterator[Check]:
    titles = {
        "cx and cy exchanged": ("principal_point", "cx and cy exchanged"),
        "mirrored": ("mirrored", "Pictures or labels mirrored"),
        "fov_x taken for fov_y": ("fov_x_as_fov_y", "fov_x taken for fov_y"),
        "fov_y taken for fov_x": ("fov_y_as_fov_x", "fov_y taken for fov_x"),
    }
    for name, (check, title) in titles.items():
        gains = tally.camera_gains.get(name, Gains())
        found = share_check(
            tally,
            f"camera: {name}",
            check=check,
            title=title,
            limit=SHARE_OF_VOTES,
            what="Samples whose outlines agree with that camera clearly better than with their own. "
            f"Mean gain over all: {gains.mean():+.2f}.",
        )
        is_best = gains.mean() == max((other.mean() for other in tally.camera_gains.values()), default=0.0)
        by_mean = (
            gains.number >= LEAST_SAMPLES and gains.mean() > CAMERA_MEAN and gains.certainty() > CERTAIN and is_best
        )
        if not gains.number and not found.number:
            found = replace(found, value=None, what="Can't be told: no picture here would differ.")
        yield replace(found, ok=found.ok and not by_mean)


def _focal(tally: Tally) -> Check:
    limit = tally.limits.focal_percent
    value, error = None, 0.0
    if tally.curve_samples >= LEAST_SAMPLES:
        radius = tally.radius / tally.curve_samples
        limit = max(limit, 100 * tally.limits.focal_px / max(radius, 1.0))
        value = -100 * peak(tally.curves.sum(0))
        error = 100 * float(np.std([peak(curve) for curve in tally.curves if curve.any()]) / np.sqrt(len(tally.curves)))
    return Check(
        name="focal",
        title="Focal length",
        value=None if value is None else round(abs(value), 4),
        limit=round(limit, 4),
        unit="%",
        ok=value is None or abs(value) <= limit or abs(value) < CERTAIN * error,
        what="Error at which outlines of bare skin agree best with masks: "
        + (
            "too few samples." if value is None else f"{value:+.2f} ± {error:.2f} % over {tally.curve_samples} samples."
        ),
    )


def _hands(tally: Tally) -> Iterator[Check]:
    titles = {
        "hands_exchanged": ("Left and right hand exchanged", ("exchanged", "exchanged and mirrored")),
        "hand_mean": ("flat_hand_mean mistaken", ("mean hand missing", "mean hand added twice")),
    }
    for check, (title, names) in titles.items():
        found = Offenders()
        for name in names:
            one = tally.offenders.get(f"hands: {name}", Offenders())
            found.number += one.number
            found.keys, found.why = (found.keys + one.keys)[:LISTED], (found.why + one.why)[:LISTED]
        share = found.number / max(1, tally.people)
        outlines = [tally.hand_outline.get(name, Gains()) for name in names]
        by_outline = any(
            one.number >= LEAST_SAMPLES
            and one.mean() > HAND_MEAN
            and one.certainty() > CERTAIN
            and one.mean() == max(other.mean() for other in tally.hand_outline.values())
            for one in outlines
        )
        told = any(tally.hand_mm.get(name, Gains()).number for name in names) or any(one.number for one in outlines)
        means = ", ".join(f"{one.mean():+.2f}" for one in outlines)
        yield Check(
            name=check,
            title=title,
            value=round(share, 6) if told else None,
            limit=SHARE_OF_VOTES,
            unit="of people",
            ok=share <= SHARE_OF_VOTES and not by_outline,
            what="People whose rendered fingers such hands would be clearly nearer to; and whether their outlines "
            f"would agree better with the masks (mean gain {means}).",
            offenders=tuple(zip(found.keys, found.why, strict=True)),
            number=found.number,
        )


def _identities(tally: Tally) -> Iterator[Check]:
    yield only_if(
        tally.seen_identities() > 0,
        share_check(
            tally,
            "identity",
            check="identity",
            title="Shapes of identities",
            limit=0.0,
            what="One identity, one set of betas: in all samples the same, and no other's; and the plan's.",
        ),
    )
    yield only_if(
        tally.seen_identities() > 0,
        share_check(
            tally,
            "splits",
            check="splits",
            title="Identities in two splits",
            limit=0.0,
            what="Nobody who is trained on may be in the validation or test split.",
        ),
    )


def _duplicates(tally: Tally) -> Check:
    found: dict[str, str] = {}
    for digests, what in (
        (tally.pictures, "the same picture file as"),
        (tally.looks, "a picture that looks like that of"),
        (tally.labels, "the same labels as"),
    ):
        values = np.array(digests, np.uint64)
        order = np.argsort(values, kind="stable")
        repeated = np.flatnonzero((values[order][1:] == values[order][:-1]) & (values[order][1:] != 0))
        for place in repeated:
            key, other = tally.keys[order[place + 1]], tally.keys[order[place]]
            if what.startswith("the same labels") and tally.is_stale(key):
                continue
            found.setdefault(key, f"has {what} {other}")
    share = len(found) / max(1, tally.samples)
    return Check(
        name="duplicates",
        title="Duplicates",
        value=round(share, 6),
        limit=tally.limits.duplicates,
        unit="of samples",
        ok=share <= tally.limits.duplicates,
        what="Samples with the same picture, a picture that looks the same, or the same labels as another one.",
        offenders=tuple(list(found.items())[:LISTED]),
        number=len(found),
    )


def _files(tally: Tally) -> Iterator[Check]:
    for name, title in (("mask", "Masks"), ("files", "Pictures, annotations, target vertices")):
        yield only_if(
            name != "mask" or tally.outlined > 0 or tally.seen > 0,
            share_check(
                tally,
                name,
                check=name,
                title=title,
                limit=tally.limits.unreadable,
                what="Files that can't be read, are of the wrong size, or contradict the annotation.",
            ),
        )


def failures(checks: Sequence[Check]) -> list[str]:
    """What was missed, a line each."""
    return [
        f"{check.title}: {check.value} {check.unit}, limit {check.limit}"
        + (f"; {check.number} found, the first: {check.offenders[0][0]}" if check.offenders else "")
        for check in checks
        if not check.ok
    ]
