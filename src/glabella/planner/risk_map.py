"""Where on the face a dose would be risky: the chance of one unwanted effect for every place a needle could enter.

One adjoint solve per structure says what share of a unit, put anywhere into the tissue, that structure takes up. A needle's dose is
then one scalar product with its fluid, placed as for a plan, the route through the orbital septum included; and the chance is the
law of ``rate_unwanted`` averaged over the scatter of the needle. An exploration of a model, never a directive.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri
from threadpoolctl import threadpool_limits

from glabella.errors import InputError
from glabella.evidence import Parameters, load_parameters
from glabella.evidence.patterns import labelled_units, load_patterns
from glabella.evidence.products import Dilution
from glabella.evidence.sources import find_reference
from glabella.face import Face, load_face
from glabella.label import ensure_allowed
from glabella.label.finding import Context
from glabella.label.person import check_person
from glabella.names import SIDES
from glabella.outcome import Sources
from glabella.patient import Patient
from glabella.plan import Plan
from glabella.planner.risk_map_asked import check_asked
from glabella.planner.risk_map_chance import ASKED, chances, every, find_places, have_number, local_doses, mesh, scattered, stride_for
from glabella.planner.risk_map_reach import Reach, find_reach
from glabella.planner.risk_map_skin import Lattice, enter
from glabella.reading import check_number
from glabella.stages.anatomy import DEPTH_STEP_MM, STEP_MM, Anatomy, build_anatomy, build_atlas
from glabella.stages.bolus import tracked_share
from glabella.stages.diffusion import build_spread
from glabella.stages.junction import blocked_share
from glabella.stages.unwanted import EffectWords, chance_of, effect_words
from glabella.treatment import PEAK_DAYS, Progress
from glabella.version import own_version

SMALLEST = 1e-9  # chances are interpolated on the scale of the normal distribution, down to this
DRAWS, SEED = 32, 0


@dataclass(frozen=True)
class Chance:
    """A probability with its 90 % band over draws of the parameters."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RiskMap:
    """The chance of ``effect`` for a dose of ``units`` at ``depth_mm`` at every place of the treated face.

    Per vertex: ``points`` (n, 3) mm on the skin, ``tip_depth_mm`` (n,) and ``stopped_by_bone`` (n,), ``rim_distance_mm`` (n,) above
    the bony rim of the nearer orbit (negative: below it), ``dose_units_per_mm3`` (n,) of each structure without scatter, and with
    scatter ``probability``, ``low`` and ``high`` (n,). ``triangles`` (m, 3) join vertices. Places without a number are no vertices.
    """

    effect: str
    product: str
    units: float
    depth_mm: float
    dilution: Dilution
    patient: Patient
    parameters: Parameters
    draws: int
    points: np.ndarray
    triangles: np.ndarray
    tip_depth_mm: np.ndarray
    stopped_by_bone: np.ndarray
    rim_distance_mm: np.ndarray
    dose_units_per_mm3: Mapping[str, np.ndarray]
    probability: np.ndarray
    low: np.ndarray
    high: np.ndarray
    version: str
    reach: Reach = field(repr=False)
    skin: Lattice = field(repr=False)
    computed: np.ndarray = field(repr=False)
    chance_skin: Lattice = field(repr=False)
    chance_on_skin: np.ndarray = field(repr=False)

    @property
    def volume_ml(self) -> float:
        """Volume of the injection."""
        return self.dilution.volume_ml(self.units)

    @property
    def anatomy(self) -> Anatomy:
        """The person's tissue."""
        return self.reach.anatomy

    @property
    def scatter_mm(self) -> tuple[float, float]:
        """Standard deviation of the needle: per axis along the skin, and in depth."""
        return self.parameters["placement_sd_mm"], self.parameters["placement_depth_sd_mm"]

    @property
    def words(self) -> EffectWords:
        """When the effect begins, how long it lasts, how serious it is, and the source of that."""
        return effect_words(self.effect)

    @cached_property
    def licensed_sites(self) -> Mapping[str, np.ndarray]:
        """Entry (3,) of each site of the product's licensed patterns."""
        names = dict.fromkeys(row.site for row in load_patterns() if row.product == self.product)
        return {name: self.anatomy.atlas.sites[name].point for name in names}

    @cached_property
    def sites(self) -> Mapping[str, Chance]:
        """Chance at each licensed site that has a number."""
        found = self.probability_at(np.stack(list(self.licensed_sites.values())))
        return {name: Chance(*map(float, row)) for name, row in zip(self.licensed_sites, found, strict=True) if np.isfinite(row[0])}

    def is_computed(self, points: np.ndarray) -> np.ndarray:
        """Whether places (n, 3) on the skin have a number, (n,)."""
        index = self.skin.index(np.atleast_2d(points))
        inside = ((index > -0.5) & (index < np.array(self.skin.shape)[:, None] - 0.5)).all(0)
        return inside & (self.skin.look_up(self.computed.astype(float), index) > 0.5)

    def skin_at(self, points: np.ndarray) -> np.ndarray:
        """The places (n, 3) of the map's skin in the direction of points (n, 3)."""
        centre = self.anatomy.grid.centre
        away, index = points - centre, self.skin.index(points)
        radius = self.skin.look_up(np.linalg.norm(self.skin.entries.points - centre, axis=1), index)
        return centre + away * (radius / np.linalg.norm(away, axis=1))[:, None]

    def probability_at(self, points: np.ndarray) -> np.ndarray:
        """Chance with scatter (n, 3) at places (n, 3) on the skin: value, low and high of its band; nan where there is no number."""
        points = np.atleast_2d(np.asarray(points, float))
        index, order = self.chance_skin.index(points), 3 if self.scatter_mm[0] > 0 else 1
        normal = ndtri(np.clip(self.chance_on_skin.T, SMALLEST, 1 - SMALLEST))
        value, low, high = (ndtr(self.chance_skin.look_up(row, index, order)) for row in normal)
        found = np.stack([value, np.minimum(low, value), np.maximum(high, value)], 1)
        found[found < 2 * SMALLEST] = 0
        return np.where(self.is_computed(points)[:, None], found, np.nan)

    def dose_at(self, points: np.ndarray, depth_mm: float | None = None, workers: int | None = None) -> dict[str, np.ndarray]:
        """Mean dose (n,) in units/mm3 of each structure from the needle at places (n, 3), without scatter and not interpolated.

        The fluid is placed just as for a plan. nan where the place has no number.
        """
        entries = enter(points, self.anatomy)
        dose = self.units * self.reach.per_unit(entries, self.depth_mm if depth_mm is None else depth_mm, True, workers)
        dose[~self.is_computed(entries.points)] = np.nan
        return dict(zip(self.reach.structures, dose.T, strict=True))

    def sources(self) -> Sources:
        """The parameter rows that this map read, and the references behind them."""
        table = self.parameters
        rows = tuple(replace(table.rows[name], value=table.overrides.get(name, table.rows[name].value)) for name in table.read)
        keys = dict.fromkeys([*(row.source for row in rows), self.words.source])
        return Sources(rows, tuple(sorted((find_reference(key) for key in keys), key=lambda entry: str(entry).lower())))

    def to_json(self) -> dict[str, Any]:
        """The map as plain data that ``data/risk_map.schema.json`` describes."""
        from glabella.planner.risk_map_document import document

        return document(self)


def risk_map(
    effect: str,
    units: float,
    depth_mm: float,
    face: Face | None = None,
    patient: Patient | None = None,
    *,
    product: str = "onabotulinumtoxinA",
    diluent_ml: float | None = None,
    scatter_mm: float | None = None,
    draws: int = DRAWS,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    step_mm: float | None = None,
    depth_step_mm: float | None = None,
) -> RiskMap:
    """The chance of ``effect`` if ``units`` of ``product`` went in at ``depth_mm``, for every place of the treated face.

    ``diluent_ml``: saline in the product's usual vial; as labelled unless given. ``scatter_mm``: standard deviation of the needle per
    axis along the skin, in place of the table's ``placement_sd_mm``. ``draws`` of the parameters make the band: the law of the effect
    and the route through the septum vary, transport stays nominal. ``step_mm``, ``depth_step_mm``: another tissue grid. A needle
    stops at bone where the depth goes beyond it.

    Errors: RefusedError for more units than the label gives an area, or a person whom it rules out; InputError for an effect without a
    map and anything unusable.
    """
    structure, units, depth_mm, dilution, scatter_mm = check_asked(effect, units, depth_mm, product, diluent_ml, scatter_mm)
    parameters = (parameters or load_parameters()).recording()
    if scatter_mm is not None:
        parameters = parameters.with_values({"placement_sd_mm": scatter_mm})
    scatter_mm = parameters["placement_sd_mm"]
    draws = int(check_number(draws, "risk map: draws", at_least=0, at_most=10_000))
    patient = patient or Patient()
    ensure_allowed(list(check_person(Context(Plan.label(product, next(iter(labelled_units(product)))), "US"), patient)))
    tell = progress or (lambda step, share: None)
    with threadpool_limits(1):
        tell("face and tissue", 0.0)
        anatomy = _tissue(face, patient, parameters, step_mm or STEP_MM, depth_step_mm or DEPTH_STEP_MM)
        names = [f"{structure}_{side}" for side in SIDES]
        tell("adjoint solves", 0.0)
        reach = find_reach(anatomy, build_spread(anatomy, parameters).compiled(), parameters, names, dilution.volume_ml(units), workers)
        tables = [parameters, *(parameters.draw(SEED, number) for number in range(draws))]
        laws = [chance_of(effect, lambda dose, table: blocked_share(dose, PEAK_DAYS, table, product).max(-1), table) for table in tables]

        tell("places", 0.0)
        places = find_places(reach, scatter_mm)
        workers = workers or os.cpu_count()
        local = local_doses(reach, places, laws[0], units, depth_mm, lambda share: tell("dose from every place", share), workers)
        computed = have_number(reach, places, local, depth_mm)
        tracked = np.stack([tracked_share(places.rim_mm, table) for table in tables], 1)
        beds = np.stack([reach.beds[side] for side in SIDES])[places.side]
        chance = chances(reach, places, local, tracked, beds, units, laws)
        stride = stride_for(scatter_mm)
        found = scattered(places.fine, chance, stride, scatter_mm, lambda share: tell("scatter", share))

    nodes = places.nodes
    kept, triangles = mesh(computed[nodes], places.coarse.shape)
    if not len(kept):
        raise InputError(f"risk map: no place of the face has a number for a needle {depth_mm:g} mm deep; choose another depth")
    entries, share = places.coarse.entries.part(kept), tracked[nodes][kept, :1]
    dose = units * ((1 - share) * local[ASKED, kept] + share * beds[nodes][kept])
    bands = found[np.searchsorted(every(places.fine, stride), nodes[kept])]
    fine = places.fine
    chance_skin = Lattice(anatomy, fine.theta[::stride], fine.phi[::stride], fine.entries.part(every(fine, stride)))
    return RiskMap(
        effect=effect, product=product, units=units, depth_mm=depth_mm, dilution=dilution, patient=patient,
        parameters=replace(parameters, _read=set(parameters.read)), draws=draws, points=entries.points, triangles=triangles,
        tip_depth_mm=reach.needle_depth_mm(entries, depth_mm), stopped_by_bone=entries.bone_mm < depth_mm,
        rim_distance_mm=places.rim_mm[nodes][kept], dose_units_per_mm3=dict(zip(names, dose.T, strict=True)),
        probability=bands[:, 0], low=bands[:, 1], high=bands[:, 2], version=own_version(), reach=reach, skin=places.fine,
        computed=computed, chance_skin=chance_skin, chance_on_skin=found,
    )  # fmt: skip


def _tissue(face: Face | None, patient: Patient, parameters: Parameters, step_mm: float, depth_step_mm: float) -> Anatomy:
    shaped = patient.shape(face or load_face(), parameters)
    atlas = build_atlas(shaped, patient, parameters)
    return build_anatomy(shaped, patient, parameters, step_mm=step_mm, depth_step_mm=depth_step_mm, atlas=atlas)
