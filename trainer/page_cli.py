"""The command `cuffs-page`."""

import sys
from pathlib import Path
from typing import Final

import tyro

from cuffs.body import find_body_model
from cuffs.errors import AssetMissing, ConfigError, UnavailableError
from trainer.body_model import SmplxLayer
from trainer.checkpoint import find_model
from trainer.command import exit_code
from trainer.model_folder import load_model
from trainer.predict.cameras import GivenCamera
from trainer.predict.finder import Finder
from trainer.ranks import find_device

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


def run(
    checkpoint: tyro.conf.Positional[Path],
    host: str = "127.0.0.1",
    port: int = 8090,
    most_mb: float = 20.0,
    threshold: float = 0.3,
    device: str = "auto",
) -> None:
    """Serve a page: upload a picture, see everybody's body over it, turn the meshes. Until Ctrl-C.

    It keeps nothing that is uploaded. There are no users and no passwords: leave the host as it is, unless everybody
    who can reach this machine may use it.

    Args:
        checkpoint: A run's folder, one of its checkpoints, or a folder that cuffs-import-checkpoint made.
        host: Who may look: by default this machine alone.
        port: Of the page; 0 takes a free one.
        most_mb: Of a picture; larger ones are refused before they are read.
        threshold: Score from which somebody is there.
        device: cpu, cuda, or auto: cuda where there is one.
    """
    if not 0 < threshold < 1:
        raise ConfigError(f"--threshold is {threshold}; a score lies between 0 and 1.")
    if not 0 < most_mb <= 1000:
        raise ConfigError(f"--most-mb is {most_mb}; give more than 0 and at most 1000.")
    try:
        from werkzeug.serving import make_server

        from trainer.predict.page import make_page
    except ImportError as problem:
        raise AssetMissing("flask", Path(sys.prefix), "pip install 'cuffs[page]'") from problem
    body = find_body_model()
    model, _ = load_model(find_model(checkpoint), SmplxLayer(body))
    camera = GivenCamera(fov_deg=None, K=None)
    finder = Finder(model=model.to(find_device(device, 0)), camera=camera, threshold=threshold, max_people=None)
    hosts = LOOPBACK if host in LOOPBACK else None
    page = make_page(finder, body, most_bytes=round(most_mb * 1e6), hosts=hosts)
    try:
        server = make_server(host, port, page, threaded=True)
    except (OSError, SystemExit) as problem:
        raise UnavailableError(f"{host}:{port} can't be served ({problem}); name another --port.") from problem
    print(f"http://{host}:{server.port}", flush=True)
    server.serve_forever()


def main() -> None:
    """Run the command."""
    sys.exit(exit_code("cuffs-page", lambda: tyro.cli(run, prog="cuffs-page")))


if __name__ == "__main__":
    main()
