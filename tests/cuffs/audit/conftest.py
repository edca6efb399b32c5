"""Good data, made once."""

import pytest

from cuffs.audit import run
from tests.cuffs.audit.scenes import make_clean


@pytest.fixture(scope="session")
def clean(body):
    """Enough samples for checks that go by means."""
    return make_clean(body, 24)


@pytest.fixture(autouse=True)
def without_licensed_body(body, monkeypatch):
    """These folders have no body of their own: the audit takes the one in use, which must be the open one."""
    monkeypatch.setattr(run, "body_of", lambda folder, plan: body.path)
