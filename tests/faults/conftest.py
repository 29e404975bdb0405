from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment for faults: a prepared house that each of them copies."""
    folder = tmp_path_factory.mktemp("faults") / "prepared"
    given = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "OCC_VAR", "BASE_URL", "COV_CORE_SOURCE"}
    environment = {name: value for name, value in os.environ.items() if name not in given}
    environment |= {"PYTHONPATH": str(FOLDER.parent.parent), "FAULTS_PREPARED": str(folder)}
    subprocess.run([sys.executable, str(FOLDER / "_house.py"), str(folder)], env=environment, check=True, timeout=200)
    return environment
