"""What can be wrong with cadastral maps and ledger files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from forestgis.registry.domain.faults import declare

declare(
    {
        "map_not_xml": (
            "refuse",
            _("地図XMLとして読めません：%(detail)s"),
            _("法務省の登記所備付地図データ（XML、またはそのZIP）か確かめてください。"),
        ),
        "map_archive": (
            "refuse",
            _("ZIPを受け付けられません：%(detail)s"),
            _("登記所備付地図データのZIPをそのまま指定してください。"),
        ),
        "map_topology": (
            "refuse",
            _(
                "筆の形を組み立てられません（参照先の点・線・面がない、または壊れています）：%(detail)s"
            ),
            _("地図XMLを入手し直してください。"),
        ),
        "map_crs": (
            "refuse",
            _("知らない座標系です：%(value)s"),
            _("公共座標1系から19系、または任意座標系の地図を指定してください。"),
        ),
        "map_other_municipality": (
            "refuse",
            _("別の市町村の地図です：%(value)s（%(detail)s）"),
            _("市町村の指定か、ファイルを確かめてください。"),
        ),
        "map_wrong_place": (
            "refuse",
            _("筆が市町村の区域の外にあります：%(detail)s"),
            _("座標系が正しいか、地図の作成元に確かめてください。"),
        ),
        "map_arbitrary": (
            "warn",
            _("任意座標系の地図です：%(value)s（%(detail)s筆）"),
            _("位置が決まらないため、台帳に載せますが地図には描きません。"),
        ),
        "map_unnumbered": (
            "warn",
            _("地番のない筆（道、水など）%(value)s件は取り込みません。"),
            _("台帳は地番のある土地だけを扱います。"),
        ),
        "duplicate_shape": (
            "warn",
            _("同じ地番の筆が%(detail)s個あります：%(value)s"),
            _("1筆にまとめました。飛び地か、地番の誤りか確かめてください。"),
        ),
        "duplicate_lot": (
            "refuse",
            _("同じ地番の行が前にもあります：%(value)s"),
            _("共有者は所有者の行に分け、土地の行は1筆1行にしてください。"),
        ),
        "bad_lot": (
            "refuse",
            _("地番として読めません：%(value)s"),
            _("本番と枝番を数字にしてください（例：12-3、12番地3）。"),
        ),
        "owner_without_parcel": (
            "refuse",
            _("所有者の行に当たる土地がありません：%(value)s"),
            _("同じ大字・字・地番の土地の行を加えるか、地番を直してください。"),
        ),
        "owner_without_name": (
            "refuse",
            _("所有者の住所だけがあり、氏名又は名称がありません。"),
            _("氏名又は名称を書くか、住所を消してください。"),
        ),
        "row_without_shape": (
            "warn",
            _("地図に形のない土地が%(value)s筆あります。"),
            _("台帳には載せます。登記所備付地図を取り込むと形が付きます。"),
        ),
        "too_large": (
            "refuse",
            _("ファイルが大きすぎます：%(detail)s"),
            _("地区ごとに分けて取り込んでください。"),
        ),
    }
)
