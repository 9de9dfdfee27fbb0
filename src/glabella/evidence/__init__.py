"""The numbers and where they come from: the parameter table, sources, products, label rules and published trials."""

from glabella.evidence.parameters import Parameter, Parameters, load_parameters
from glabella.evidence.published import PublishedRow, TrialRecord, published_rows, trial_record, trial_records

__all__ = [
    "Parameter",
    "Parameters",
    "PublishedRow",
    "TrialRecord",
    "load_parameters",
    "published_rows",
    "trial_record",
    "trial_records",
]
