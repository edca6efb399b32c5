"""The body model and made-up poses that several tests share."""

import numpy as np
import pytest

from pose_sources import BodyAtHand, open_poses, poses_config
from pose_sources.anatomy import build_anatomy
from pose_sources.contact import build_contact_mesh
from tests.cuffs.conftest import body, cache, monkeypatch_session

__all__ = ["body", "cache", "monkeypatch_session"]


@pytest.fixture(scope="session")
def contact_mesh(body):
    return build_contact_mesh(body)


@pytest.fixture(scope="session")
def anatomy(body):
    return build_anatomy(body.joint_template - body.joint_template[0])


@pytest.fixture(scope="session")
def made_up(body):
    """Forty whole poses of the procedural source."""
    poses = open_poses(
        poses_config({"kind": "procedural"}, where="test"), body=BodyAtHand(rest_joints=body.joint_template)
    )
    rng = np.random.default_rng(0)
    return [poses.draw(rng).body for _ in range(40)]
