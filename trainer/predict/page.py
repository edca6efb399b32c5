"""A page for a browser: upload a picture, see the bodies over it, turn them."""

import base64
import io
from threading import Lock
from typing import Any, Final

from flask import Flask, Response, render_template, request
from PIL import Image
from trimesh.viewer.notebook import scene_to_html
from werkzeug.exceptions import HTTPException

from cuffs.body import BodyModel
from cuffs.errors import ConfigError, InputError
from trainer.predict.cameras import GivenCamera, picture_intrinsics
from trainer.predict.finder import Finder, FoundPeople
from trainer.predict.pictures import read_picture
from trainer.predict.results import COLOURS, json_line, people_scene
from trainer.predict.views import draw_views

JPEG_QUALITY: Final = 92
FORM_BYTES: Final = 4096
"""Of an upload, for what is not the picture."""

POLICY: Final = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src data: blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing is loaded from anywhere. Scripts are those of the mesh viewer, in a frame that may do nothing else."""


def make_page(finder: Finder, body: BodyModel, *, most_bytes: int, hosts: tuple[str, ...] | None) -> Flask:
    """The page as a WSGI application. Nothing that is uploaded is kept.

    Args:
        finder: finds people; one picture at a time. Its camera is not used: the page asks for the field of view.
        body: the network's body model.
        most_bytes: of a picture; more is refused before it is read.
        hosts: names by which browsers may call this server, so that a page from elsewhere can't ask it under a name
            of its own; None allows all.
    """
    app = Flask(__name__, template_folder=".", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=most_bytes + FORM_BYTES, TRUSTED_HOSTS=None if hosts is None else list(hosts))
    one_at_a_time = Lock()
    limit = f"{most_bytes / 1e6:g}"

    @app.get("/")
    def _form() -> str:
        return render_template("page.html", limit=limit)

    @app.post("/")
    def _answer() -> str | tuple[str, int]:
        try:
            camera = parse_fov(request.form.get("fov", ""))
            upload = request.files.get("picture")
            if upload is None or not upload.filename:
                raise InputError("No picture was chosen.")
            frame = read_picture(io.BytesIO(upload.read()), where=upload.filename)
            height, width = frame.pixels.shape[:2]
            K = picture_intrinsics(camera, width=width, height=height, where=frame.where)
        except InputError as problem:
            return render_template("page.html", limit=limit, problem=str(problem)), 400
        with one_at_a_time:
            [found] = finder.find([frame], [K])
        return render_template("page.html", limit=limit, **shown(found, body))

    @app.errorhandler(HTTPException)
    def _refused(problem: HTTPException) -> tuple[str, int]:
        code = problem.code or 500
        text = f"The file is larger than {limit} MB." if code == 413 else problem.description
        return render_template("page.html", limit=limit, problem=text), code

    @app.after_request
    def _guarded(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def parse_fov(text: str) -> GivenCamera:
    """The camera of the form's field: a horizontal field of view in degrees, or nothing.

    Raises:
        ConfigError: if it is something else.
    """
    if not text.strip():
        return GivenCamera(fov_deg=None, K=None)
    try:
        return GivenCamera(fov_deg=float(text), K=None)
    except ValueError:
        raise ConfigError(f"The field of view is {text!r}; give degrees, or nothing.") from None


def shown(found: FoundPeople, body: BodyModel) -> dict[str, Any]:
    """What the template shows of a picture's people."""
    picture = io.BytesIO()
    Image.fromarray(draw_views(found, body.faces, with_sides=True)).save(picture, "JPEG", quality=JPEG_QUALITY)
    people = [
        {
            "colour": "rgb({}, {}, {})".format(*COLOURS[number % len(COLOURS)]),
            "score": f"{person.score:.2f}",
            "distance": f"{float(person.joints3d_cam[0, 2]):.2f}",
        }
        for number, person in enumerate(found.people)
    ]
    return {
        "found": True,
        "name": found.frame.where,
        "people": people,
        "picture": _data_url("image/jpeg", picture.getvalue()),
        "parameters": _data_url("application/json", json_line(found, body_sha256=body.sha256)),
        "meshes": scene_to_html(people_scene(found, body.faces)) if people else "",
    }


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
