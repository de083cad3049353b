"""What the content security policy would refuse must not be written into a template."""

import re
from pathlib import Path

import pytest

PRODUCT = Path(__file__).resolve().parents[2] / "forestgis"
TEMPLATES = sorted(PRODUCT.glob("*/templates/**/*.html"))
REFUSED = {
    "inline style": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(
        r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE
    ),
    "event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "address elsewhere": re.compile(
        r"(?:src|href|action)\s*=\s*[\"']?(?:https?:)?//", re.IGNORECASE
    ),
}


def test_there_are_templates_to_check():
    assert any(path.name == "base.html" for path in TEMPLATES)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_has_nothing_inline(path):
    text = path.read_text(encoding="utf-8")
    found = [name for name, pattern in REFUSED.items() if pattern.search(text)]
    assert found == []
