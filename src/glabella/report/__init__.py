"""The report of an outcome: one page that opens offline, its pictures and its data."""

from glabella.report.write import check_report_folder, write_report

__all__ = ["check_report_folder", "write_report"]
