"""The observability plane: what the platform does, what it costs, and whether it is right."""

from __future__ import annotations

from planform.planes.listed import Listed

__all__ = ["COMPONENTS"]

_HERE = "planform.planes.observability"
COMPONENTS: tuple[Listed, ...] = (
    Listed("model_observability", "arize", f"{_HERE}.arize:Arize"),
    Listed("model_observability", "phoenix", f"{_HERE}.phoenix:Phoenix"),
    Listed("model_observability", "existing", f"{_HERE}.existing_model_observability:ExistingModelObservability"),
    Listed("data_quality", "monte-carlo", f"{_HERE}.monte_carlo:MonteCarlo"),
    Listed("data_quality", "dataplex-quality", f"{_HERE}.dataplex_quality:DataplexQuality"),
    Listed("data_quality", "existing", f"{_HERE}.existing_data_quality:ExistingDataQuality"),
    Listed("lineage_catalog", "dataplex", f"{_HERE}.dataplex:Dataplex"),
    Listed("lineage_catalog", "openmetadata", f"{_HERE}.openmetadata:Openmetadata"),
    Listed("lineage_catalog", "existing", f"{_HERE}.existing_lineage_catalog:ExistingLineageCatalog"),
    Listed("monitoring", "cloud-monitoring", f"{_HERE}.cloud_monitoring:CloudMonitoring"),
    Listed("monitoring", "grafana-stack", f"{_HERE}.grafana_stack:GrafanaStack"),
    Listed("monitoring", "existing", f"{_HERE}.existing_monitoring:ExistingMonitoring"),
    Listed("tracing", "honeycomb", f"{_HERE}.honeycomb:Honeycomb"),
    Listed("tracing", "cloud-trace", f"{_HERE}.cloud_trace:CloudTrace"),
    Listed("tracing", "existing", f"{_HERE}.existing_tracing:ExistingTracing"),
    Listed("finops", "flexera", f"{_HERE}.flexera:Flexera"),
    Listed("finops", "opencost", f"{_HERE}.opencost:OpenCost"),
    Listed("finops", "existing", f"{_HERE}.existing_finops:ExistingFinOps"),
)
