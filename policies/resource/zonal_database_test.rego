package rules.resource.zonal_database_test

import data.lib.example
import data.rules.resource.zonal_database

test_a_regional_database_is_allowed if {
	regional := {"settings": [{"availability_type": "REGIONAL"}]}
	count(zonal_database.violation) == 0 with input as example.written("google_sql_database_instance", regional)
	count(zonal_database.violation) == 0 with input as example.written("google_alloydb_instance", {})
	pool := {"instance_type": "READ_POOL", "availability_type": "ZONAL"}
	count(zonal_database.violation) == 0 with input as example.written("google_alloydb_instance", pool)
}

test_a_zonal_database_warns_in_production if {
	zonal := example.planned("google_sql_database_instance", {"settings": [{"availability_type": "ZONAL"}]}, {})
	count(zonal_database.violation) == 1 with input as zonal
	count(zonal_database.violation) == 0 with input as object.union(zonal, {"facts": example.trial})
	primary := {"instance_type": "PRIMARY", "availability_type": "ZONAL"}
	count(zonal_database.violation) == 1 with input as example.written("google_alloydb_instance", primary)
}
