# METADATA
# title: Traces of production that hold what people wrote
# description: >-
#   Instrumentation of language models puts prompts and answers into spans. They hold names, contracts and symptoms, and
#   everybody who may look at a trace, at the vendor too, may read them.
# custom:
#   id: observability/prompts-in-traces
#   severity: high
#   subject: kubernetes
#   facts: [production]
#   remedy: leave `content` off, or give the pipelines a processor `transform/...` or `redaction` that drops contents
#   frameworks: [GDPR Art. 5, OWASP LLM02]
#   waivable: true
package rules.observability.prompts_in_traces

import data.lib.facts
import data.lib.k8s

violation contains k8s.finding(entry, concat(" ", ["drops no contents in the pipeline", name])) if {
	some release in k8s.releases
	release.chart == "opentelemetry-collector"
	entry := release.entry
	facts.of(entry).production
	some name, pipeline in release.values.config.service.pipelines
	regex.match(`^(traces|logs)(/|$)`, name)
	"otlp" in pipeline.receivers
	not drops(pipeline)
}

drops(pipeline) if {
	some processor in pipeline.processors
	regex.match(`^(transform|redaction)(/|$)`, processor)
}
