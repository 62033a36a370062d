"""The data and model management plane: metadata, features and models."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

_HERE = "planform.planes.data"
COMPONENTS: tuple[Listed, ...] = (
    Listed("metadata", "vertex-metadata", f"{_HERE}.vertex_metadata:VertexMetadata"),
    Listed("metadata", "mlflow", f"{_HERE}.mlflow:Mlflow"),
    Listed("metadata", "existing", f"{_HERE}.existing_metadata:ExistingMetadata"),
    Listed("model_registry", "vertex-model-registry", f"{_HERE}.vertex_model_registry:VertexModelRegistry"),
    Listed("model_registry", "mlflow", f"{_HERE}.mlflow_registry:MlflowRegistry"),
    Listed("model_registry", "existing", f"{_HERE}.existing_model_registry:ExistingModelRegistry"),
    Listed("feature_store", "vertex-feature-store", f"{_HERE}.vertex_feature_store:VertexFeatureStore"),
    Listed("feature_store", "feast", f"{_HERE}.feast:Feast"),
    Listed("feature_store", "existing", f"{_HERE}.existing_feature_store:ExistingFeatureStore"),
)
