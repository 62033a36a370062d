"""PostgreSQL's server parameters as a blueprint writes them, and which of them a managed server takes.

Errors: spec/database-flag.
Source: Cloud SQL's page on PostgreSQL flags and the parameter index of PostgreSQL 17's manual, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from planform.diagnostics import suggest
from planform.spec.fault import Fault

__all__ = ["FlagName", "FlagValue", "flag_texts", "managed_by_google", "not_in_cloud_sql"]

FlagName = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z][a-zA-Z0-9_]*)?$", max_length=100)]
FlagValue = bool | int | float | str

_REASONS = {
    "where the server listens and keeps its files is Google's": """
        listen_addresses port unix_socket_directories data_directory config_file hba_file ident_file
        external_pid_file log_directory log_filename logging_collector
    """,
    "the log goes to Cloud Logging, in its form": "log_destination log_line_prefix",
    "every connection is encrypted already": "ssl ssl_ca_file ssl_cert_file ssl_key_file ssl_ciphers",
    "write `backups` instead": "archive_mode archive_command restore_command archive_timeout",
    "without it the data would not outlive a crash": "fsync full_page_writes wal_sync_method",
    "write `high_availability` instead": """
        primary_conninfo primary_slot_name synchronous_standby_names hot_standby
    """,
    "each extension has a switch of its own, such as cloudsql.enable_pgaudit": """
        shared_preload_libraries session_preload_libraries local_preload_libraries
    """,
    "logical decoding is switched on by cloudsql.logical_decoding, or alloydb.logical_decoding": "wal_level",
    "Google keeps these connections to itself": "superuser_reserved_connections",
    "users are IAM identities": "db_user_namespace krb_server_keyfile",
}
MANAGED = {name: reason for reason, names in _REASONS.items() for name in names.split()}
"""Parameters that no managed server lets its user set, and what to do instead."""

_CLOUD_SQL_FLAGS = """
    array_nulls autovacuum autovacuum_analyze_scale_factor autovacuum_analyze_threshold
    autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age autovacuum_naptime
    autovacuum_vacuum_cost_delay autovacuum_vacuum_cost_limit autovacuum_vacuum_insert_scale_factor
    autovacuum_vacuum_insert_threshold autovacuum_vacuum_max_threshold autovacuum_vacuum_scale_factor
    autovacuum_vacuum_threshold autovacuum_work_mem backend_flush_after bgwriter_delay bgwriter_flush_after
    bgwriter_lru_maxpages bgwriter_lru_multiplier bytea_output checkpoint_completion_target
    checkpoint_flush_after checkpoint_timeout checkpoint_warning client_connection_check_interval
    client_encoding client_min_messages commit_delay commit_siblings constraint_exclusion cpu_index_tuple_cost
    cpu_operator_cost cpu_tuple_cost createrole_self_grant cursor_tuple_fraction datestyle deadlock_timeout
    debug_pretty_print default_statistics_target default_tablespace default_text_search_config
    default_toast_compression default_transaction_deferrable default_transaction_isolation
    default_transaction_read_only effective_cache_size effective_io_concurrency enable_async_append
    enable_bitmapscan enable_gathermerge enable_group_by_reordering enable_hashagg enable_hashjoin
    enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_memoize
    enable_mergejoin enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning
    enable_partitionwise_aggregate enable_partitionwise_join enable_presorted_aggregate enable_seqscan
    enable_sort enable_tidscan event_triggers extra_float_digits from_collapse_limit geqo geqo_effort
    geqo_generations geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold gin_fuzzy_search_limit
    gin_pending_list_limit hash_mem_multiplier hot_standby_feedback huge_pages icu_validation_level
    idle_in_transaction_session_timeout idle_replication_slot_timeout idle_session_timeout intervalstyle
    io_combine_limit jit jit_above_cost jit_inline_above_cost jit_optimize_above_cost join_collapse_limit
    lo_compat_privileges lock_timeout log_autovacuum_min_duration log_checkpoints log_connections
    log_disconnections log_duration log_error_verbosity log_executor_stats log_hostname log_lock_waits
    log_min_duration_sample log_min_duration_statement log_min_error_statement log_min_messages
    log_parameter_max_length log_parameter_max_length_on_error log_parser_stats log_planner_stats
    log_recovery_conflict_waits log_replication_commands log_rotation_age log_rotation_size
    log_startup_progress_interval log_statement log_statement_sample_rate log_statement_stats log_temp_files
    log_timezone log_transaction_sample_rate logical_decoding_work_mem maintenance_io_concurrency
    maintenance_work_mem max_connections max_files_per_process max_locks_per_transaction
    max_logical_replication_workers max_parallel_apply_workers_per_subscription max_parallel_maintenance_workers
    max_parallel_workers max_parallel_workers_per_gather max_pred_locks_per_page max_pred_locks_per_relation
    max_pred_locks_per_transaction max_prepared_transactions max_replication_slots max_slot_wal_keep_size
    max_stack_depth max_standby_archive_delay max_standby_streaming_delay max_sync_workers_per_subscription
    max_wal_senders max_wal_size max_worker_processes min_dynamic_shared_memory min_parallel_index_scan_size
    min_parallel_table_scan_size min_wal_size multixact_member_buffers multixact_offset_buffers notify_buffers
    old_snapshot_threshold parallel_leader_participation parallel_setup_cost parallel_tuple_cost
    password_encryption plan_cache_mode quote_all_identifiers random_page_cost recovery_prefetch
    recursive_worktable_factor row_security scram_iterations search_path seq_page_cost serializable_buffers
    session_replication_role shared_buffers ssl_max_protocol_version ssl_min_protocol_version
    standard_conforming_strings statement_timeout subtransaction_buffers synchronize_seqscans synchronous_commit
    tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout temp_buffers
    temp_file_limit timezone timezone_abbreviations trace_notify trace_recovery_messages trace_sort
    track_activities track_activity_query_size track_commit_timestamp track_cost_delay_timing track_counts
    track_functions track_io_timing track_wal_io_timing transaction_buffers transaction_timeout
    vacuum_buffer_usage_limit vacuum_cost_delay vacuum_cost_limit vacuum_cost_page_dirty vacuum_cost_page_hit
    vacuum_cost_page_miss vacuum_defer_cleanup_age vacuum_failsafe_age vacuum_freeze_min_age
    vacuum_freeze_table_age vacuum_multixact_failsafe_age vacuum_multixact_freeze_min_age
    vacuum_multixact_freeze_table_age wal_buffers wal_compression wal_keep_size wal_receiver_timeout
    wal_sender_timeout work_mem xmlbinary xmloption
    cloudsql.allow_passwordless_local_connections cloudsql.enable_anon cloudsql.enable_auto_explain
    cloudsql.enable_index_advisor cloudsql.enable_maintenance_mode cloudsql.enable_pg_bigm
    cloudsql.enable_pg_cron cloudsql.enable_pg_hint_plan cloudsql.enable_pg_squeeze
    cloudsql.enable_pg_wait_sampling cloudsql.enable_pgaudit cloudsql.enable_pglogical
    cloudsql.iam_authentication cloudsql.logical_decoding cloudsql.max_failed_attempts_user
    cloudsql.pg_authid_select_role cloudsql.pg_shadow_select_role cloudsql.supported_extensions
"""
_CLOUD_SQL = frozenset(_CLOUD_SQL_FLAGS.split())
_EXTENSION_NAMES = """
    anon auto_explain cron google_columnar_engine google_ml_integration hnsw ivfflat pg_bigm pg_hint_plan
    pg_squeeze pg_stat_statements pg_trgm pg_wait_sampling pgaudit pglogical plpgsql postgis rdkit
"""
_EXTENSIONS = frozenset(_EXTENSION_NAMES.split())


def flag_texts(*layers: Mapping[str, FlagValue]) -> dict[str, str]:
    """Flags as the API takes them, later layers over earlier ones, in alphabetical order; true is `on`."""
    merged = {name: value for layer in layers for name, value in layer.items()}
    return {name: _text(merged[name]) for name in sorted(merged)}


def managed_by_google(names: Iterable[str], path: tuple[str, ...]) -> Iterator[Fault]:
    """A fault for each flag that no managed server lets its user set."""
    for name in names:
        if name.lower() in MANAGED:
            yield Fault(
                "spec/database-flag",
                f"flag `{name}` cannot be set on a managed server",
                (*path, name),
                help=f"delete the line; {MANAGED[name.lower()]}",
                of_key=True,
            )


def not_in_cloud_sql(names: Iterable[str], path: tuple[str, ...]) -> Iterator[Fault]:
    """A fault for each flag that Cloud SQL for PostgreSQL does not have."""
    for name in names:
        space, dot, _ = name.partition(".")
        if name.lower() in _CLOUD_SQL or name.lower() in MANAGED or (dot and space in _EXTENSIONS):
            continue
        near = suggest(name, _CLOUD_SQL)
        yield Fault(
            "spec/database-flag",
            f"Cloud SQL has no flag `{name}`",
            (*path, name),
            label=f"did you mean `{near}`?" if near else "",
            help="correct the name; a flag that Cloud SQL has had only since November 2026 goes under `unlisted_flags`",
            of_key=True,
        )


def _text(value: FlagValue) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return re.sub(r"\.0$", "", str(value)) if isinstance(value, float) else str(value)
