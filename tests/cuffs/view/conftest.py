"""Good data, made once."""

import pytest

from tests.cuffs.audit.scenes import make_clean


@pytest.fixture(scope="session")
def clean(body):
    """Enough samples for checks that go by means."""
    return make_clean(body, 24)
