"""What planform costs, against named alternatives in the same run: `python -m benchmarks`."""
