"""A writer's server and settings for the tests of drafting."""

import pytest

from engine import settings as environment
from tests.campaign.fake_writer import FakeServer


@pytest.fixture
def fake():
    running = []

    def start(*answers, **options):
        running.append(FakeServer(*answers, **options))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def settings(tmp_path):
    return environment.read({"OFFERLAB_CACHE": str(tmp_path / "cache"), "OFFERLAB_CONFIG": str(tmp_path / "config")})
