"""Settings of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, Literal, get_type_hints

from lidar.core.carbon import CARBON_SPECIES, CarbonFactors
from lidar.core.ground import GroundParams
from lidar.core.stand import CONIFER_EQUATION, DensityEquation
from lidar.core.trees import TreeParams

MESH_M = 20.0
TERRAIN_M = 1.0
CANOPY_M = 0.5


@dataclass(frozen=True, slots=True)
class RunParams:
    """Settings that decide what a run computes; part of its manifest.

    Parameters
    ----------
    epsg : int or None
        Coordinate system of files that state none.
    expected_epsg : int or None
        Files in any other system are refused.
    tile_m : float
        Edge of a tile's core, a tenth more at most: tiles are as equal as the 20 m mesh
        allows. The larger they are, the less is computed twice in the buffers.
    buffer_m : float
        How much wider a tile's points are read: the ground filter's window and
        the largest crown reach this far.
    tile_points : int
        A tile with more points by the headers is divided; 6 million keep a worker
        under 600 MB.
    ground : "auto", "delivered" or "found"
        "auto" takes the delivered class 2 when every file has it and it is good,
        else finds ground from the points.
    skip_refused : bool
        True leaves refused files out, and says so; False refuses the batch.
    carbon_species : (str, str)
        Rows of the carbon factors for hardwood and conifer, see `lidar.core.carbon`.
    skip_failed_tiles : bool
        True leaves tiles empty that cannot be computed, and says so; False ends the run.
    zone_grid_m : float
        Edge of the squares that stand in where no compartments are given.
    scan_date : str or None
        Day of the scan, ISO 8601, where the files do not tell.
    scan_method : str
        Code of 森林計測法: 1 airborne laser, 3 laser from a drone.
    conifer_equation : str
        Stem volume equation that gives the diameter where conifers prevail, see
        `lidar.core.stem_volume`.
    stand_density : dict or None
        Coefficients of density diagrams, "hardwood" and "conifer", see
        `lidar.core.stand.DensityEquation`; without them 収量比数 stays empty.
    volume_family : str
        Family of the law fitted to plots: "power", "log-linear", "random forest",
        "gradient boosting", or "best" for the one that errs least on plots left out in blocks.
    calibration : dict or None
        A volume model made earlier (`VolumeModel.to_dict`), used when no plots are given.

    Raises
    ------
    CarbonFactorError
        If there are no carbon factors of a species.
    StandDensityError
        If a density diagram lacks a coefficient or its source.
    """

    epsg: int | None = None
    expected_epsg: int | None = None
    tile_m: float = 1000.0
    buffer_m: float = 30.0
    tile_points: int = 6_000_000
    ground: Literal["auto", "delivered", "found"] = "auto"
    skip_refused: bool = False
    carbon_species: tuple[str, str] = CARBON_SPECIES
    skip_failed_tiles: bool = False
    zone_grid_m: float = 200.0
    scan_date: str | None = None
    scan_method: str = "1"
    conifer_equation: str = CONIFER_EQUATION
    stand_density: dict[str, dict[str, Any]] | None = None
    volume_family: str = "power"
    calibration: dict[str, Any] | None = None
    ground_params: GroundParams = field(default_factory=GroundParams)
    tree_params: TreeParams = field(default_factory=TreeParams)

    def __post_init__(self) -> None:
        object.__setattr__(self, "carbon_species", tuple(self.carbon_species))
        # settings that come back from a manifest or a database are plain dictionaries
        for name, kind in (("ground_params", GroundParams), ("tree_params", TreeParams)):
            object.__setattr__(self, name, _rebuilt(kind, getattr(self, name)))
        for species in self.carbon_species:
            CarbonFactors.of(species)
        for row in (self.stand_density or {}).values():
            DensityEquation.from_row(row)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-able values; `RunParams(**values)` undoes it."""
        return asdict(self)


def _rebuilt(kind: Any, values: Any) -> Any:  # noqa: ANN401
    """Return a dataclass from the dictionary that `asdict` made of it, other values as they are."""
    if not (isinstance(kind, type) and is_dataclass(kind) and isinstance(values, dict)):
        return values
    hints = get_type_hints(kind)
    return kind(**{name: _rebuilt(hints.get(name), value) for name, value in values.items()})
