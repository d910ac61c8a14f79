"""A package, so that `tests/runner` does not stand in the way of `runner`."""
