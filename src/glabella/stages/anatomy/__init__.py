"""Face surface to layered tissue with muscles and fibre directions."""

from glabella.stages.anatomy.atlas import Atlas, Sheet, Site, build_atlas
from glabella.stages.anatomy.grid import DEPTH_STEP_MM, NOMINAL_RADIUS_MM, STEP_MM, Grid, Window, build_grid
from glabella.stages.anatomy.regions import ANCHORS, blend
from glabella.stages.anatomy.tissue import Anatomy, MuscleCells, build_anatomy

__all__ = [
    "ANCHORS",
    "DEPTH_STEP_MM",
    "NOMINAL_RADIUS_MM",
    "STEP_MM",
    "Anatomy",
    "Atlas",
    "Grid",
    "MuscleCells",
    "Sheet",
    "Site",
    "Window",
    "blend",
    "build_anatomy",
    "build_atlas",
    "build_grid",
]
