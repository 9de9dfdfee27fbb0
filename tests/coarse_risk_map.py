"""One risk map on a coarse tissue grid, computed once per session of tests."""

from functools import cache

from glabella.planner.risk_map import RiskMap, risk_map

COARSE = {"step_mm": 3.2, "depth_step_mm": 1.6, "draws": 4}
UNITS, DEPTH_MM = 4.0, 4.0


@cache
def coarse_map() -> RiskMap:
    """4 U of onabotulinumtoxinA 4 mm deep, eyelid ptosis."""
    return risk_map("eyelid_ptosis", UNITS, DEPTH_MM, **COARSE)
