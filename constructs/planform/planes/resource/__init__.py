"""The resource plane: networks, clusters, accelerators, databases and buckets."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

_HERE = "planform.planes.resource"
COMPONENTS: tuple[Listed, ...] = (
    Listed("networking", "vpc", f"{_HERE}.vpc:Vpc"),
    Listed("networking", "shared-vpc", f"{_HERE}.shared_vpc:SharedVpc"),
    Listed("networking", "existing", f"{_HERE}.existing_networking:ExistingNetworking"),
    Listed("compute", "gke", f"{_HERE}.gke:Gke"),
    Listed("compute", "gke-autopilot", f"{_HERE}.gke_autopilot:GkeAutopilot"),
    Listed("compute", "existing", f"{_HERE}.existing_compute:ExistingCompute"),
    Listed("database", "cloud-sql", f"{_HERE}.cloud_sql:CloudSql"),
    Listed("database", "alloydb", f"{_HERE}.alloydb:AlloyDb"),
    Listed("database", "existing", f"{_HERE}.existing_database:ExistingDatabase"),
    Listed("object_store", "gcs", f"{_HERE}.gcs:Gcs"),
    Listed("object_store", "existing", f"{_HERE}.existing_object_store:ExistingObjectStore"),
    Listed("batch_queue", "kueue", f"{_HERE}.kueue:Kueue"),
    Listed("batch_queue", "existing", f"{_HERE}.existing_batch_queue:ExistingBatchQueue"),
    Listed("streaming", "kafka", f"{_HERE}.kafka:Kafka"),
    Listed("streaming", "managed-kafka", f"{_HERE}.managed_kafka:ManagedKafka"),
    Listed("streaming", "existing", f"{_HERE}.existing_streaming:ExistingStreaming"),
    Listed("model_server", "triton", f"{_HERE}.triton:Triton"),
    Listed("model_server", "vllm", f"{_HERE}.vllm:Vllm"),
    Listed("model_server", "existing", f"{_HERE}.existing_model_server:ExistingModelServer"),
    Listed("key_value", "dynamodb", f"{_HERE}.dynamodb:DynamoDb"),
    Listed("key_value", "firestore", f"{_HERE}.firestore:Firestore"),
    Listed("key_value", "existing", f"{_HERE}.existing_key_value:ExistingKeyValue"),
)
