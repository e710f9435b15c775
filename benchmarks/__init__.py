"""Benchmarks, run by hand: `python -m benchmarks [NAME...]`. How to repeat them and results: docs/benchmarks.md."""
