"""What hands do: each kind draws a continuous family of shapes, from a fist to fingerspelling."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from pose_sources.anatomy import Anatomy
from pose_sources.procedural.hand_contact import finger_back, finger_pad
from pose_sources.procedural.hand_shape import (
    DIP_OF_PIP,
    FingerShape,
    HandShape,
    ThumbShape,
    curled,
    thumb_from,
)
from pose_sources.procedural.thumb import place_thumb

Rng = np.random.Generator
FOUR: Final = ("index", "middle", "ring", "pinky")
FAN: Final[Mapping[str, float]] = {"index": -14.0, "middle": -2.0, "ring": 9.0, "pinky": 19.0}
"""Sideways angles of spread fingers, degrees."""

BESIDE: Final = ThumbShape(flexion=20, abduction=12, opposition=0, mp=4, ip=4)
"""A thumb that lies beside a flat hand."""

AWAY: Final = ThumbShape(flexion=-26, abduction=14, opposition=-8, mp=-4, ip=-8)
"""A thumb stretched away from the hand."""

ALONG: Final = ThumbShape(flexion=6, abduction=28, opposition=10, mp=8, ip=20)
"""A thumb along the side of a fist."""

MEETING_M: Final = -0.001
"""Distance between the skins of thumb and finger where they meet, metres: flesh gives way a little."""

OPPOSED: Final = ThumbShape(flexion=0, abduction=48, opposition=32, mp=12, ip=12)
"""A thumb that faces the fingers."""

FOLDED: Final = ThumbShape(flexion=16, abduction=50, opposition=36, mp=34, ip=42)
"""A thumb on its way across a fist."""


RELAXED_HAND: Final = HandShape(
    index=curled(0.22), middle=curled(0.26), ring=curled(0.3), pinky=curled(0.34),
    thumb=ThumbShape(flexion=-4, abduction=28, opposition=14, mp=8, ip=12),
)  # fmt: skip
"""A hand that is always possible."""


def hand_of(fingers: Mapping[str, FingerShape], thumb: ThumbShape) -> HandShape:
    """A hand from its fingers by name."""
    return HandShape(
        index=fingers["index"], middle=fingers["middle"], ring=fingers["ring"], pinky=fingers["pinky"], thumb=thumb
    )


def between(rng: Rng, low: float, high: float) -> float:
    """A number drawn evenly from a range."""
    return float(rng.uniform(low, high))


def fan(rng: Rng, low: float, high: float) -> dict[str, float]:
    """Sideways angles of all fingers, by a common share of the widest fan."""
    share = between(rng, low, high)
    return {name: share * angle for name, angle in FAN.items()}


def straight(rng: Rng, ulnar: float = 0.0) -> FingerShape:
    """A stretched finger."""
    pip = between(rng, 0, 12)
    return FingerShape(mcp=between(rng, -12, 10), pip=pip, dip=DIP_OF_PIP * pip, ulnar=ulnar)


def clenched(rng: Rng) -> FingerShape:
    """A finger curled into the palm."""
    pip = between(rng, 86, 102)
    return FingerShape(mcp=between(rng, 66, 84), pip=pip, dip=between(rng, 0.2, 0.5) * pip)


def flat(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """Fingers together and stretched, thumb beside them or a little away."""
    share = between(rng, 0, 1)
    bend = between(rng, -4, 8)
    fingers = {name: FingerShape(mcp=bend, pip=between(rng, 0, 8), dip=between(rng, 0, 5)) for name in FOUR}
    return hand_of(fingers, blend(BESIDE, AWAY, share))


def spread(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """All fingers stretched and fanned out."""
    angles = fan(rng, 0.6, 1.1)
    thumb = blend(AWAY, ThumbShape(flexion=-22, abduction=40, mp=-2, ip=-6), between(rng, 0, 1))
    return hand_of({name: straight(rng, angles[name]) for name in FOUR}, thumb)


def relaxed(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """A hand at rest: each finger a little more bent than its neighbour on the thumb's side."""
    amount, slope, angles = between(rng, 0.12, 0.38), between(rng, 0.0, 0.08), fan(rng, 0.1, 0.5)
    fingers = {name: curled(amount + slope * n, angles[name]) for n, name in enumerate(FOUR)}
    thumb = blend(BESIDE, OPPOSED, between(rng, 0.2, 0.8))
    return hand_of(fingers, replace(thumb, ip=thumb.ip + between(rng, 0, 20)))


def resting(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """A hand laid on something: fingers a little bent along it, a little apart."""
    amount, angles = between(rng, 0.0, 0.1), fan(rng, 0.0, 0.7)
    fingers = {name: curled(amount + between(rng, 0.0, 0.05), angles[name]) for name in FOUR}
    return hand_of(fingers, replace(blend(BESIDE, AWAY, between(rng, 0, 1)), abduction=between(rng, -4, 8)))


def fist(anatomy: Anatomy, rng: Rng) -> HandShape:
    """All fingers curled in, the thumb across them or along the side of the index finger."""
    shape = hand_of({name: clenched(rng) for name in FOUR}, FOLDED)
    if rng.uniform() < 0.25:
        return replace(shape, thumb=replace(ALONG, abduction=between(rng, 22, 34)))
    return cross_thumb(anatomy, shape, "middle" if rng.uniform() < 0.6 else "index")


def cross_thumb(anatomy: Anatomy, shape: HandShape, over: str) -> HandShape:
    """The hand with its thumb laid across the back of a curled finger."""
    place, looks = finger_back(anatomy, shape, over)
    return place_thumb(anatomy, replace(shape, thumb=FOLDED), skin_at=place + 0.001 * looks, skin_looks=looks)


def point(anatomy: Anatomy, rng: Rng) -> HandShape:
    """The index finger stretched, the others curled; the thumb held in or stretched away."""
    curls = {name: clenched(rng) for name in FOUR}
    if rng.uniform() < 0.5:
        loose = between(rng, 0.55, 0.8)
        curls = {name: curled(loose + between(rng, 0, 0.1)) for name in FOUR}
    shape = hand_of(curls | {"index": straight(rng)}, FOLDED)
    if rng.uniform() < 0.3:
        return replace(shape, thumb=blend(BESIDE, AWAY, between(rng, 0.3, 1.0)))
    return cross_thumb(anatomy, shape, "middle")


def pinch(anatomy: Anatomy, rng: Rng) -> HandShape:
    """Thumb and index or middle finger meet at their pads; the others stretched, bent or curled."""
    finger = "index" if rng.uniform() < 0.75 else "middle"
    amount, angles = between(rng, 0.0, 0.85), fan(rng, 0.2, 0.8)
    fingers = {name: curled(amount + between(rng, 0, 0.12), angles[name]) for name in FOUR}
    fingers[finger] = meeting(rng, 96 if finger == "index" else 106)
    if finger == "middle":
        fingers["index"] = curled(between(rng, 0.0, 0.35), angles["index"])
    return oppose(anatomy, hand_of(fingers, OPPOSED), finger)


def oppose(anatomy: Anatomy, shape: HandShape, finger: str) -> HandShape:
    """The hand with its thumb's pad brought to a finger's."""
    place, looks = finger_pad(anatomy, shape, finger)
    return place_thumb(anatomy, replace(shape, thumb=OPPOSED), skin_at=place + MEETING_M * looks, skin_looks=looks)


def count(anatomy: Anatomy, rng: Rng) -> HandShape:
    """One to five, begun with the index finger or with the thumb; three also as thumb, index and middle finger."""
    number, from_thumb = int(rng.integers(1, 6)), bool(rng.uniform() < 0.4)
    shown = set(FOUR[: number - 1] if from_thumb or number == 5 else FOUR[:number])
    angles = fan(rng, 0.3, 0.9)
    fingers = {name: straight(rng, angles[name]) if name in shown else clenched(rng) for name in FOUR}
    if from_thumb or number == 5:
        return hand_of(fingers, blend(AWAY, BESIDE, between(rng, 0, 0.5)))
    return fold_thumb(anatomy, hand_of(fingers, FOLDED), rng)


def fold_thumb(anatomy: Anatomy, shape: HandShape, rng: Rng) -> HandShape:
    """The thumb held in: across the first curled finger, or across the palm where none is curled."""
    curls = [name for name in ("middle", "ring", "index") if shape.finger(name).pip > 70]
    if curls:
        return cross_thumb(anatomy, shape, curls[0])
    thumb = ThumbShape(flexion=between(rng, 12, 26), abduction=between(rng, 30, 44), opposition=30, mp=40, ip=40)
    return replace(shape, thumb=thumb)


LETTERS: Final[Mapping[str, tuple[str, str]]] = {
    "a": ("cccc", "along"), "b": ("ssss", "folded"), "c": ("llll", "opposed"), "d": ("sooo", "meets middle"),
    "e": ("hhhh", "folded"), "f": ("osss", "meets index"), "i": ("cccs", "folded"), "k": ("sbcc", "meets middle"),
    "l": ("sccc", "away"), "o": ("oooo", "meets index"), "n": ("bbcc", "folded"), "u": ("sscc", "folded"),
    "w": ("sssc", "folded"), "x": ("hccc", "folded"), "y": ("cccs", "away"), "horns": ("sccs", "folded"),
    "love": ("sccs", "away"), "roof": ("bbbb", "beside"), "hooks": ("hhhh", "away"), "duck": ("bbbb", "meets index"),
}  # fmt: skip
"""Shapes of one-handed finger alphabets and everyday signs: the four fingers (straight, curled, loosely bent, hooked,
bent at the knuckle, or rounded towards the thumb), and the thumb."""


def spell(anatomy: Anatomy, rng: Rng) -> HandShape:
    """As in fingerspelling and everyday signs."""
    fingers, thumb = LETTERS[str(rng.choice(list(LETTERS)))]
    angles, loose, bent = fan(rng, 0.0, 1.0), between(rng, 0.3, 0.5), between(rng, 60, 80)
    drawn = {
        "s": lambda name: straight(rng, angles[name]),
        "c": lambda _: clenched(rng),
        "l": lambda name: curled(loose + between(rng, 0, 0.06), 0.5 * angles[name]),
        "h": lambda _: FingerShape(mcp=between(rng, 0, 25), pip=between(rng, 65, 90), dip=between(rng, 35, 55)),
        "b": lambda _: FingerShape(mcp=bent + between(rng, -5, 5), pip=between(rng, 0, 18), dip=between(rng, 0, 10)),
        "o": lambda _: meeting(rng),
    }
    shape = hand_of(tie_ring_finger({name: drawn[how](name) for name, how in zip(FOUR, fingers, strict=True)}), AWAY)
    if thumb == "folded":
        return fold_thumb(anatomy, shape, rng)
    if thumb.startswith("meets"):
        return oppose(anatomy, shape, thumb.removeprefix("meets "))
    thumbs = {"along": ALONG, "away": blend(AWAY, BESIDE, between(rng, 0, 0.3)), "beside": BESIDE, "opposed": OPPOSED}
    return replace(shape, thumb=thumbs[thumb])


def meeting(rng: Rng, whole_deg: float = 96.0) -> FingerShape:
    """A finger rounded so far that its pad looks at the thumb's; `whole_deg` is what knuckle and middle joint share."""
    mcp = between(rng, 46, 66)
    pip = whole_deg - mcp + between(rng, -4, 6)
    return FingerShape(mcp=mcp, pip=pip, dip=between(rng, 0.25, 0.5) * pip)


def tie_ring_finger(fingers: Mapping[str, FingerShape]) -> dict[str, FingerShape]:
    """Middle, ring and little finger pull each other along: a quarter of the way to the mean of the neighbours.

    Häger-Ross and Schieber, Quantifying the independence of human finger movements, J Neurosci 20, 2000: the ring
    finger is the least independent.
    """
    tied = dict(fingers)
    for name, neighbours, share in (("ring", ("middle", "pinky"), 0.25), ("pinky", ("ring",), 0.12)):
        own = np.array(fingers[name].angles)
        pull = np.mean([fingers[other].angles for other in neighbours], 0)
        mcp, pip, dip, _ = ((1 - share) * own + share * pull).tolist()
        tied[name] = FingerShape(mcp=mcp, pip=pip, dip=dip, ulnar=fingers[name].ulnar)
    return tied


def thumbs_up(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """A fist with the thumb stretched away."""
    thumb = replace(AWAY, flexion=between(rng, -30, -20), abduction=between(rng, -4, 16), ip=between(rng, -20, 5))
    return hand_of({name: clenched(rng) for name in FOUR}, thumb)


def claw(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """Knuckles stretched, the other joints hooked, fingers apart."""
    angles, pip = fan(rng, 0.4, 1.0), between(rng, 45, 85)
    fingers = {
        name: FingerShape(
            mcp=between(rng, -20, 12), pip=pip + between(rng, -8, 8), dip=between(rng, 30, 55), ulnar=angles[name]
        )
        for name in FOUR
    }
    return hand_of(fingers, ThumbShape(flexion=between(rng, -20, 0), abduction=between(rng, 25, 50), mp=10, ip=40))


def ball(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """Around a ball: fingers fanned out and evenly bent, the thumb facing them."""
    size, angles = between(rng, 0.2, 0.55), fan(rng, 0.5, 1.0)
    fingers = {
        name: FingerShape(
            mcp=55 * size + between(rng, 0, 10), pip=75 * size, dip=50 * size, ulnar=angles[name] * (1 - size)
        )
        for name in FOUR
    }
    thumb = replace(OPPOSED, flexion=-12 + 20 * size, abduction=between(rng, 46, 60), mp=20 * size, ip=60 * size)
    return hand_of(fingers, thumb)


def bar(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """Around a bar or cup: fingers side by side, the thumb on the other side."""
    size = between(rng, 0.4, 0.78)
    fingers = {name: curled(size + 0.03 * n) for n, name in enumerate(FOUR)}
    thumb = replace(
        OPPOSED, flexion=between(rng, -8, 8), abduction=between(rng, 46, 62), mp=10 + 20 * size, ip=30 * size
    )
    return hand_of(fingers, thumb)


def anything(_anatomy: Anatomy, rng: Rng) -> HandShape:
    """Every joint drawn from its range; joints of a finger and neighbouring fingers go together."""
    common, angles = rng.uniform(), fan(rng, -0.3, 1.1)
    fingers = {}
    for name in FOUR:
        share = float(np.clip(0.4 * common + 0.6 * rng.uniform(), 0, 1))
        pip = 100 * np.clip(share + rng.normal(0, 0.15), 0, 1)
        mcp = -15 + 95 * np.clip(0.3 * share + 0.7 * rng.uniform(), 0, 1)
        ulnar = angles[name] * (1 - share)
        fingers[name] = FingerShape(
            mcp=float(mcp), pip=float(pip), dip=between(rng, 0.4, 0.75) * float(pip), ulnar=ulnar
        )
    low, high = np.array([-28, 0, -10, -8, -12.0]), np.array([20, 60, 45, 45, 60.0])
    return hand_of(tie_ring_finger(fingers), thumb_from(rng.uniform(low, high)))


def blend(first: ThumbShape, second: ThumbShape, share: float) -> ThumbShape:
    """A thumb between two."""
    return thumb_from((1 - share) * np.array(first.angles) + share * np.array(second.angles))


HAND_KINDS: Final[Mapping[str, Callable[[Anatomy, Rng], HandShape]]] = {
    "flat": flat, "spread": spread, "relaxed": relaxed, "resting": resting, "fist": fist, "point": point,
    "pinch": pinch, "count": count, "spell": spell, "thumbs_up": thumbs_up, "claw": claw, "ball": ball, "bar": bar,
    "anything": anything,
}  # fmt: skip
