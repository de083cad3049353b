"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data (point clouds, plots, roads, boundaries), outside the project."""
    path = Path(os.environ.get("FORESTGIS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        if os.environ.get("CI"):
            pytest.fail(
                f"FORESTGIS_SHARED_DATA: no folder {path}, and CI must not skip these tests"
            )
        pytest.skip(f"real data not found at {path}; set FORESTGIS_SHARED_DATA")
    return path
