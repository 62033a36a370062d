"""Golden paths: what one workload document becomes in each plane, and in a repository of its own."""
