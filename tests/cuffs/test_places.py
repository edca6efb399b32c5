"""Places drawn around people: nothing stands in anybody, nor in the way, and rooms hold everybody."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from cuffs.camera import intrinsics, inverse, look_at, project, transform
from cuffs.records import CameraSpec, ImageSpec, PlaceFile
from cuffs.scene.furnishing import STYLES
from cuffs.scene.layout import Layout, hull, overlap, reaches, rectangle, stage_of
from cuffs.scene.moods import MOODS
from cuffs.scene.occluders import OccluderConfig, View, hidden, sample_occluder
from cuffs.scene.outside import sample_outside
from cuffs.scene.place_config import LightConfig, PlaceConfig, sample_light, sample_place
from cuffs.scene.rooms import sample_room, style_for, walls_of
from tests.cuffs.stages import a_stage
from tests.cuffs.strategies import rngs

FLAT_M = 0.2
"""Pavements and rugs lie beneath people."""

IMAGE = ImageSpec(width=200, height=200)


def outline(thing):
    return rectangle(np.array(thing.at_world[:2]), thing.size_m[:2], np.radians(thing.yaw_deg))


def stands(thing):
    """On the floor, and not flat: what one could walk into."""
    return thing.at_world[2] < 0.1 and thing.size_m[2] > FLAT_M and thing.kind not in ("grass", "tree", "conifer")


def assert_clear(place, stage):
    corridor = stage.corridor()
    for thing in filter(stands, place.things):
        assert not overlap(outline(thing), corridor), thing.kind
        for middle, radius in stage.people:
            assert not reaches(outline(thing), middle, radius), thing.kind


@pytest.fixture(scope="module")
def rooms():
    """Every style of room, around people and cameras of all kinds."""
    rng = np.random.default_rng(7)
    found = []
    for number in range(16):
        stage = a_stage(rng)
        style = sorted(STYLES)[number] if number < len(STYLES) else style_for(stage, rng)
        found.append((stage, sample_room(style, stage, rng)))
    return found


@pytest.fixture(scope="module")
def open_air():
    rng = np.random.default_rng(8)
    stages = [a_stage(rng) for _ in range(14)]
    return [(stage, sample_outside(("street", "park")[n % 2], stage, rng)) for n, stage in enumerate(stages)]


def test_rooms_hold_everybody_and_keep_the_view_free(rooms):
    for stage, place in rooms:
        for wall in walls_of(place.room):
            for point, reach in (*stage.people, (stage.eye[:2], 0.3)):
                assert (point - wall.start) @ wall.inward > reach
            for thing in place.things:
                assert ((outline(thing) - wall.start) @ wall.inward).min() > -0.3, thing.kind
        assert place.room.size_m[2] > stage.head_z
        assert place.room.size_m[2] > stage.eye[2]
        assert_clear(place, stage)


def test_streets_and_parks_keep_people_and_view_free(open_air):
    for stage, place in open_air:
        assert_clear(place, stage)


def test_windows_and_doors_lie_within_their_walls_and_apart(rooms):
    for _, place in rooms:
        walls, openings = walls_of(place.room), place.room.openings
        for opening in openings:
            assert abs(opening.middle_m) + opening.size_m[0] / 2 < walls[opening.wall].length_m / 2
            assert opening.sill_m + opening.size_m[1] < place.room.size_m[2]
        for number, one in enumerate(openings):
            for other in openings[number + 1 :]:
                if one.wall == other.wall:
                    assert abs(one.middle_m - other.middle_m) > (one.size_m[0] + other.size_m[0]) / 2


def test_walls_close_around_the_room(rooms):
    for _, place in rooms:
        walls = walls_of(place.room)
        for wall, following in zip(walls, (*walls[1:], walls[0]), strict=True):
            ends = np.array([w.start + share * w.length_m * w.along for w in (wall, following) for share in (0, 1)])
            apart = np.linalg.norm(ends[:2, None] - ends[None, 2:], axis=-1)
            assert apart.min() < 1e-3  # they share a corner
            assert np.isclose(wall.along @ wall.inward, 0)


def test_every_place_has_light_and_lamps_within_its_walls(rooms, open_air):
    rng = np.random.default_rng(9)
    for stage, place in [*rooms, *open_air] * 2:
        light = sample_light(LightConfig(), place, stage, rng).light
        assert light.sun_share + sum(lamp.share for lamp in light.lamps) + (light.sky_share or 0) > 0.02
        for lamp in light.lamps if place.room is not None else ():
            for wall in walls_of(place.room):
                assert (np.array(lamp.at_world[:2]) - wall.start) @ wall.inward > -0.35  # windows shine from without
            assert lamp.at_world[2] < place.room.size_m[2]


@pytest.mark.parametrize(("where", "kind"), [("outside", "street"), ("room", "room"), ("studio", "studio")])
def test_moods_that_are_asked_for_are_drawn_and_others_are_not(where, kind):
    config = PlaceConfig(kinds={kind: 1.0})
    for wanted in MOODS[where]:
        moods = {name: float(name == wanted) for name in MOODS[where]}
        for seed in range(2):
            rng = np.random.default_rng(seed)
            stage = a_stage(rng)
            place = sample_place(config, {}, stage, rng)
            if "window" in wanted and not any(one.kind == "window" for one in place.room.openings):
                continue
            assert sample_light(LightConfig(moods=moods), place, stage, rng).light.mood == wanted


def crowd(rng):
    """Bodies as clouds of points, and a camera that sees them."""
    bodies = [
        rng.uniform([-0.25, -0.2, 0.0], [0.25, 0.2, 1.7], (400, 3)) + [*rng.normal(0, 0.6, 2), 0]
        for _ in range(int(rng.integers(1, 4)))
    ]
    joints = [np.tile(body.mean(0) * [1, 1, 0] + [0, 0, 1.6], (55, 1)) for body in bodies]
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(2.5, 6.0)
    eye = np.array([distance * np.cos(angle), distance * np.sin(angle), rng.uniform(0.8, 1.8)])
    T = look_at(eye_world=eye, target_world=np.array([0, 0, 0.9]), roll_rad=0.0)
    camera = CameraSpec(K=intrinsics(fov_x_deg=56, width=200, height=200, offset_px=(0, 0)), T_world_cam=T)
    return View(camera=camera, bodies=bodies, joints=joints), stage_of(bodies, camera, IMAGE)


@given(rngs)
@settings(max_examples=15, deadline=None)
def test_occluders_hide_as_much_as_was_asked_for_but_no_heads(rng):
    view, stage = crowd(rng)
    place = sample_place(PlaceConfig(kinds={"studio": 1}), {}, stage, rng)
    config = OccluderConfig(share=1.0, hides=(0.1, 0.3))
    for thing in sample_occluder(config, place, stage, view, rng):
        shares = [hidden(thing, view.camera, body).mean() for body in view.bodies]
        assert 0.1 <= max(shares) <= 0.3
        assert not any(hidden(thing, view.camera, joints[15:16]).any() for joints in view.joints)
        for middle, radius in stage.people:
            assert not reaches(outline(thing), middle, radius)


def test_without_a_share_there_are_no_occluders_and_with_one_most_scenes_have_them():
    found = {0.0: 0, 1.0: 0}
    for share in found:
        for seed in range(12):
            rng = np.random.default_rng(seed)
            view, stage = crowd(rng)
            place = sample_place(PlaceConfig(kinds={"studio": 1}), {}, stage, rng)
            found[share] += len(sample_occluder(OccluderConfig(share=share), place, stage, view, rng))
    assert found[0.0] == 0
    assert found[1.0] >= 9


@given(rngs)
@settings(max_examples=12, deadline=None)
def test_what_is_hidden_is_what_rays_to_it_meet(rng):
    """Against rays cut with the box, slab by slab: whatever a ray cannot reach is hidden."""
    view, stage = crowd(rng)
    place = sample_place(PlaceConfig(kinds={"studio": 1}), {}, stage, rng)
    for thing in sample_occluder(OccluderConfig(share=1.0), place, stage, view, rng):
        points, eye = view.bodies[0], view.camera.T_world_cam[:3, 3]
        turn = np.radians(thing.yaw_deg)
        R = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        at = np.array(thing.at_world) + [0, 0, thing.size_m[2] / 2]
        start, way = R @ (eye - at), (points - eye) @ R.T
        with np.errstate(divide="ignore"):
            one, two = ((sign * np.array(thing.size_m) / 2 - start) / way for sign in (-1, 1))
        enter, leave = np.minimum(one, two).max(1), np.maximum(one, two).min(1)
        met = (enter < leave) & (enter > 0) & (enter < 1)
        assert not (met & ~hidden(thing, view.camera, points)).any()


@given(rngs)
@settings(max_examples=60, deadline=None)
def test_a_hull_holds_its_points_and_polygons_overlap_as_their_points_say(rng):
    points = rng.normal(size=(20, 2))
    shape = hull(points)
    edge, offset = np.roll(shape, -1, 0) - shape, points[:, None] - shape
    assert (edge[:, 0] * offset[..., 1] - edge[:, 1] * offset[..., 0] > -1e-9).all()
    other = hull(rng.normal(size=(12, 2)) + rng.uniform(-4, 4, 2))
    grid = np.stack(np.meshgrid(*[np.linspace(-7, 7, 141)] * 2), -1).reshape(-1, 2)

    def inside(polygon):
        edge, offset = np.roll(polygon, -1, 0) - polygon, grid[:, None] - polygon
        return (edge[:, 0] * offset[..., 1] - edge[:, 1] * offset[..., 0] >= 0).all(1)

    if (inside(shape) & inside(other)).any():
        assert overlap(shape, other)
    if not overlap(shape, other):
        assert not (inside(shape) & inside(other)).any()


def test_taken_places_stay_taken():
    rng = np.random.default_rng(3)
    layout = Layout(stage=a_stage(rng))
    spot = rectangle(layout.stage.eye[:2] - 6 * layout.stage.forward, (1.0, 1.0), 0.3)
    assert layout.is_free(spot)
    layout.take(spot)
    assert not layout.is_free(spot + 0.3)


def test_files_bring_their_horizon_and_one_of_their_spots():
    spots = ((1.0, 2.0, 0.0), (3.0, 0.0, 0.5))
    files = {
        "photo": (PlaceFile(name="beach.jpg", horizon=0.4, fov_x_deg=50.0),),
        "blend": (PlaceFile(name="hall.blend", spots=spots),),
    }
    config = PlaceConfig(kinds={"photo": 1, "blend": 1}, photo_folder="a", blend_folder="b")
    rng = np.random.default_rng(0)
    places = [sample_place(config, files, a_stage(rng), rng) for _ in range(40)]
    assert {(place.file, place.horizon, place.photo_fov_x_deg) for place in places if place.kind == "photo"} == {
        ("beach.jpg", 0.4, 50.0)
    }
    assert {place.origin_m for place in places if place.kind == "blend"} == set(spots)


def test_things_out_of_sight_are_left_out():
    rng = np.random.default_rng(1)
    stage = replace(a_stage(rng), half_view_rad=0.3)
    place = sample_outside("park", stage, rng)
    camera = look_at(
        eye_world=stage.eye, target_world=np.array([*(stage.eye[:2] + stage.forward), stage.eye[2]]), roll_rad=0.0
    )
    for thing in place.things:
        seen = transform(inverse(camera), np.column_stack([outline(thing), np.full(4, stage.eye[2])]))
        if thing.size_m[0] < 100 and (seen[:, 2] > 0.1).all():
            assert np.abs(project(seen, np.eye(3))[:, 0]).min() < np.tan(0.3 + np.radians(11)) + 1
