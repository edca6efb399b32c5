"""The viewer: a viser server with one sample's camera, bodies and joints, and controls to choose the sample."""

from dataclasses import dataclass
from threading import RLock
from typing import Any, Final

import numpy as np
import trimesh
from jaxtyping import Float, UInt8

from cuffs.body import BodyModel
from cuffs.errors import AssetMissing, RecordError
from cuffs.records import PersonRecord
from cuffs.report.draw import PEOPLE_COLOURS
from cuffs.skeleton import JOINTS, PARENTS
from cuffs.view.samples import Ranking, ViewedPerson, ViewedSample, load_viewed

LOOPBACK: Final = "127.0.0.1"
RED_MM: Final = 10.0
RAMP: Final = np.array([[48, 76, 200], [60, 190, 170], [250, 220, 90], [215, 48, 39]], float)
"""From 0 mm to RED_MM and more, evenly spaced."""

FRUSTUM_M: Final = 0.3
BEHIND_M: Final = 0.6
"""How far behind the last of the people the picture hangs."""

SHARE_OF_DISTANCE: Final = 0.9
"""Where the onlooker stands to begin with: so far aside, of the distance from the camera to where it looks."""

HELP: Final = (
    "Drag to turn, right button to shift, wheel to come near. The frustum is the sample's camera; its axes are "
    "x right, y down, z forward, metres."
)


def distance_colours(distance_mm: Float[np.ndarray, " verts"]) -> UInt8[np.ndarray, "verts 3"]:
    """Blue at 0 mm, red from 10 mm on."""
    place = np.clip(distance_mm / RED_MM, 0, 1) * (len(RAMP) - 1)
    return (
        np.stack([np.interp(place, np.arange(len(RAMP)), channel) for channel in RAMP.T], -1).round().astype(np.uint8)
    )


@dataclass(slots=True)
class _Shown:
    """Which layers are on."""

    label: bool = True
    character: bool = True
    joints: bool = True
    picture: bool = True
    camera: bool = True


class Viewer:
    """Serves until it is stopped."""

    def __init__(self, ranking: Ranking, model: BodyModel, *, host: str = LOOPBACK, port: int = 8080) -> None:
        """Start serving; the worst sample is shown.

        Args:
            ranking: the samples; at least one.
            model: the labels' body model.
            host: who may look: by default this machine alone.
            port: taken if it is free, else the next free one.

        Raises:
            AssetMissing: if viser is not installed.
        """
        try:
            import viser
        except ImportError as problem:
            raise AssetMissing("viser", model.path, "pip install 'cuffs[view]'") from problem
        self._ranking, self._model, self._shown, self._lock = ranking, model, _Shown(), RLock()
        self._viewed: ViewedSample | None = None
        self._server: Any = viser.ViserServer(host=host, port=port, label="CUFFS", verbose=False)
        self._server.scene.set_up_direction("-y")
        self._server.gui.configure_theme(control_layout="collapsible", show_logo=False, show_share_button=False)
        self._controls()
        self._server.on_client_connect(self._place_onlooker)
        self.show(0)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{self._server.get_host()}:{self._server.get_port()}"

    def stop(self) -> None:
        """End serving."""
        self._server.stop()

    def show(self, place: int) -> None:
        """Show another sample.

        Args:
            place: in the ranking.
        """
        ranked = self._ranking.samples[place]
        with self._lock:
            try:
                self._viewed = load_viewed(ranked.ref, self._model)
                text = _facts(self._viewed, place, len(self._ranking.samples))
            except RecordError as problem:
                self._viewed, text = None, f"**{ranked.ref.entry.key}** can't be shown: {problem}"
            self._text.content = text
            self._draw()
        for client in self._server.get_clients().values():
            self._place_onlooker(client)

    def _controls(self) -> None:
        gui, last = self._server.gui, len(self._ranking.samples) - 1
        place = gui.add_slider("worst first", 0, max(last, 1), 1, 0, disabled=last == 0)
        before, after = gui.add_button("before"), gui.add_button("next")
        key = gui.add_text("key", "")
        through = gui.add_button("through the camera")
        before.on_click(lambda _: setattr(place, "value", max(0, place.value - 1)))
        after.on_click(lambda _: setattr(place, "value", min(last, place.value + 1)))
        place.on_update(lambda _: self.show(min(place.value, last)))

        def look_for(_: object) -> None:
            found = self._ranking.place(key.value.strip())
            if found is not None:
                place.value = found

        key.on_update(look_for)
        layers = {
            "label": "label (SMPL-X)",
            "character": "character by distance",
            "joints": "joints",
            "picture": "picture",
            "camera": "camera",
        }
        boxes = {name: gui.add_checkbox(title, True) for name, title in layers.items()}
        for name, box in boxes.items():
            box.on_update(lambda _, name=name, box=box: self._switch(name, is_on=box.value))

        def look_through(event: Any) -> None:  # noqa: ANN401
            boxes["camera"].value = False  # from its own place it is a frame in front of everything
            self._look_through(event.client)

        through.on_click(look_through)
        self._text = gui.add_markdown("")
        gui.add_markdown(HELP)

    def _switch(self, name: str, *, is_on: bool) -> None:
        with self._lock:
            setattr(self._shown, name, is_on)
            self._draw()

    def _draw(self) -> None:
        """All of the sample anew; what was there goes."""
        scene, viewed, shown = self._server.scene, self._viewed, self._shown
        scene.reset()
        scene.set_up_direction("-y")
        if viewed is None:
            return
        if shown.camera:
            scene.add_camera_frustum(
                "/camera",
                fov=viewed.fov_y_rad,
                aspect=viewed.aspect,
                scale=FRUSTUM_M,
                color=(230, 159, 0),
                thickness=0.006,
            )
        if shown.picture:
            self._hang_picture(viewed)
        for number, person in enumerate(viewed.people):
            self._draw_person(number, person)

    def _hang_picture(self, viewed: ViewedSample) -> None:
        """Behind everybody, where its pixels are seen: from the camera's place bodies lie on their picture."""
        depth_m = BEHIND_M + max((float(person.verts_cam[:, 2].max()) for person in viewed.people), default=0.0)
        height_m = 2 * depth_m * float(np.tan(viewed.fov_y_rad / 2))
        self._server.scene.add_image(
            "/picture", viewed.picture, height_m * viewed.aspect, height_m, position=(0.0, 0.0, depth_m),
            cast_shadow=False, receive_shadow=False,
        )  # fmt: skip

    def _draw_person(self, number: int, person: ViewedPerson) -> None:
        scene, shown, faces = self._server.scene, self._shown, self._model.faces
        if shown.label:
            red, green, blue = (int(one) for one in PEOPLE_COLOURS[number % len(PEOPLE_COLOURS)])
            is_beside = shown.character and person.target_cam is not None
            scene.add_mesh_simple(
                f"/label/{number}", person.verts_cam.astype(np.float32), faces,
                color=(red, green, blue), opacity=0.2 if is_beside else 0.8,
            )  # fmt: skip
        if shown.character and person.target_cam is not None and person.distance_mm is not None:
            colours = distance_colours(person.distance_mm)
            mesh = trimesh.Trimesh(person.target_cam, faces, vertex_colors=colours, process=False)
            scene.add_mesh_trimesh(f"/character/{number}", mesh)
        if shown.joints:
            bones = [
                [person.joints_cam[parent], person.joints_cam[j]] for j, parent in enumerate(PARENTS) if parent >= 0
            ]
            scene.add_line_segments(
                f"/bones/{number}", np.array(bones, np.float32), colors=(20, 20, 20), thickness=0.003
            )
            scene.add_point_cloud(
                f"/joints/{number}", person.joints_cam.astype(np.float32), colors=(214, 40, 40), point_size=0.005,
                point_shape="circle",
            )  # fmt: skip

    def _look_through(self, client: Any) -> None:  # noqa: ANN401
        """From the sample's camera: the picture fills the window's height."""
        if self._viewed is None:
            return
        client.camera.up_direction, client.camera.position = (0.0, -1.0, 0.0), (0.0, 0.0, 0.0)
        client.camera.look_at, client.camera.fov = (0.0, 0.0, 1.0), self._viewed.fov_y_rad

    def _place_onlooker(self, client: Any) -> None:  # noqa: ANN401
        """Beside the camera, looking between it and the people."""
        viewed = self._viewed
        middle = np.array([0.0, 0.0, 2.0])
        if viewed is not None and viewed.people:
            middle = 0.75 * np.mean([person.joints_cam.mean(0) for person in viewed.people], axis=0)
        aside = SHARE_OF_DISTANCE * float(np.linalg.norm(middle))
        client.camera.up_direction = (0.0, -1.0, 0.0)
        client.camera.position = tuple(middle + np.array([aside, -0.4 * aside, -aside]))
        client.camera.look_at = tuple(middle)


def _facts(viewed: ViewedSample, place: int, count: int) -> str:
    """A sample in Markdown: who, residuals, parameters."""
    sample = viewed.sample
    has_character = any(person.target_cam is not None for person in viewed.people)
    lines = [
        f"**{sample.key}** · {place + 1} of {count}",
        f"{sample.provenance.place}, {sample.provenance.light}; {sample.image.width}×{sample.image.height}, "
        f"{sample.camera.fov_x_deg:.1f}° wide",
        f"character: blue 0 mm, red {RED_MM:g} mm and more"
        if has_character
        else "no character: its vertices were not kept (`keep_verts` in the recipe)",
    ]
    for number, person in enumerate(sample.people):
        who = person.character.identity if person.character is not None else person.pose_source.body.dataset
        lines.append(f"**person {number}**: {who}, {person.joints3d_cam[0, 2]:.3f} m")
        if person.fit_mm is not None:
            rows = [("all", person.fit_mm.all), ("fingers", person.fit_mm.fingers), ("face", person.fit_mm.face)]
            body = "\n".join(f"| {name} | {s.mean:.2f} | {s.p95:.2f} | {s.max:.2f} |" for name, s in rows)
            lines.append(f"| mm | mean | p95 | max |\n|---|---|---|---|\n{body}")
        lines.append(_parameters(person))
    return "\n\n".join(lines)


def _parameters(person: PersonRecord) -> str:
    """The label's numbers: shape, expression, translation, and every joint's rotation in degrees."""
    smplx = person.smplx
    angles = np.degrees(np.linalg.norm(smplx.full_pose(), axis=1))
    most = sorted(zip(JOINTS, angles, strict=True), key=lambda one: -one[1])[:12]
    named = {"betas": smplx.betas, "expression": smplx.expression, "transl, m": smplx.transl,
             "global_orient, rad": smplx.global_orient}  # fmt: skip
    rows = [f"{name}: {' '.join(f'{value:.3f}' for value in values)}" for name, values in named.items()]
    hands = f"{person.hand_valid.left}/{person.hand_valid.right}"
    flags = {"hands": hands, "face": person.face_valid, "expression": person.expression_valid,
             "depth": person.depth_valid, "betas": person.betas_valid}  # fmt: skip
    rows.append("valid: " + ", ".join(f"{name} {value}" for name, value in flags.items()))
    rows.append("most turned: " + ", ".join(f"{name} {angle:.0f}°" for name, angle in most))
    return "\n\n".join(rows)
