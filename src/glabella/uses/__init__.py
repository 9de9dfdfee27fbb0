"""Therapeutic uses as tables, time courses and clinical endpoints, without new anatomy.

Where there is a mechanism the stages of the face are used as they are: spread, junction and muscle, with rows of
``evidence/uses/parameters.csv`` for what a site has to itself. Chronic migraine has none: an empirical course. Each use is one file.
"""

from glabella.uses.course import UseCourse, follow_use
from glabella.uses.tables import USES, Licence, licences, use_parameters

__all__ = ["USES", "Licence", "UseCourse", "follow_use", "licences", "use_parameters"]
