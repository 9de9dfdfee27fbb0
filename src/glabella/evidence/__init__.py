"""The numbers and where they come from: the parameter table, sources, products, label rules and published trials."""

from glabella.evidence.parameters import Parameter, Parameters, load_parameters

__all__ = ["Parameter", "Parameters", "load_parameters"]
