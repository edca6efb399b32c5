"""The viewer: viser's server and what it shows of the sample that is chosen.

The scene is the camera's frame: x right, y down, z forward, metres. The picture hangs where its pixels are seen, so
that from the camera's own place it and the bodies lie upon each other, as long as the lens bends nothing.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import trimesh
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.camera import fov_deg
from cuffs.errors import RecordError, UnavailableError
from cuffs.skeleton import PARENTS
from cuffs.view.ranking import Ranked
from cuffs.view.shown import ShownPerson, ShownSample, heat_colours, load_shown

if TYPE_CHECKING:
    import viser

LABEL_COLOURS: Final = ((90, 150, 230), (230, 140, 70), (110, 190, 110), (200, 110, 190))
BONE_COLOUR: Final = (250, 210, 60)
FRAME_COLOUR: Final = (120, 120, 120)
HANGS_AT_M: Final = 1.0
"""Distance of the picture from the camera when nobody is in it; otherwise it hangs behind everybody."""

BEHIND_M: Final = 0.6
LINE_M: Final = 0.004
SEEN_THROUGH: Final = 0.65
"""Opacity of the labelled body while its joints are shown."""

BESIDE_M: Final = 1.2
"""How far to the side the first view is from the camera's."""


def open_viewer(ranked: Sequence[Ranked], model: BodyModel, *, host: str, port: int, name: str) -> "Viewer":
    """Start serving.

    Args:
        ranked: samples in the order in which they are offered; one at least.
        model: body model of the labels.
        host: address that is listened on; 127.0.0.1 keeps others on the network out.
        port: the first free one from here on is taken.
        name: the dataset's, for the title.

    Raises:
        UnavailableError: if viser isn't installed.
        RecordError: if there is no sample, or the first one can't be read.
    """
    try:
        import viser
    except ImportError as problem:
        raise UnavailableError("the viewer needs viser: pip install 'cuffs[view]'") from problem
    if not ranked:
        raise RecordError(f"{name} has no samples to look at.")
    first = load_shown(ranked[0].ref, model)
    server = viser.ViserServer(host=host, port=port, label=f"CUFFS: {name}", verbose=False)
    viewer = Viewer(server, ranked, model)
    viewer.show(first)
    return viewer


@dataclass(frozen=True, slots=True, eq=False)
class _Controls:
    """What can be set in the panel."""

    rank: Any
    picture: Any
    label: Any
    target: Any
    joints: Any
    most_mm: Any
    title: Any
    people: Any
    buttons: Mapping[str, Any]


class Viewer:
    """One dataset being looked at. Callbacks come from viser's thread, one after another."""

    def __init__(self, server: "viser.ViserServer", ranked: Sequence[Ranked], model: BodyModel) -> None:
        self._server, self._ranked, self._model = server, ranked, model
        self._lock = threading.Lock()
        self._drawn: list[Any] = []
        self._shown: ShownSample | None = None
        server.scene.set_up_direction("-y")
        self._controls = _add_controls(server, len(ranked))
        self._controls.rank.on_update(lambda _: self._choose(self._controls.rank.value))
        for control in (self._controls.picture, self._controls.label, self._controls.target, self._controls.joints):
            control.on_update(lambda _: self._draw())
        self._controls.most_mm.on_update(lambda _: self._draw())
        for name, step in (("previous", -1), ("next", 1)):
            self._controls.buttons[name].on_click(self._stepper(step))
        for name, beside_m in (("from the camera", 0.0), ("from the side", BESIDE_M)):
            self._controls.buttons[name].on_click(lambda event, beside_m=beside_m: self._look(event.client, beside_m))
        server.on_client_connect(lambda client: self._look(client, BESIDE_M))

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{self._server.get_host()}:{self._server.get_port()}"

    def show(self, shown: ShownSample) -> None:
        """Draw a sample in place of the last one."""
        self._shown = shown
        self._draw()

    def stop(self) -> None:
        """End the server."""
        self._server.stop()

    def wait(self) -> None:
        """Serve until Ctrl-C."""
        self._server.sleep_forever()

    def _stepper(self, step: int) -> Callable[["viser.GuiEvent"], None]:
        def go(_: "viser.GuiEvent") -> None:
            self._controls.rank.value = int(np.clip(self._controls.rank.value + step, 1, len(self._ranked)))

        return go

    def _choose(self, rank: int) -> None:
        ranked = self._ranked[rank - 1]
        try:
            self.show(load_shown(ranked.ref, self._model))
        except RecordError as problem:
            self._controls.title.content = f"**can't be shown**: {problem}"

    def _draw(self) -> None:
        shown = self._shown
        if shown is None:
            return
        with self._lock:
            for handle in self._drawn:
                handle.remove()
            self._drawn = _draw_sample(self._server, shown, self._model, self._controls)
        rank = self._controls.rank.value
        self._controls.title.content = _title(shown, self._ranked[rank - 1], rank, len(self._ranked))
        self._controls.people.content = "\n\n".join(person.text for person in shown.people) or "Nobody."

    def _look(self, client: "viser.ClientHandle | None", beside_m: float) -> None:
        """Put a browser's eye at the camera, or beside it."""
        if client is None or self._shown is None:
            return
        sample = self._shown.sample
        centre = _centre(self._shown.people)
        client.camera.up_direction = (0.0, -1.0, 0.0)
        client.camera.position = (beside_m, -0.4 * beside_m, -0.4 * beside_m)
        client.camera.look_at = (0.0, 0.0, float(centre[2])) if beside_m == 0 else tuple(centre)
        lens = fov_deg(
            sample.camera.K, width=sample.image.width, height=sample.image.height, distortion=sample.camera.distortion
        )
        client.camera.fov = float(np.radians(lens[1] if beside_m == 0 else 50.0))


def _add_controls(server: "viser.ViserServer", count: int) -> _Controls:
    gui = server.gui
    title = gui.add_markdown("")
    buttons = {name: gui.add_button(name) for name in ("previous", "next", "from the camera", "from the side")}
    rank = gui.add_slider("sample, worst first", min=1, max=max(count, 2), step=1, initial_value=1, disabled=count < 2)
    return _Controls(
        rank=rank,
        picture=gui.add_checkbox("picture", True),
        label=gui.add_checkbox("label (SMPL-X)", True),
        target=gui.add_checkbox("rendered body, by distance", False),
        joints=gui.add_checkbox("joints", True),
        most_mm=gui.add_slider("red from, mm", min=1.0, max=20.0, step=0.5, initial_value=5.0),
        title=title,
        people=gui.add_markdown(""),
        buttons=buttons,
    )


def _title(shown: ShownSample, ranked: Ranked, rank: int, count: int) -> str:
    sample = shown.sample
    worst = "not measured" if ranked.worst_mm is None else f"{ranked.worst_mm:.2f} mm"
    lines = [f"**{sample.key}** ({rank} of {count})", f"residual {worst}, {len(shown.people)} people"]
    lines.append(f"{sample.image.width} × {sample.image.height} px, {sample.camera.fov_x_deg:.1f}° across")
    if sample.camera.distortion is not None:
        lines.append("the lens bends lines: the picture's edges don't lie on the bodies")
    return "\n\n".join([*lines, *(f"**{problem}**" for problem in shown.problems)])


def _centre(people: Sequence[ShownPerson]) -> Float[np.ndarray, "3"]:
    if not people:
        return np.array([0.0, 0.0, HANGS_AT_M])
    return np.mean([person.joints_cam[0] for person in people], axis=0)


def _draw_sample(server: "viser.ViserServer", shown: ShownSample, model: BodyModel, controls: _Controls) -> list[Any]:
    drawn = _draw_camera(server, shown, with_picture=controls.picture.value)
    for number, person in enumerate(shown.people):
        name = f"/person_{number}"
        if controls.label.value:
            colour = LABEL_COLOURS[number % len(LABEL_COLOURS)]
            drawn.append(
                server.scene.add_mesh_simple(
                    f"{name}/label",
                    person.label_cam,
                    model.faces,
                    color=colour,
                    side="double",
                    opacity=SEEN_THROUGH if controls.joints.value else None,
                )
            )
        if controls.target.value and person.target_cam is not None and person.distance_mm is not None:
            colours = heat_colours(person.distance_mm, controls.most_mm.value)
            mesh = trimesh.Trimesh(person.target_cam, model.faces, vertex_colors=colours, process=False)
            drawn.append(server.scene.add_mesh_trimesh(f"{name}/rendered", mesh))
        if controls.joints.value:
            bones = np.array([[person.joints_cam[PARENTS[joint]], person.joints_cam[joint]] for joint in range(1, 55)])
            drawn.append(
                server.scene.add_line_segments(f"{name}/bones", bones, BONE_COLOUR, thickness=LINE_M)  # pyright: ignore[reportCallIssue]
            )
    return drawn


def _draw_camera(server: "viser.ViserServer", shown: ShownSample, *, with_picture: bool) -> list[Any]:
    """The eye, the pyramid of what it sees, and the picture at its end: exact for off-centre principal points too."""
    height, width = shown.picture.shape[:2]
    deepest = max((float(person.label_cam[:, 2].max()) for person in shown.people), default=HANGS_AT_M - BEHIND_M)
    depth = deepest + BEHIND_M
    rays = np.linalg.inv(shown.sample.camera.K)
    corners_px = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], float)
    corners = depth * corners_px @ rays.T
    edges = [[np.zeros(3), corner] for corner in corners]
    edges += [[corners[number], corners[(number + 1) % 4]] for number in range(4)]
    drawn: list[Any] = [
        server.scene.add_line_segments("/camera/frame", np.array(edges), FRAME_COLOUR, thickness=LINE_M)  # pyright: ignore[reportCallIssue]
    ]
    if with_picture:
        across, down = corners[1] - corners[0], corners[3] - corners[0]
        drawn.append(
            server.scene.add_image(
                "/camera/picture",
                shown.picture,
                float(np.linalg.norm(across)),
                float(np.linalg.norm(down)),
                position=corners.mean(0),
                cast_shadow=False,
                receive_shadow=False,
            )
        )
    return drawn
