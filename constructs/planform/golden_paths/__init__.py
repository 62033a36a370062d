"""Golden paths: one kind of workload document each, and everything that every plane needs for it.

A kind is a model of its settings and a `build`, as a component is; it asks the environment's components by their
contracts alone and knows none of them.
"""

from __future__ import annotations

from planform.golden_paths.listed import ListedPath

__all__ = ["GOLDEN_PATHS"]

_HERE = "planform.golden_paths"
GOLDEN_PATHS: tuple[ListedPath, ...] = (
    ListedPath("NotebookWorkspace", f"{_HERE}.notebook_workspace:NotebookWorkspace"),
    ListedPath("ExperimentTracking", f"{_HERE}.experiment_tracking:ExperimentTracking"),
    ListedPath("TrainingPipeline", f"{_HERE}.training_pipeline:TrainingPipeline"),
    ListedPath("ModelEndpoint", f"{_HERE}.model_endpoint:ModelEndpoint"),
    ListedPath("Dataset", f"{_HERE}.dataset:Dataset"),
    ListedPath("Transformation", f"{_HERE}.transformation:Transformation"),
    ListedPath("NodePool", f"{_HERE}.node_pool:NodePool"),
    ListedPath("GoldenPath", f"{_HERE}.golden_path:GoldenPath"),
)
