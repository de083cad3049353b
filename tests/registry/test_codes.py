"""Municipality codes, zones, age classes: against published values."""

import pytest

from forestgis.registry.domain.ages import age_class
from forestgis.registry.domain.codes import with_check_digit
from forestgis.registry.domain.zones import epsg_of_zone, zone_of


# 総務省「都道府県コード及び市区町村コード」(published 6-digit codes)
@pytest.mark.parametrize(
    "code6", ["011002", "012025", "012203", "013030", "015601", "015628", "016942", "131016"]
)
def test_check_digit_is_the_published_one(code6):
    assert with_check_digit(code6[:5]) == code6


@pytest.mark.parametrize("wrong", ["", "1560", "015601", "0156a", "０１５６０"])
def test_check_digit_refuses_what_is_no_code(wrong):
    with pytest.raises(ValueError, match="five digits"):
        with_check_digit(wrong)


@pytest.mark.parametrize(
    ("bureau", "name", "zone"),
    [
        ("オホーツク総合振興局", "滝上町", 12),
        ("オホーツク総合振興局", "紋別市", 12),
        ("オホーツク総合振興局", "北見市", 13),
        ("オホーツク総合振興局", "大空町", 13),
        ("胆振総合振興局", "伊達市", 11),
        ("胆振総合振興局", "洞爺湖町", 11),
        ("胆振総合振興局", "苫小牧市", 12),
        ("後志総合振興局", "小樽市", 11),
        ("後志総合振興局", "ニセコ町", 11),
        ("渡島総合振興局", "森町", 11),
        ("十勝総合振興局", "足寄町", 13),
        ("石狩振興局", "札幌市", 12),
    ],
)
def test_zone_follows_the_notification(bureau, name, zone):
    assert zone_of(bureau, name) == zone


def test_zone_epsg_is_jgd2011():
    assert [epsg_of_zone(zone) for zone in (11, 12, 13)] == [6679, 6680, 6681]


@pytest.mark.parametrize(
    ("age", "expected"), [(1, 1), (5, 1), (6, 2), (26, 6), (None, None), (0, None)]
)
def test_age_class(age, expected):
    assert age_class(age) == expected
