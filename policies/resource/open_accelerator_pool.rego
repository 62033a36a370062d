# METADATA
# title: A pool of accelerators that is not tainted, not bounded, or never empty
# description: >-
#   An accelerator costs a hundred times what a processor does. Without a taint any pod may keep its node alive,
#   and without a bound so may any number.
# custom:
#   id: resource/open-accelerator-pool
#   severity: high
#   subject: terraform
#   facts: [production]
#   remedy: taint the pool with `nvidia.com/gpu` or `google.com/tpu`, set a maximum of nodes, and a minimum of 0 outside of production
#   frameworks: [FinOps rate optimisation]
#   waivable: true
package rules.resource.open_accelerator_pool

import data.lib.facts
import data.lib.tf

accelerated contains pool if {
	some pool in tf.resources("google_container_node_pool")
	some node in tf.blocks(pool.body, "node_config")
	some _ in tf.blocks(node, "guest_accelerator")
}

violation contains tf.finding(pool, "has accelerators and no taint") if {
	some pool in accelerated
	not is_tainted(pool)
}

violation contains tf.finding(pool, "has accelerators and no maximum of nodes") if {
	some pool in accelerated
	limits := ["total_max_node_count", "max_node_count"]
	every limit in limits {
		tf.get(pool, ["autoscaling", limit], 0) <= 0
	}
}

violation contains tf.finding(pool, "keeps accelerators outside of production while nobody uses them") if {
	some pool in accelerated
	not facts.of(pool).production
	some limit in ["total_min_node_count", "min_node_count"]
	tf.get(pool, ["autoscaling", limit], 0) > 0
}

is_tainted(pool) if {
	some node in tf.blocks(pool.body, "node_config")
	some taint in tf.blocks(node, "taint")
	taint.key in {"nvidia.com/gpu", "google.com/tpu"}
	taint.effect in {"NO_SCHEDULE", "NO_EXECUTE"}
}
