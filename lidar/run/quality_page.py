"""The quality report as one HTML page: maps inside, nothing to fetch, Japanese before English."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

STYLE = """
body{font:15px/1.6 "Noto Sans CJK JP","Hiragino Sans","Yu Gothic",sans-serif;color:#1c2a21;
max-width:1080px;margin:2rem auto;padding:0 1.2rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:2px solid #2f6b45}
small,.en{color:#5b6a61}table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{padding:.3rem .6rem;border-bottom:1px solid #d8e0da;text-align:left;vertical-align:top}
td.n{font-variant-numeric:tabular-nums}
.ok{color:#1d6b3a;font-weight:600}.bad{color:#b3261e;font-weight:600}.none{color:#6b756f}
.maps{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:1rem}
.maps img{width:100%;border:1px solid #d8e0da}li{margin:.3rem 0}
"""
WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
SIGNS = {"at_least": "≧", "at_most": "≦"}
STATES = {
    True: '<span class="ok">適合 <small>kept</small></span>',
    False: '<span class="bad">要確認 <small>look</small></span>',
    None: '<span class="none">判定不能 <small>not known</small></span>',
}
SUMMARY = (
    ("points", "点数", "Points"),
    ("cells", "20 mメッシュ数", "20 m cells"),
    ("point_density_median", "点密度（中央値） 点/m²", "Point density, median"),
    ("overlap_share", "コース重複率", "Cells of several lines"),
    ("ground_share", "地盤点の割合", "Share of terrain points"),
    ("trees", "検出した樹頂点", "Tree tops"),
)

Report = Mapping[str, Any]


def page(report: Report, maps: Mapping[str, bytes]) -> str:
    """Return the page.

    Parameters
    ----------
    report : dict
        What quality.json holds.
    maps : dict of name to PNG
    """
    survey, scanned = report["survey"], report["scanned"]
    parts = [
        "<!doctype html><html lang='ja'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        f"<title>点群品質報告</title><style>{STYLE}</style></head><body>",
        "<h1>航空レーザ点群 品質報告 <small>Quality of the point clouds</small></h1>",
        f"<p>計測日 <small>scanned</small> {_days(scanned)}</p>",
        _heading("判定", "Checks"),
        _checks(report["checks"]),
        _heading("概要", "Summary"),
        _table(
            (),
            [
                [f"{ja} <small>{en}</small>", _number({**survey, **report}.get(key))]
                for key, ja, en in SUMMARY
            ],
        ),
        _notes(report["notes"]),
        _heading("図", "Maps"),
        "<div class='maps'>" + "".join(map(_image, maps.items())) + "</div>",
        _heading("飛行コース", "Flight lines"),
        _lines(survey["lines"], _times(report["batch"]["files"])),
        _heading("コース間の比較", "Lines against each other"),
        _pairs(survey["line_pairs"]),
        _heading("分類", "Classes"),
        _table(
            ("クラス class", "点数 points"), [[k, _number(n)] for k, n in survey["classes"].items()]
        ),
        _heading("ファイル", "Files"),
        _files(report["batch"]["files"]),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _days(scanned: Report) -> str:
    if scanned["source"] == "unknown":
        return "不明 <small>not known</small>"
    first, last = scanned["first"], scanned["last"]
    span = escape(first if first == last else f"{first} – {last}")
    return f"{span} <small>({escape(scanned['source'])})</small>"


def _heading(ja: str, en: str) -> str:
    return f"<h2>{ja} <small>{en}</small></h2>"


def _checks(checks: Iterable[Report]) -> str:
    rows = [
        [
            f"{escape(c['title_ja'])}<br><small>{escape(c['title_en'])}</small>",
            _number(c["value"]),
            f"{SIGNS[c['comparison']]} {c['limit']:g} {'' if c['unit'] == '1' else escape(c['unit'])}",
            STATES[c["kept"]],
            f"<small>{escape(c['source'])}</small>",
        ]
        for c in checks
    ]
    return _table(("項目 item", "値 value", "基準 limit", "判定 check", "出典 source"), rows)


def _notes(notes: Iterable[Report]) -> str:
    items = "".join(f"<li>{escape(n['message'])}</li>" for n in notes)
    return f"{_heading('注意', 'Notes')}<ul>{items}</ul>" if items else ""


def _image(named: tuple[str, bytes]) -> str:
    name, png = named
    data = base64.b64encode(png).decode("ascii")
    return f"<img alt='{escape(name)}' src='data:image/png;base64,{data}'>"


def _times(files: Iterable[Report]) -> dict[str, str]:
    """Return when each line was flown, by the files' times."""
    spans: dict[str, list[str]] = {}
    for file in files:
        for line, span in ((file["statistics"] or {}).get("line_times") or {}).items():
            spans.setdefault(line, []).extend(span)
    ends = {line: (min(s, key=_order), max(s, key=_order)) for line, s in spans.items()}
    return {line: f"{first} – {last}" for line, (first, last) in ends.items()}


def _order(moment: str) -> tuple[int, str]:
    """Return what sorts moments of a week and of a calendar."""
    day = moment[:3]
    return (WEEKDAYS.index(day) if day in WEEKDAYS else -1), moment


def _lines(lines: Iterable[Report], times: Mapping[str, str]) -> str:
    rows = [
        [
            str(row["line"]),
            _number(row["points"]),
            _number(row["first_returns"]),
            _number(row["intensity_mean"]),
            _number(row["scan_angle_max_deg"]),
            escape(times.get(str(row["line"]), "")),
        ]
        for row in lines
    ]
    heads = ("コース line", "点数 points", "パルス first returns", "平均反射強度 intensity")
    return _table((*heads, "最大スキャン角° angle", "時刻 UTC"), rows)


def _pairs(pairs: Iterable[Report]) -> str:
    rows = [
        [
            f"{row['line_a']} – {row['line_b']}",
            _number(row["cells"]),
            _number(row["difference_mean_m"]),
            _number(row["difference_rmsd_m"]),
            _number(row["intensity_ratio"]),
        ]
        for row in pairs
    ]
    if not rows:
        return "<p>重複するコースがありません。 <small>No lines overlap.</small></p>"
    heads = ("コース lines", "セル cells", "標高差平均 m mean", "RMSD m")
    return _table((*heads, "反射強度比 intensity ratio"), rows)


def _files(files: Iterable[Report]) -> str:
    rows = [
        [
            escape(f["name"]),
            _number(f["points"]),
            "" if f["crs"] is None else escape(f["crs"]),
            "<br>".join(escape(fault["message"]) for fault in f["faults"]),
        ]
        for f in files
    ]
    return _table(("名前 name", "点数 points", "座標系 CRS", "指摘 findings"), rows)


def _table(heads: tuple[str, ...], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{h}</th>" for h in heads)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return (
        f"<table>{f'<thead><tr>{head}</tr></thead>' if heads else ''}<tbody>{body}</tbody></table>"
    )


def _cell(text: str) -> str:
    plain = text.replace(",", "").replace(".", "").lstrip("-")
    return f"<td class='n'>{text}</td>" if plain.isdigit() else f"<td>{text}</td>"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return (
        f"{value:,}"
        if isinstance(value, int)
        else f"{value:,.4g}"
        if value < 1
        else f"{value:,.2f}"
    )
