"""What the tests of the gates share."""

import pytest

from clvmodels.jobs.settings import Gates


@pytest.fixture(scope="session")
def gates():
    return Gates()


@pytest.fixture(scope="session")
def named():
    """Checks by name, of which no two may be alike."""

    def by_name(checks):
        found = {check.name: check for check in checks}
        assert len(found) == len(checks)
        return found

    return by_name
