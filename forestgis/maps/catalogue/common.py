"""Fields and texts that several layers share."""

from __future__ import annotations

from tiles.layer import Field, FieldType, Text

BASE = Text("基本図", "Base map")
FOREST = Text("森林簿", "Forest register")
SURVEY = Text("航空レーザ解析", "Airborne laser survey")
ROADS = Text("路網", "Road network")

# With its islands, and the northern territories that the boundary data contain.
HOKKAIDO = (139.2, 41.2, 149.0, 45.7)
SURVEY_ATTRIBUTION = Text("航空レーザ計測の解析結果", "Result of an airborne laser survey")
REGISTER_ATTRIBUTION = Text("森林簿", "Forest register")
VOLUME_CAUTION = Text(
    "材積は推定値（±は標準誤差）。「未校正」は現地調査による較正のない値、「架空データ」は模擬の森林です。",
    "Volumes are estimates (± is one standard error). 未校正: not calibrated with field plots. 架空データ: simulated forest.",
)

MUNICIPALITY_CODE = Field("municipality_code", Text("市町村コード", "Municipality code"), length=5)
CAUTION = Field("caution", Text("注意", "Caution"), length=40)


def number(name: str, ja: str, en: str, unit: str, decimals: int = 1) -> Field:
    """Return a decimal field."""
    return Field(name, Text(ja, en), FieldType.DECIMAL, unit, decimals)


def text(name: str, ja: str, en: str, length: int = 120) -> Field:
    """Return a text field."""
    return Field(name, Text(ja, en), length=length)


def integer(name: str, ja: str, en: str, unit: str = "") -> Field:
    """Return a field of whole numbers."""
    return Field(name, Text(ja, en), FieldType.INTEGER, unit)


def date(name: str, ja: str, en: str) -> Field:
    """Return a date field."""
    return Field(name, Text(ja, en), FieldType.DATE)


def flag(name: str, ja: str, en: str) -> Field:
    """Return a yes-or-no field."""
    return Field(name, Text(ja, en), FieldType.BOOLEAN)
