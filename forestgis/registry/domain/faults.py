"""Faults of files that users bring: what is wrong, where, and what to do about it.

A fault carries a code and named values; its words are looked up on display,
so that the same report reads in Japanese and in English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

Severity = Literal["refuse", "warn"]

#: code -> (severity, what is wrong, what to do). `%(value)s` and `%(detail)s` are the fault's own.
_WORDS: dict[str, tuple[Severity, Any, Any]] = {
    "unreadable": (
        "refuse",
        _("ファイルを読めません：%(detail)s"),
        _("GeoPackage、GeoJSON、シェープファイル（.shp .shx .dbf .prj）か確かめてください。"),
    ),
    "no_features": (
        "refuse",
        _("図形が1件もありません。"),
        _("レイヤと絞り込みを確かめてください。"),
    ),
    "no_crs": (
        "refuse",
        _("座標系が書かれていません。"),
        _(".prj を添えるか、EPSG番号を指定してください。"),
    ),
    "wrong_place": (
        "refuse",
        _("図形がすべて市町村の区域の外です。%(detail)s"),
        _("座標系と市町村の指定を確かめてください。"),
    ),
    "outside_municipality": (
        "refuse",
        _("図形が市町村の区域の外です。"),
        _("市町村の指定が正しいか、この図形の位置を確かめてください。"),
    ),
    "no_geometry": (
        "refuse",
        _("図形がありません。"),
        _("図形を加えるか、この行を除いてください。"),
    ),
    "wrong_geometry": (
        "refuse",
        _("図形の種類が違います：%(value)s"),
        _("%(detail)sで保存し直してください。"),
    ),
    "repaired": (
        "warn",
        _("図形が自己交差していたので修復しました（ST_MakeValid相当）：%(detail)s"),
        _("修復後の形を地図で確かめてください。"),
    ),
    "sliver": (
        "warn",
        _("修復でできた1 m2未満の細片を除きました：%(value)s"),
        _("修復後の形を地図で確かめてください。"),
    ),
    "not_repairable": (
        "refuse",
        _("図形を修復できません：%(detail)s"),
        _("GISで図形を直してから取り込んでください。"),
    ),
    "duplicate_keycode": (
        "refuse",
        _("同じKEYCODEの図形が重なっています：%(value)s（%(detail)s）"),
        _("飛び地なら重ならないように直し、別の小班ならKEYCODEを分けてください。"),
    ),
    "not_zip": (
        "refuse",
        _("ZIPファイルではありません：%(detail)s"),
        _("公開されたZIPのまま、またはZIPで圧縮し直して選んでください。"),
    ),
    "climbing_path": (
        "refuse",
        _("ZIPの中に、外のフォルダーを指す名前があります：%(value)s"),
        _("ファイルだけを選んで圧縮し直してください。"),
    ),
    "zip_bomb": (
        "refuse",
        _("ZIPを展開すると大きくなりすぎます：%(value)s（%(detail)s）"),
        _("必要なファイルだけを入れて圧縮し直してください。"),
    ),
    "zip_encrypted": (
        "refuse",
        _("ZIPにパスワードがかかっています：%(value)s"),
        _("パスワードなしで圧縮し直してください。"),
    ),
    "no_polygons": (
        "refuse",
        _("小班の図形がありません。入っているファイル：%(detail)s"),
        _("小班のシェープファイル、GeoPackage、GeoJSONのいずれかを入れてください。"),
    ),
    "ambiguous_file": (
        "refuse",
        _("どれを読めばよいか決められません：%(value)s"),
        _("小班の図形と調査簿を1つずつにするか、名前に「小班」「調査簿」を入れてください。"),
    ),
    "missing_part": (
        "refuse",
        _("シェープファイルの%(value)sがありません。"),
        _("同じ名前の .shp .shx .dbf .prj をそろえてください。"),
    ),
    "ignored_file": (
        "warn",
        _("このファイルは読みません：%(value)s"),
        _("必要なファイルなら、形式と名前を確かめてください。"),
    ),
    "too_many_cells": (
        "refuse",
        _("表が大きすぎます：%(detail)s"),
        _("使っていない行と列を削除して保存し直してください。"),
    ),
    "mixed_encoding": (
        "refuse",
        _("UTF-8とShift_JIS（cp932）の行が混ざっています：%(detail)s"),
        _("1つの文字コードで保存し直してください。"),
    ),
    "personal_column": (
        "warn",
        _("列「%(value)s」は個人情報なので森林簿に取り込みません。"),
        _("所有者は林地台帳に登録してください。"),
    ),
    "no_column": (
        "refuse",
        _("列「%(value)s」がありません。ある列：%(detail)s"),
        _("列名を直すか、列を加えてください。"),
    ),
    "ignored_column": (
        "warn",
        _("列「%(value)s」は取り込みません。"),
        _("必要な列なら、列名が決まった名前か確かめてください。"),
    ),
    "encoding": (
        "refuse",
        _("文字コードがUTF-8でもShift_JIS（cp932）でもありません：%(detail)s"),
        _("CSV UTF-8（コンマ区切り）で保存し直してください。"),
    ),
    "bad_keycode": (
        "refuse",
        _("KEYCODEではありません：%(value)s"),
        _("14桁までの数字にしてください。"),
    ),
    "bad_number": (
        "refuse",
        _("数として読めません：%(value)s"),
        _("数字だけにしてください。単位や記号は除いてください。"),
    ),
    "out_of_range": (
        "refuse",
        _("値が範囲の外です：%(value)s（%(detail)s）"),
        _("値を確かめてください。"),
    ),
    "bad_class": (
        "refuse",
        _("区分を読み替えられません：%(value)s"),
        _("次のいずれかにするか、読替え表を指定してください：%(detail)s"),
    ),
    "bad_date": (
        "refuse",
        _("日付として読めません：%(value)s"),
        _("令和6年4月1日、R6.4.1、2024-04-01のように書いてください。"),
    ),
    "duplicate_row": (
        "refuse",
        _("同じKEYCODEと複層区分の行が前にもあります：%(value)s"),
        _("どちらかの行を除くか、複層区分コードを分けてください。"),
    ),
    "duplicate_plot": (
        "refuse",
        _("同じプロット番号が2回あります：%(value)s"),
        _("番号を分けるか、どちらかの行を除いてください。"),
    ),
    "row_without_polygon": (
        "refuse",
        _("この小班の図形がありません：%(value)s"),
        _("図形を加えるか、この行を除いてください。"),
    ),
    "polygon_without_row": (
        "warn",
        _("この小班の調査簿の行がありません：%(value)s"),
        _("調査簿の年度と市町村を確かめてください。"),
    ),
    "unknown_code": (
        "warn",
        _("コード表にないコードです：%(value)s"),
        _("「不明」と表示します。年度のコード表を取り込むと名前が付きます。"),
    ),
    "other_keycode_area": (
        "warn",
        _("KEYCODEの振興局・市町村番号が混ざっています：%(value)s"),
        _("ほかの市町村の小班が入っていないか確かめてください。"),
    ),
    "area_differs": (
        "warn",
        _("図上面積と森林簿面積の差が2割を超えます：%(detail)s"),
        _("図形と面積のどちらが正しいか確かめてください。"),
    ),
}


def declare(words: Mapping[str, tuple[Severity, Any, Any]]) -> None:
    """Add the faults of another kind of file: code -> (severity, what is wrong, what to do).

    Raises
    ------
    ValueError
        If a code is taken already.
    """
    taken = words.keys() & _WORDS.keys()
    if taken:
        raise ValueError(f"faults declared twice: {sorted(taken)}")
    _WORDS.update(words)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one place in a file.

    `line` counts as the user's program shows it: CSV lines from 1 with the
    header, features of a vector file from 1.
    """

    code: str
    file: str
    line: int | None = None
    column: str = ""
    value: str = ""
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """`refuse` stops the import, `warn` is for the user to judge."""
        return _WORDS[self.code][0]

    @property
    def problem(self) -> str:
        """What is wrong, in the language of the moment."""
        return str(_WORDS[self.code][1]) % self._values()

    @property
    def advice(self) -> str:
        """What to do, in the language of the moment."""
        return str(_WORDS[self.code][2]) % self._values()

    def _values(self) -> dict[str, str]:
        return {"value": self.value, "detail": self.detail}

    def to_dict(self) -> dict[str, Any]:
        """JSON of the fault with its words."""
        return asdict(self) | {
            "severity": self.severity,
            "problem": self.problem,
            "advice": self.advice,
        }

    def __str__(self) -> str:
        place = [self.file]
        if self.line is not None:
            place.append(str(self.line))
        if self.column:
            place.append(self.column)
        return f"{':'.join(place)}: {self.problem} {self.advice}"


class RefusedError(Exception):
    """A file was refused; nothing was stored."""

    code = "refused"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = list(faults)


def counted(faults: Sequence[Fault]) -> dict[str, int]:
    """Count faults by code."""
    return dict(Counter(fault.code for fault in faults))


def first_of_each(faults: Sequence[Fault], kept: int) -> list[Fault]:
    """Return at most `kept` faults of each code: a whole file with one mistake must not hide the others."""
    seen: Counter[str] = Counter()
    shown = []
    for fault in faults:
        seen[fault.code] += 1
        if seen[fault.code] <= kept:
            shown.append(fault)
    return shown


def refusing(faults: Sequence[Fault]) -> list[Fault]:
    """Those of the faults that stop an import."""
    return [fault for fault in faults if fault.severity == "refuse"]
