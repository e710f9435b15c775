"""Golden files: what is generated is kept beside the tests, so that a change shows as a difference to be looked at."""
