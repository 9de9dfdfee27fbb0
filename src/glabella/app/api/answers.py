"""What comes back, with types."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field


class Fault(BaseModel):
    """What went wrong."""

    code: str
    message: str
    where: str | None


class ErrorAnswer(BaseModel):
    """Every error has this shape."""

    error: Fault


class VialMixed(BaseModel):
    """A labelled dilution, how well it is known and where it stands."""

    vial_units: float
    diluent_ml: float
    units_per_ml: float
    quality: str
    source: str


class ProductAnswer(BaseModel):
    """A product: units belong to it and are never converted."""

    name: str
    brand: str
    vials_units: list[float]
    dilutions: list[VialMixed]
    labelled_units: dict[str, float]


class PatternSite(BaseModel):
    """One site of a licensed pattern."""

    site: str
    units: float
    volume_ml: float
    target_muscle: str
    quality: str
    source: str


class PatternAnswer(BaseModel):
    """The licensed pattern of a product for an area."""

    product: str
    area: str
    together_with: str | None
    units: float
    sites: list[PatternSite]


class FaceAnswer(BaseModel):
    """A face that can be treated: the reference one, or a case to train with."""

    name: str
    title: str
    patient: dict[str, Any]


class SaidAnswer(BaseModel):
    """A sentence, the addresses of the rows it rests on, or why it rests on none."""

    text: str
    rows: list[str]
    basis: str


class SourceAnswer(BaseModel):
    """A reference, and a remark where its figures were not read in it."""

    key: str
    citation: str
    link: str
    remark: str


class QuestionAnswer(BaseModel):
    """A question that is answered."""

    key: str
    question: str


class QuestionAnswered(BaseModel):
    """One answer: ``verdict`` on ``claim`` (both empty where the question holds none), what is known and where from."""

    key: str
    theme: str
    question: str
    verdict: str
    verdict_words: str
    claim: str
    says: list[SaidAnswer]
    sources: list[SourceAnswer]
    simulated: list[dict[str, str]]


class FoundAnswer(BaseModel):
    """What a question found."""

    question: str
    covered: bool
    answer: QuestionAnswered | None
    nearest: list[QuestionAnswer]
    get_help: str


class FindingAnswer(BaseModel):
    """One remark of the label check."""

    severity: Literal["info", "caution", "refuse"]
    what: str
    where: str
    rule: str
    source: str
    quality: str


class CheckAnswer(BaseModel):
    """Whether the plan may be simulated, and every finding, the gravest first."""

    allowed: bool
    findings: list[FindingAnswer]


class JobAnswer(BaseModel):
    """Heavy work under way. ``result`` once it is done, ``error`` once it failed; ``share`` of ``stage`` is from 0 to 1."""

    id: str
    kind: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    stage: str
    share: float
    result: dict[str, Any] | None = None
    error: Fault | None = None


class ChanceAnswer(BaseModel):
    """A probability per person with its 90 % band."""

    value: float
    low: float
    high: float


class RiskMapAnswer(BaseModel):
    """A risk map in short: the highest chance and where, the chance at every licensed site (null: not computed there)."""

    effect: str
    product: str
    units: float
    depth_mm: float
    volume_ml: float
    frame: str
    note: str
    draws: int
    highest: ChanceAnswer
    highest_at: str
    sites: dict[str, ChanceAnswer | None]
    lines: list[str]


class PhotoSize(BaseModel):
    """Distance between the pupils and its standard error; ``from``: the irises, or what was measured."""

    interpupillary_distance_mm: float
    error_mm: float
    from_: Annotated[str, Field(alias="from")]
    scale_error_share: float


class PhotoSite(BaseModel):
    """A licensed site in pixels of the upright picture; ``seen``: not turned away; ``error_mm``: how far off it may be."""

    site: str
    column: float
    row: float
    seen: bool
    target_muscle: str
    error_mm: float


class PhotoAnswer(BaseModel):
    """What a photo says before anything is simulated. It holds no landmarks and nothing of the picture itself."""

    frame: str
    picture: dict[str, Any]
    size: PhotoSize
    sites: list[PhotoSite]


class NoteEntry(BaseModel):
    """A note in a list; times are UTC."""

    id: str
    version: int
    title: str
    product: str
    created: str
    saved: str
    deleted: str | None


class NoteList(BaseModel):
    """One page of the list, the last saved first."""

    total: int
    notes: list[NoteEntry]


class NoteKept(BaseModel):
    """Where a note was kept."""

    id: str
    version: int


class NoteAnswer(BaseModel):
    """A note as it is kept: ``version`` is this one, ``newest`` the newest there is."""

    id: str
    version: int
    newest: int
    saved: str
    note: dict[str, Any]


class VersionEntry(BaseModel):
    """One version of a note."""

    version: int
    saved: str
    title: str


class VersionList(BaseModel):
    """All versions, the newest first."""

    versions: list[VersionEntry]


class OwnPatternAnswer(BaseModel):
    """A pattern of one's own."""

    product: str
    name: str
    saved: str
    injection: list[dict[str, Any]]

