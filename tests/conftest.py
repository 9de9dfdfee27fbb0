"""Makes the folder above this one importable, so that every test can import the helpers beside this file as `tests.name`."""
