"""Light by mood: which sun, sky and lamps make a clear noon, a window's light, an evening, a studio's set-up.

A mood draws a `LightSpec` and the fixtures that one sees shine. Only ratios matter where the camera meters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from cuffs.records import LampSpec, LightSpec, PlaceSpec, ThingSpec
from cuffs.records.surface_spec import Colour
from cuffs.scene import palettes
from cuffs.scene.layout import Stage, overlap, rectangle
from cuffs.scene.palettes import pick
from cuffs.scene.rooms import walls_of

Array = np.ndarray
Rng = np.random.Generator

BALANCED = 0.62
"""How much of a lamp's tint a camera's white balance takes away."""

WINDOW_AREA_M2 = 2.0
"""Of the window whose share of light is as said; larger ones bring more."""


SUN_TRIES = 10
"""Directions that are drawn until the sun reaches the people; where none does, they stand in shade."""

CHEST_M = 1.1
LET_SUN_THROUGH = ("tree", "conifer", "lamp_post", "lamp_post_lit", "fence", "railing", "sign_post", "grass", "bush")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lighting:
    """A scene's light, and the things that seem to give it."""

    light: LightSpec
    fixtures: tuple[ThingSpec, ...] = ()
    lit: bool = False
    """Whether the place's own lamps are switched on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """What a mood is drawn for."""

    place: PlaceSpec
    stage: Stage
    sun_elevation_deg: tuple[float, float]
    sun_size_deg: tuple[float, float]


Mood = Callable[[Setting, Rng], Lighting]


def tint(kelvin: float) -> Colour:
    """Colour of a black body after a camera's white balance, brightest channel 1.

    Fit to Planck's law by T. Helland (2012), made linear; 5500 K is white.
    """
    return _balanced(tuple(a / b for a, b in zip(_black_body(kelvin), _black_body(5500.0), strict=True)))


def _black_body(kelvin: float) -> tuple[float, float, float]:
    t = kelvin / 100
    red = 255.0 if t <= 66 else 329.7 * (t - 60) ** -0.1332
    green = 99.47 * np.log(t) - 161.12 if t <= 66 else 288.12 * (t - 60) ** -0.0755
    blue = 255.0 if t >= 66 else (0.0 if t <= 19 else 138.52 * np.log(t - 10) - 305.04)
    linear = [float(np.clip(value / 255, 0.01, 1)) ** 2.2 for value in (red, green, blue)]
    return (linear[0], linear[1], linear[2])


def _balanced(colour: tuple[float, ...]) -> Colour:
    whole = max(colour)
    red, green, blue = (round((1 - BALANCED) * value / whole + BALANCED, 4) for value in colour)
    return (red, green, blue)


# --- outdoors


def clear(setting: Setting, rng: Rng) -> Lighting:
    """Sun and blue sky at any hour but the first and last."""
    return Lighting(light=_sun(setting, rng, mood="clear", elevation=setting.sun_elevation_deg))


def golden_hour(setting: Setting, rng: Rng) -> Lighting:
    """A low warm sun, long shadows."""
    light = _sun(setting, rng, mood="golden hour", elevation=(4.0, 13.0))
    return Lighting(light=replace(light, colour=tint(float(rng.uniform(2800, 3800))), sky_share=0.35))


def overcast(setting: Setting, rng: Rng) -> Lighting:
    """Light from the whole sky, hardly any shadow."""
    light = _sun(setting, rng, mood="overcast", elevation=(30.0, 70.0))
    colour = tint(float(rng.uniform(5600, 7500)))
    return Lighting(light=replace(light, kind="lamps", colour=colour, sun_share=0.22, sun_size_deg=70.0, sky_share=0.7))


def shade(setting: Setting, rng: Rng) -> Lighting:
    """A clear day, the people in a building's or tree's shade: sky without sun."""
    light = _sun(setting, rng, mood="open shade", elevation=setting.sun_elevation_deg)
    return Lighting(light=replace(light, sun_share=0.04, sun_size_deg=30.0, sky_share=0.7))


def blue_hour(setting: Setting, rng: Rng) -> Lighting:
    """After sunset: a bluish sky and the first lamps."""
    light = _sun(setting, rng, mood="blue hour", elevation=(0.5, 3.0))
    lamps, fixtures = _street_lamps(setting, rng, share=0.35)
    cool = (0.72, 0.86, 1.0)
    return Lighting(
        light=replace(
            light, colour=cool, sun_share=0.03, sun_size_deg=60.0, sky_share=0.4, low_light=True, lamps=lamps
        ),
        fixtures=fixtures,
        lit=True,
    )


def night(setting: Setting, rng: Rng) -> Lighting:
    """Street lamps in the dark."""
    lamps, fixtures = _street_lamps(setting, rng, share=0.8)
    light = LightSpec(
        kind="lamps", mood="night lamps", sun_elevation_deg=-10.0, sun_share=0.0, sky_share=0.05,
        colour=(0.6, 0.75, 1.0), low_light=True, lamps=lamps,
    )  # fmt: skip
    return Lighting(light=light, fixtures=fixtures, lit=True)


def _sun(setting: Setting, rng: Rng, *, mood: str, elevation: tuple[float, float]) -> LightSpec:
    height_deg = round(float(rng.uniform(*elevation)), 3)
    azimuths = [round(float(azimuth), 3) for azimuth in rng.uniform(0, 360, SUN_TRIES)]
    reaching = [azimuth for azimuth in azimuths if _sun_reaches(setting, azimuth, height_deg)]
    return LightSpec(
        kind="sun",
        mood=mood,
        sun_elevation_deg=height_deg,
        sun_azimuth_deg=(reaching or azimuths)[0],
        sun_size_deg=round(float(rng.uniform(*setting.sun_size_deg)), 3),
        sky_turbidity=round(float(rng.uniform(2, 6)), 3),
        sky_share=round(float(rng.uniform(0.35, 0.65)), 3),
    )


def _sun_reaches(setting: Setting, azimuth_deg: float, elevation_deg: float) -> bool:
    """Whether the way from the people to the sun is free of houses, hedges and walls; trees let some of it through."""
    turn, slope = np.radians(azimuth_deg), np.tan(np.radians(elevation_deg))
    start = setting.stage.centre
    for thing in setting.place.things:
        if thing.kind in LET_SUN_THROUGH or thing.size_m[0] > 100:
            continue
        rise = thing.at_world[2] + thing.size_m[2] - CHEST_M
        if rise <= 0:
            continue
        end = start + rise / slope * np.array([np.cos(turn), np.sin(turn)])  # from there on the way runs above it
        outline = rectangle(np.array(thing.at_world[:2]), thing.size_m[:2], np.radians(thing.yaw_deg))
        if overlap(outline, np.array([start, end])):
            return False
    return True


def _street_lamps(setting: Setting, rng: Rng, *, share: float) -> tuple[tuple[LampSpec, ...], tuple[ThingSpec, ...]]:
    """A lamp post beside the people, and another farther off."""
    stage = setting.stage
    colour = tint(float(rng.uniform(2300, 4200)))
    lamps, posts = [], []
    back = np.degrees(np.arctan2(*(stage.eye[:2] - stage.centre)[::-1]))
    for number, distance in enumerate((rng.uniform(2.2, 3.6), rng.uniform(6, 11))):
        turn = np.radians(back + float(rng.uniform(35, 95)) * rng.choice([-1, 1]) + (90 if number else 0))
        foot = stage.centre + distance * np.array([np.cos(turn), np.sin(turn)])
        height = float(rng.uniform(3.2, 4.6))
        posts.append(
            ThingSpec(
                kind="lamp_post_lit", at_world=_point(foot, 0.0), yaw_deg=round(float(rng.uniform(0, 360)), 2),
                size_m=(0.3, 0.3, round(height, 3)), colour=pick(rng, palettes.PAINTS[2:5]),
                second_colour=palettes.PAINTS[2], variant=0,
            )
        )  # fmt: skip
        lamps.append(
            LampSpec(
                kind="point", at_world=_point(foot, height - 0.3), target_world=_point(foot, 0.0), size_m=(0.3, 0.3),
                share=share, colour=colour,
                reach_m=round(float(np.hypot(3.0 if number else distance, height - 1.2)), 3),
            )
        )  # fmt: skip
    return tuple(lamps), tuple(posts)


# --- indoors


def window_light(setting: Setting, rng: Rng) -> Lighting:
    """Daylight through the windows."""
    return Lighting(light=_windows(setting, rng, mood="window", sun_share=0.0))


def sunny_window(setting: Setting, rng: Rng) -> Lighting:
    """The same with the sun falling in."""
    return Lighting(light=_windows(setting, rng, mood="sunny window", sun_share=float(rng.uniform(0.9, 1.8))))


def ceiling_light(setting: Setting, rng: Rng) -> Lighting:
    """Panels or pendants from above, with what daylight comes in."""
    room = setting.place.room
    assert room is not None
    height = room.size_m[2]
    columns, rows = (int(np.clip(round(extent / 2.8), 1, 3)) for extent in room.size_m[:2])
    colour = tint(float(rng.uniform(2700, 6500)))
    pendant = height > 2.35 and rng.uniform() < 0.4
    turn = np.radians(room.yaw_deg)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    lamps, fixtures = [], []
    drop = min(0.75, height - max(2.1, setting.stage.head_z + 0.15)) if pendant else 0.03
    pendant = pendant and drop > 0.3
    size = round(float(rng.uniform(0.3, 0.5)), 3) if pendant else round(float(rng.uniform(0.45, 0.9)), 3)
    for column in range(columns):
        for row in range(rows):
            local = (np.array([(column + 0.5) / columns, (row + 0.5) / rows]) - 0.5) * np.array(room.size_m[:2])
            middle = np.array(room.middle_world) + local @ axes
            low = height - (drop if pendant else 0.04)
            fixtures.append(
                ThingSpec(
                    kind="pendant" if pendant else "ceiling_panel", at_world=_point(middle, low),
                    yaw_deg=room.yaw_deg, size_m=(size, size, round(drop, 3) if pendant else 0.03),
                    colour=palettes.PAINTS[3 if pendant else 0], second_colour=palettes.PAINTS[0],
                )
            )  # fmt: skip
            lamps.append(
                LampSpec(
                    kind="disk" if pendant else "rectangle", at_world=_point(middle, low - 0.03),
                    target_world=_point(middle, 0.0), size_m=(size, size), share=0.55, reach_m=round(low - 0.9, 3),
                    colour=colour,
                )
            )  # fmt: skip
    light = _windows(setting, rng, mood="ceiling lamps", sun_share=0.0)
    dimmed = tuple(replace(lamp, share=round(0.35 * lamp.share, 4)) for lamp in light.lamps)
    return Lighting(light=replace(light, lamps=(*dimmed, *lamps), ambient_share=0.14), fixtures=tuple(fixtures))


def evening_lamps(setting: Setting, rng: Rng) -> Lighting:
    """Floor lamps after dark."""
    room = setting.place.room
    assert room is not None
    stage = setting.stage
    towards_eye = np.arctan2(*(stage.eye[:2] - stage.centre)[::-1])
    colour = tint(float(rng.uniform(2400, 3200)))
    lamps, fixtures = [], []
    for side in (-1, 1)[: int(rng.integers(1, 3))]:
        turn = towards_eye + side * np.radians(float(rng.uniform(50, 120)))
        spot = _within(setting, stage.centre + float(rng.uniform(1.2, 1.9)) * np.array([np.cos(turn), np.sin(turn)]))
        height = float(rng.uniform(1.45, 1.75))
        fixtures.append(
            ThingSpec(
                kind="floor_lamp_lit", at_world=_point(spot, 0.0), yaw_deg=0.0, size_m=(0.38, 0.38, round(height, 3)),
                colour=palettes.WALLS[0], second_colour=palettes.PAINTS[2], variant=int(rng.integers(9)),
            )
        )  # fmt: skip
        lamps.append(
            LampSpec(
                kind="point", at_world=_point(spot, height - 0.12), target_world=_point(spot, 0.0), size_m=(0.28, 0.28),
                share=0.5, reach_m=1.6, colour=colour,
            )
        )  # fmt: skip
    dark = rng.uniform() < 0.5
    light = LightSpec(
        kind="lamps", mood="evening lamps", sun_elevation_deg=-8.0, sun_share=0.0, sky_share=0.02,
        colour=(0.5, 0.65, 1.0), lamps=tuple(lamps), ambient_share=round(float(rng.uniform(0.03, 0.09)), 4),
        low_light=bool(dark),
    )  # fmt: skip
    return Lighting(light=light, fixtures=tuple(fixtures))


def coloured_light(setting: Setting, rng: Rng) -> Lighting:
    """Two coloured lamps from either side, as in a club or a shop window."""
    hue = float(rng.uniform())
    pair = (palettes.vivid(hue), palettes.vivid(hue + float(rng.uniform(0.25, 0.6))))
    lamps = tuple(
        _beside(
            setting, side * float(rng.uniform(35, 80)), height=float(rng.uniform(1.2, 2.3)), share=share, colour=colour
        )
        for side, share, colour in zip((-1, 1), (0.55, 0.45), pair, strict=True)
    )
    light = LightSpec(
        kind="lamps", mood="coloured lamps", sun_elevation_deg=-8.0, sun_share=0.0, sky_share=0.04,
        colour=(0.8, 0.85, 1.0), lamps=lamps, ambient_share=0.1,
    )  # fmt: skip
    return Lighting(light=light)


def _windows(setting: Setting, rng: Rng, *, mood: str, sun_share: float) -> LightSpec:
    """A lamp in every window; the sun, where there is one, stands before one of them."""
    room = setting.place.room
    assert room is not None
    walls = walls_of(room)
    sky = tint(float(rng.uniform(5600, 8000)))
    lamps, azimuths = [], []
    for opening in room.openings:
        if opening.kind == "door":
            continue
        wall = walls[opening.wall]
        middle = opening.sill_m + opening.size_m[1] / 2
        area = opening.size_m[0] * opening.size_m[1]
        lamps.append(
            LampSpec(
                kind="rectangle", at_world=_point(wall.point(opening.middle_m, -0.2), middle),
                target_world=_point(wall.point(opening.middle_m, 2.0), middle - 0.4),
                size_m=(opening.size_m[0], opening.size_m[1]), share=round(0.5 * area / WINDOW_AREA_M2, 4), reach_m=2.5,
                colour=sky,
            )
        )  # fmt: skip
        outward = -wall.inward
        azimuths.append(float(np.degrees(np.arctan2(outward[1], outward[0]))) + float(rng.uniform(-35, 35)))
    azimuth = azimuths[int(rng.integers(len(azimuths)))] if azimuths else 0.0
    return LightSpec(
        kind="lamps",
        mood=mood,
        sun_elevation_deg=round(float(rng.uniform(18.0, 42.0)), 3),
        sun_azimuth_deg=round(azimuth % 360, 3),
        sun_size_deg=1.0,
        sun_share=round(sun_share, 4),
        sky_share=0.9,
        lamps=tuple(lamps),
        ambient_share=round(float(rng.uniform(0.1, 0.2)) * (1.0 if lamps else 3.0), 4),
    )


# --- studio


def softbox(setting: Setting, rng: Rng) -> Lighting:
    """One large soft lamp at the side, a weak fill opposite, a rim from behind."""
    side = float(rng.choice([-1, 1]))
    key = _beside(setting, side * float(rng.uniform(15, 65)), height=float(rng.uniform(1.9, 2.9)), share=0.75, size=1.4)
    fill = _beside(setting, -side * 50.0, height=1.6, share=float(rng.uniform(0.08, 0.35)), size=2.2)
    rim = _beside(
        setting, side * float(rng.uniform(140, 170)), height=2.6, share=float(rng.uniform(0.1, 0.6)), size=0.6
    )
    return Lighting(light=_studio(rng, "softbox", (key, fill, rim), ambient=0.12))


def hard_key(setting: Setting, rng: Rng) -> Lighting:
    """One small lamp: hard shadows, contrast."""
    angle = float(rng.uniform(20, 65)) * float(rng.choice([-1, 1]))
    key = _beside(setting, angle, height=float(rng.uniform(2.2, 3.2)), share=0.8, size=0.12)
    fill = _beside(setting, -angle, height=1.5, share=float(rng.uniform(0.05, 0.15)), size=2.4)
    return Lighting(light=_studio(rng, "hard key", (key, fill), ambient=0.1))


def high_key(setting: Setting, rng: Rng) -> Lighting:
    """Soft light from all sides, as for a catalogue."""
    lamps = tuple(
        _beside(setting, angle, height=2.2, share=share, size=2.4)
        for angle, share in ((-45, 0.45), (45, 0.4), (160, 0.3))
    )
    return Lighting(light=_studio(rng, "high key", lamps, ambient=0.3))


def studio_gel(setting: Setting, rng: Rng) -> Lighting:
    """A white key with a coloured lamp from the other side and behind."""
    side = float(rng.choice([-1, 1]))
    colour = palettes.vivid(float(rng.uniform()))
    key = _beside(setting, side * float(rng.uniform(20, 50)), height=2.3, share=0.6, size=1.2)
    gel = _beside(setting, -side * float(rng.uniform(70, 150)), height=2.0, share=0.6, size=1.0)
    lamps = (key, replace(gel, colour=colour))
    return Lighting(light=_studio(rng, "studio gel", lamps, ambient=0.08))


def _studio(rng: Rng, mood: str, lamps: tuple[LampSpec, ...], *, ambient: float) -> LightSpec:
    colour = tint(float(rng.uniform(4800, 6200)))
    dyed = tuple(replace(lamp, colour=colour) if lamp.colour == (1.0, 1.0, 1.0) else lamp for lamp in lamps)
    return LightSpec(kind="lamps", mood=mood, sun_share=0.0, sky_share=ambient, colour=colour, lamps=dyed)


def _beside(
    setting: Setting,
    angle_deg: float,
    *,
    height: float,
    share: float,
    size: float = 0.9,
    colour: Colour = (1.0, 1.0, 1.0),
) -> LampSpec:
    """A lamp about the people: at 0 degrees it stands by the camera, at 90 on its left, at 180 behind them."""
    stage = setting.stage
    view = stage.eye[:2] - stage.centre
    turn = np.arctan2(view[1], view[0]) - np.radians(angle_deg)
    spread = max(float(np.linalg.norm(middle - stage.centre)) + radius for middle, radius in stage.people)
    reach = spread + 1.9
    spot = stage.centre + reach * np.array([np.cos(turn), np.sin(turn)])
    if setting.place.room is not None:
        spot = _within(setting, spot)
    middle = 0.55 * stage.head_z
    return LampSpec(
        kind="disk",
        at_world=_point(spot, height),
        target_world=_point(stage.centre, middle),
        size_m=(size, size),
        share=round(share, 4),
        reach_m=round(float(np.hypot(reach, height - middle)), 3),
        colour=colour,
    )


def _within(setting: Setting, spot: Float[Array, "2"]) -> Float[Array, "2"]:
    """A spot moved into the room, off its walls, where it lies outside."""
    room = setting.place.room
    assert room is not None
    turn = np.radians(room.yaw_deg)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    half = np.array(room.size_m[:2]) / 2 - 0.3
    return np.array(room.middle_world) + np.clip(axes @ (spot - np.array(room.middle_world)), -half, half) @ axes


def _point(middle: Float[Array, "2"], z: float) -> tuple[float, float, float]:
    return (round(float(middle[0]), 4), round(float(middle[1]), 4), round(float(z), 4))


MOODS: Mapping[str, Mapping[str, tuple[float, Mood]]] = {
    "outside": {
        "clear": (0.38, clear),
        "golden hour": (0.17, golden_hour),
        "overcast": (0.2, overcast),
        "open shade": (0.13, shade),
        "blue hour": (0.06, blue_hour),
        "night lamps": (0.06, night),
    },
    "room": {
        "window": (0.32, window_light),
        "sunny window": (0.2, sunny_window),
        "ceiling lamps": (0.28, ceiling_light),
        "evening lamps": (0.14, evening_lamps),
        "coloured lamps": (0.06, coloured_light),
    },
    "studio": {
        "softbox": (0.4, softbox),
        "hard key": (0.2, hard_key),
        "high key": (0.22, high_key),
        "studio gel": (0.18, studio_gel),
    },
}
"""By where one is: moods, how often each is drawn, and what draws it."""
