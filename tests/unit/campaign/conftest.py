"""A run that has begun and has measured nothing yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvbench.store import Store
from pvbench.testing.campaign import begin


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with begin(tmp_path) as begun:
        yield begun
