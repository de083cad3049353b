"""Totals of a search: by species, by age class, and as bars of a chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Group:
    """Total of the 小班 with one first species and age class (0: no age)."""

    species_code: str
    age_class: int
    count: int
    area_ha: Decimal
    conifer_m3: Decimal
    broadleaf_m3: Decimal


@dataclass(slots=True)
class Line:
    """One line of a table of totals."""

    name: str
    count: int = 0
    area_ha: Decimal = Decimal(0)
    conifer_m3: Decimal = Decimal(0)
    broadleaf_m3: Decimal = Decimal(0)

    @property
    def stock_m3(self) -> Decimal:
        """Conifer and broadleaf stock together."""
        return self.conifer_m3 + self.broadleaf_m3

    def add(self, group: Group) -> None:
        """Count a group in."""
        self.count += group.count
        self.area_ha += group.area_ha
        self.conifer_m3 += group.conifer_m3
        self.broadleaf_m3 += group.broadleaf_m3


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of two parts: how long they are, in percent of the chart's scale.

    Attributes
    ----------
    place : int
        From 0.
    """

    name: str
    place: int
    conifer: float
    broadleaf: float
    value: Decimal


@dataclass(slots=True)
class Totals:
    """Everything that is said of a search as a whole."""

    whole: Line
    by_species: list[Line] = field(default_factory=list)
    by_age_class: list[Line] = field(default_factory=list)

    @property
    def scale_m3(self) -> Decimal:
        """End of the chart's scale over age classes."""
        return scale_end(max((line.stock_m3 for line in self.by_age_class), default=Decimal(0)))

    @property
    def age_bars(self) -> list[Bar]:
        """Stock by age class."""
        return bars(self.by_age_class, self.scale_m3)

    @property
    def species_bars(self) -> list[tuple[Line, Bar]]:
        """Lines of species, each with its bar; the longest of 100 percent."""
        largest = max((line.stock_m3 for line in self.by_species), default=Decimal(0))
        return list(zip(self.by_species, bars(self.by_species, largest), strict=True))


def totalled(groups: Iterable[Group], name_of: Callable[[str, str], str]) -> Totals:
    """Add groups up by first species and by age class.

    Parameters
    ----------
    groups : iterable of Group
    name_of : callable
        Name of a code of a table, ``name_of("species", "64")``.

    Returns
    -------
    Totals
        Species with the most stock first, then those without, by area; age classes in order, 0 first.
    """
    whole = Line("")
    species: dict[str, Line] = {}
    ages: dict[int, Line] = defaultdict(lambda: Line(""))
    for group in groups:
        whole.add(group)
        code = group.species_code
        species.setdefault(code, Line(name_of("species", code))).add(group)
        ages[group.age_class].add(group)
    for age_class, line in ages.items():
        line.name = str(age_class) if age_class else ""
    return Totals(
        whole=whole,
        by_species=sorted(
            species.values(), key=lambda line: (line.stock_m3, line.area_ha), reverse=True
        ),
        by_age_class=[ages[age_class] for age_class in sorted(ages)],
    )


def bars(lines: Sequence[Line], scale_m3: Decimal) -> list[Bar]:
    """Return bars of conifer and broadleaf stock on a scale that ends at `scale_m3`."""
    end = scale_m3 or Decimal(1)
    return [
        Bar(
            name=line.name,
            place=place,
            conifer=float(100 * line.conifer_m3 / end),
            broadleaf=float(100 * line.broadleaf_m3 / end),
            value=line.stock_m3,
        )
        for place, line in enumerate(lines)
    ]


def scale_end(largest: Decimal) -> Decimal:
    """Return the end of a scale: 1, 2 or 5 with noughts, not below the largest value.

    Examples
    --------
    >>> scale_end(Decimal(1234))
    Decimal('2000')
    """
    if largest <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(largest.adjusted())
    return next(step * power for step in (1, 2, 5, 10) if step * power >= largest)
