"""Public files of people who do not exist, in every format: for tests, the demonstration and the benchmark."""

from glabella.providers.fictional.write import Written, write_files

__all__ = ["Written", "write_files"]
