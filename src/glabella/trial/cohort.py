"""A cohort: so many virtual people like those of a published trial, to be treated with a plan."""

from dataclasses import dataclass, field

from glabella.errors import InputError
from glabella.evidence.parameters import Parameters
from glabella.evidence.published import DEFAULT, trial_record
from glabella.face import Face
from glabella.plan import Plan
from glabella.population.arms import mix_of
from glabella.population.library import Progress
from glabella.population.people import Mix
from glabella.trial.design import PATIENTS, Arm, Trial, check_draws, check_mix, check_patients, check_whole, rising_days
from glabella.trial.result import TrialResult


@dataclass(frozen=True)
class Cohort:
    """``patients`` people of the ``mix``, seen on ``visit_days``; a light recipe: they are drawn where they are treated. ``draws`` of the
    posterior behind the bands: see ``Trial``."""

    patients: int = PATIENTS
    mix: Mix = field(default_factory=Mix)
    seed: int = 0
    visit_days: tuple[float, ...] = ()
    missing: str = "non_response"
    draws: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "patients", check_patients(self.patients, "cohort: patients"))
        object.__setattr__(self, "seed", check_whole(self.seed, "cohort: seed", 0, 2**63 - 1))
        object.__setattr__(self, "visit_days", rising_days(self.visit_days or trial_record(DEFAULT).visit_days, "cohort: visit_days"))
        object.__setattr__(self, "draws", check_draws(self.draws, "cohort: draws"))
        check_mix(self.mix)

    @classmethod
    def sample(cls, patients: int = PATIENTS, like: str = DEFAULT, seed: int = 0, draws: int | None = None) -> "Cohort":
        """People as a published trial enrolled them, seen on its days; ``like``: its name in trials.csv."""
        record = trial_record(like)
        return cls(patients, mix_of(record), seed, record.visit_days, record.missing, draws)

    def treat(
        self,
        plan: Plan,
        face: Face | None = None,
        *,
        parameters: Parameters | None = None,
        workers: int | None = None,
        progress: Progress | None = None,
    ) -> TrialResult:
        """What ``plan`` does to these people, as a trial of this one arm beside placebo."""
        from glabella.face import load_face
        from glabella.trial.run import run_trial

        if not isinstance(plan, Plan):
            raise InputError(f"plan: must be a glabella.Plan, not {type(plan).__name__}; read a file with Plan.read")
        if face is not None and face.name != load_face().name:
            raise InputError(f"face '{face.name}': people of a cohort have the typical faces of their sex; leave the face out")
        arm = Arm(f"{plan.product} {plan.sessions[0].units:g} U", plan.product, plan.areas[0], 0.0, plan=plan)
        trial = Trial(
            f"{arm.name}, {self.patients} people", (arm,), self.patients, self.visit_days, self.mix, self.seed, self.missing,
            draws=self.draws,
        )  # fmt: skip
        return run_trial(trial, workers=workers, progress=progress, values=parameters.overrides if parameters else None)
