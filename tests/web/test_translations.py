"""The interface is complete in English: every marked text of every app has a translation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PRODUCT = Path(__file__).resolve().parents[2] / "forestgis"


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """Renew the catalogue from the sources, in a copy, and return its path."""
    root = tmp_path_factory.mktemp("sources")
    ignored = shutil.ignore_patterns(
        "node_modules", "frontend", "static", "__pycache__", "migrations", "data"
    )
    shutil.copytree(PRODUCT, root / "forestgis", ignore=ignored)
    command = [
        sys.executable,
        "-m",
        "django",
        "makemessages",
        "-l",
        "en",
        "--no-wrap",
        "--no-obsolete",
    ]
    # Without the product's settings, which are not importable from the copy.
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    folder = root / "forestgis"
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return root / "forestgis" / "locale" / "en" / "LC_MESSAGES" / "django.po"


@pytest.mark.parametrize("state", ["--untranslated", "--only-fuzzy"])
def test_every_text_has_english(extracted, state):
    left = subprocess.run(
        ["msgattrib", state, "--no-obsolete", "--no-wrap", str(extracted)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    texts = [line for line in left.splitlines() if line.startswith("msgid ") and line != 'msgid ""']
    assert texts == []


def test_placeholders_survive_translation(extracted, tmp_path):
    command = ["msgfmt", "--check-format", "-o", str(tmp_path / "en.mo"), str(extracted)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
