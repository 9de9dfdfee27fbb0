"""Names that every room uses: areas, sides, muscles; and what a name is on the other side of the face."""

PURPOSES = ("person", "study")
SEXES = ("female", "male")
SIDES = ("left", "right")
AREAS = ("glabellar", "forehead", "lateral_canthal_left", "lateral_canthal_right")
PATTERN_AREAS = ("glabellar", "forehead", "lateral_canthal")  # as labels name them: both sides together
PAIRED_MUSCLES = (
    "frontalis",
    "corrugator_supercilii",
    "depressor_supercilii",
    "orbicularis_oculi_orbital",
    "orbicularis_oculi_palpebral",
    "orbicularis_oculi_lateral",
    "nasalis",
    "levator_labii_superioris_alaeque_nasi",
    "zygomaticus_major",
    "zygomaticus_minor",
    "levator_palpebrae_superioris",
    "levator_aponeurosis",
)
MUSCLES = ("procerus", *(f"{muscle}_{side}" for muscle in PAIRED_MUSCLES for side in SIDES))

LOWER_AREAS = ("masseter", "mentalis", "depressor_anguli_oris", "platysma")  # of the lower face, without side
LOWER_AREAS_BY_SIDE = tuple(f"{area}_{side}" for area in LOWER_AREAS for side in SIDES)
LOWER_PAIRED_MUSCLES = (
    "masseter",
    "depressor_anguli_oris",
    "depressor_labii_inferioris",
    "mentalis",
    "risorius",
    "zygomaticus_major",
    "platysma",
    "suprahyoid_muscles",
    "infrahyoid_muscles",
)
LOWER_MUSCLES = ("orbicularis_oris", *(f"{muscle}_{side}" for muscle in LOWER_PAIRED_MUSCLES for side in SIDES))
REGIONS = ("upper_face", "lower_face")


def side_of(name: str) -> str | None:
    """'left' or 'right' for a name that ends in a side, None for a midline one."""
    ending = name.rpartition("_")[2]
    return ending if ending in SIDES else None


def without_side(name: str) -> str:
    """The name without its side: corrugator_medial_left -> corrugator_medial."""
    side = side_of(name)
    return name.removesuffix(f"_{side}") if side else name


def mirrored(name: str) -> str:
    """The same name on the other side of the face; a midline name stays."""
    side = side_of(name)
    return name if side is None else f"{without_side(name)}_{'right' if side == 'left' else 'left'}"
