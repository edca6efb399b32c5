"""A licensed SMPL-X as far as tests can have one: the open body under its name, with the fixtures' mean hand; and data
sets in their own forms, imported once."""

import numpy as np
import pytest

from cuffs.body import load_body_model
from cuffs.cli_import import import_command
from tests.cuffs.imports.pictures import write_bedlam_pictures, write_picture
from tests.pose_sources.agora_fixtures import PICTURES, write_agora, write_kid_template
from tests.pose_sources.bedlam_fixtures import write_bedlam_labels
from tests.pose_sources.people_fixtures import MEAN
from tests.pose_sources.ubody_fixtures import write_ubody


@pytest.fixture(scope="session")
def licensed(body, tmp_path_factory):
    """A folder as CUFFS_ASSETS names it."""
    folder = tmp_path_factory.mktemp("licensed")
    with np.load(body.path) as arrays:
        kept = {key: arrays[key] for key in arrays.files if key != "is_open_body"}
    kept |= {"hands_meanl": MEAN[0].ravel(), "hands_meanr": MEAN[1].ravel()}
    np.savez(folder / "SMPLX_NEUTRAL.npz", **kept)
    return folder


@pytest.fixture(scope="session")
def smplx_model(licensed):
    return load_body_model(licensed / "SMPLX_NEUTRAL.npz")


@pytest.fixture
def as_licensed(licensed, monkeypatch):
    """Commands find the licensed model."""
    monkeypatch.setenv("CUFFS_ASSETS", str(licensed))


@pytest.fixture(scope="session")
def bedlam(body, tmp_path_factory):
    """BEDLAM's folder, and what its label files hold."""
    root = tmp_path_factory.mktemp("bedlam")
    _, scenes = write_bedlam_labels(root, body.path)
    write_bedlam_pictures(root, scenes)
    return root, scenes


@pytest.fixture(scope="session")
def agora(body, tmp_path_factory):
    """AGORA's folder with neutral fits and small pictures, and the kid template."""
    root = tmp_path_factory.mktemp("agora")
    template = root / "smplx_kid_template.npy"
    write_kid_template(template, body.path)
    write_agora(root, body.path, template, gendered=False)
    for pictures in PICTURES.values():
        for name, _ in pictures:
            write_picture(root / f"train_images/{name[:-4]}_1280x720.png", (1280, 720), [])
    return root, template


UBODY_PICTURES = {
    1: "TalkShow/show_a/000001.png", 2: "TalkShow/show_a/000002.png", 3: "TalkShow/show_b_Trim2/000345.png",
    6: "TalkShow/show_b_Trim2/000006.png", 7: "Movie/film/000007.png",
}  # fmt: skip
"""4 has no fit, 5 is not valid."""


@pytest.fixture(scope="session")
def ubody(body, tmp_path_factory):
    """UBody's folder, fits and keypoints."""
    root = tmp_path_factory.mktemp("ubody")
    fits, people, _ = write_ubody(root, body.path)
    for name in UBODY_PICTURES.values():
        write_picture(root / "images" / name, (1280, 720), [])
    return root, fits, people


@pytest.fixture(scope="session")
def imported(bedlam, agora, ubody, licensed, tmp_path_factory):
    """Folders of shards."""
    root = tmp_path_factory.mktemp("imported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUFFS_ASSETS", str(licensed))
        for kind, source in (("bedlam", bedlam[0]), ("agora", agora[0]), ("ubody", ubody[0])):
            import_command(kind, source, root / kind, workers=1, shard_size=3)
    return {kind: root / kind for kind in ("bedlam", "agora", "ubody")}
