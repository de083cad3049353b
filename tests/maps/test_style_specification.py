"""The generated style held to MapLibre's own validator."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from forestgis.maps.catalogue import LAYERS
from tiles.style.maplibre import style_json

MODULES = Path(__file__).resolve().parents[2] / "forestgis" / "web" / "frontend" / "node_modules"
VALIDATOR = MODULES / "@maplibre" / "maplibre-gl-style-spec" / "dist" / "index.mjs"


@pytest.mark.skipif(not VALIDATOR.exists(), reason="front end is not set up: run script/setup")
def test_style_is_valid_by_the_specification():
    style = style_json(LAYERS, lambda layer: f"https://x/{layer.name}/{{z}}/{{x}}/{{y}}", "test")
    script = (
        f"import {{validateStyleMin}} from {json.dumps(VALIDATOR.as_uri())};"
        f"process.stdout.write(JSON.stringify(validateStyleMin({json.dumps(style)})))"
    )
    answer = subprocess.run(
        ["node", "--input-type=module", "-"],
        input=script.encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert json.loads(answer.stdout) == []
