"""Which test produces each cause of the tree: a case of the campaign, or a test of the part that tells it."""

from __future__ import annotations

_FAULTS = "tests/faults"
_LIVE = "tests/integration/live"
_CONTRACT = "tests/contract"
_HOSTS = "tests/integration/test_hosts_command.py"


def _people(theme: str, test: str) -> str:
    return f"{_LIVE}/people/test_{theme}.py::test_{test}"


def _case(theme: str, test: str, name: str) -> str:
    return f"{_FAULTS}/test_{theme}.py::{test}[{name}]"


def _repository(name: str) -> str:
    return _case(
        "repositories", "test_a_fault_of_a_repository_is_told_harms_no_good_copy_and_is_mended", name
    )


def _source(name: str) -> str:
    return _case("sources", "test_a_fault_of_a_source_is_told_harms_no_good_copy_and_is_mended", name)


def _database(name: str) -> str:
    return _case("databases", "test_a_fault_of_a_database_is_told_harms_no_good_copy_and_is_mended", name)


def _process(name: str) -> str:
    test = "test_a_run_that_is_disturbed_is_told_harms_no_good_copy_and_is_made_up_for"
    return _case("processes", test, name)


def _configuration(name: str) -> str:
    test = "test_a_fault_of_the_configuration_is_told_harms_no_good_copy_and_is_mended"
    return _case("configuration", test, name)


def _host(test: str) -> str:
    return f"{_CONTRACT}/test_on_host.py::test_a_{test}"


def _barman(test: str) -> str:
    return f"{_CONTRACT}/test_barman.py::test_{test}"


PROOFS: dict[str, str] = {
    "invalid_configuration": _configuration("yaml_roto"),
    "connection_missing": _configuration("segunda_sin_conexion"),
    "connection_incomplete": _configuration("conexion_incompleta"),
    "engine_missing": f"{_FAULTS}/parts/test_parts.py::test_a_worker_without_restic_is_told",
    "engine_too_old": f"{_FAULTS}/parts/test_parts.py::test_a_restic_that_is_too_old_or_does_not_say_is_told",
    "tool_missing": _database("volcado_sin_programa"),
    "pre_command_failed": "tests/integration/test_hooks.py"
    "::test_a_command_before_the_copy_that_fails_is_the_cause_and_nothing_is_saved",
    "path_list_invalid": f"{_CONTRACT}/test_path_lists.py"
    "::test_a_line_that_is_no_absolute_path_is_told_with_its_number",
    "source_missing": _source("faltan_todas"),
    "source_partly_missing": _source("falta_una_ruta"),
    "source_unreadable": _source("fuente_enlace"),
    "source_empty": _source("fuente_vacia"),
    "tool_unfit": f"{_CONTRACT}/test_mariadb.py::test_a_dump_tool_that_is_older_than_the_server_is_refused",
    "source_not_consistent": f"{_CONTRACT}/test_mariadb.py"
    "::test_tables_without_transactions_are_refused_where_the_scope_says_so",
    "barman_unusable": _barman("a_barman_that_cannot_work_is_told_in_its_words"),
    "barman_server_unknown": _barman("a_server_that_barman_does_not_know_is_told"),
    "barman_check_failed": _barman("wal_that_is_no_longer_archived_keeps_a_scope_from_being_saved"),
    "barman_busy": _barman("while_barman_makes_another_backup_a_run_waits_for_its_turn"),
    "base_backup_failed": _barman("a_backup_that_is_killed_is_told_and_its_remains_go_when_the_next_is_made"),
    "base_backup_damaged": _barman("a_base_backup_that_is_not_what_it_was_is_not_saved"),
    "wal_archive_stopped": _barman("wal_that_is_archived_nowhere_is_told_and_its_backup_is_in_no_copy"),
    "output_rejected": f"{_CONTRACT}/test_source_command.py"
    "::test_a_refused_output_is_told_with_what_it_misses",
    "database_file_damaged": f"{_CONTRACT}/test_source_sqlite.py"
    "::test_a_damaged_database_is_told_and_leaves_no_snapshot",
    "database_file_busy": f"{_CONTRACT}/test_source_sqlite.py"
    "::test_a_database_that_stays_locked_may_be_tried_again",
    "target_busy": f"{_CONTRACT}/test_source_sqlite.py"
    "::test_a_database_that_a_program_has_open_is_not_replaced",
    "source_command_failed": _database("conexion_cortada"),
    "source_command_empty": _database("volcado_vacio"),
    "database_missing": _database("base_ausente"),
    "database_denied": _database("base_negada"),
    "database_unreachable": _database("servidor_caido"),
    "repository_missing": _repository("sin_repositorio"),
    "repository_locked": _repository("bloqueo_exclusivo_vivo"),
    "wrong_password": _repository("clave"),
    "foreign_repository": _repository("de_otro_alcance"),
    "key_files_missing": _repository("sin_llaves"),
    "repository_unreachable": f"{_CONTRACT}/test_repository.py::test_a_server_that_is_down_is_told_soon",
    "repository_denied": _repository("inmutable"),
    "repository_untrusted": f"{_CONTRACT}/test_repository_kinds.py"
    "::test_a_certificate_of_an_unknown_authority_is_not_trusted",
    "repository_clock": f"{_CONTRACT}/test_s3.py"
    "::test_a_store_by_whose_clock_it_is_another_hour_is_told_at_once",
    "repository_read_only": _repository("solo_lectura"),
    "repository_full": _repository("disco_lleno"),
    "repository_damaged": _repository("bit_volteado"),
    "index_damaged": _repository("indice_perdido"),
    "config_damaged": _repository("config_ilegible"),
    "cache_unusable": _repository("cache_inservible"),
    "snapshot_missing": _repository("instantanea_perdida"),
    "count_mismatch": f"{_CONTRACT}/test_sources.py"
    "::test_a_copy_with_fewer_files_than_were_saved_is_not_good",
    "content_mismatch": f"{_CONTRACT}/test_sources.py"
    "::test_a_source_that_differs_though_nothing_says_so_is_not_what_was_saved",
    "dump_unreadable": _database("volcado_cortado"),
    "copy_incomplete": _source("desaparecen_muchos"),
    "copy_shrunk": _source("fuente_encogida"),
    "second_copy_missing": _repository("segunda_fingida"),
    "already_running": _process("ya_en_curso"),
    "engine_killed": _process("restic_muerto"),
    "timed_out": _process("fuera_de_tiempo"),
    "interrupted": _process("tarea_muerta"),
    "cancelled": _process("tarea_terminada"),
    "run_lost": _process("registro_muerto"),
    "temporary_space": f"{_CONTRACT}/test_repository.py::test_a_full_target_is_the_workers_own_trouble",
    "unknown": _repository("motor_desconocido"),
    "invalid_request": f"{_LIVE}/requests/test_other_ways.py"
    "::test_a_form_that_contradicts_itself_is_red_with_the_reason",
    "no_copy": f"{_FAULTS}/parts/test_parts.py::test_a_scope_that_was_never_saved_has_no_copy",
    "not_in_copy": f"{_LIVE}/requests/test_copies.py"
    "::test_what_is_not_in_the_copy_is_told_with_the_nearest_names",
    "target_full": f"{_LIVE}/requests/test_overwriting.py"
    "::test_a_destination_that_is_too_small_ends_the_request_and_is_named",
    "target_denied": f"{_CONTRACT}/test_restore_files.py::test_a_target_that_may_not_be_written_is_told",
    "target_occupied": f"{_CONTRACT}/test_restore_databases.py"
    "::test_a_database_with_data_is_refused_when_nobody_asked_for_it",
    "target_refused": f"{_CONTRACT}/test_restore_databases.py"
    "::test_a_table_that_others_depend_on_is_refused_and_nothing_changes",
    "restore_mismatch": f"{_CONTRACT}/test_restore_files.py"
    "::test_what_reads_back_as_something_else_is_a_mismatch",
    "not_authorized": f"{_LIVE}/requests/test_overwriting.py"
    "::test_what_is_in_use_stays_when_the_second_person_says_no",
    "scope_paused": f"{_LIVE}/requests/test_other_ways.py"
    "::test_a_backup_of_a_scope_that_is_switched_off_is_not_waited_for",
    "backup_failed": f"{_LIVE}/requests/test_other_ways.py::test_an_unscheduled_backup_that_fails_is_told",
    "nobody_to_ask": "tests/unit/test_people.py::test_nobody_left_to_ask_is_told_with_the_roles",
    "incomplete_answer": f"{_LIVE}/requests/test_other_ways.py::test_what_does_not_apply_needs_a_note",
    "unanswered": f"{_LIVE}/requests/test_other_ways.py::test_nothing_is_restored_when_nobody_answers",
    "report_unavailable": "tests/integration/test_report_outage.py"
    "::test_reading_says_that_the_database_is_down",
    "report_schema": "tests/integration/test_report_store.py"
    "::test_a_database_without_tables_keeps_facts_waiting_and_says_what_to_do",
    "report_tampered": "tests/integration/test_report_history.py"
    "::test_a_row_altered_behind_the_trigger_is_named",
    "invalid_answer": _people("manual", "an_answer_that_cannot_be_is_refused_and_asked_for_again"),
    "not_performed": _people("manual", "a_copy_that_nobody_makes_in_time_is_not_executed_and_red"),
    "not_verified": _people("manual", "a_copy_that_nobody_verifies_in_time_is_red"),
    "manual_copy_failed": _people("manual", "a_copy_whose_maker_says_that_it_failed_is_red"),
    "copy_rejected": _people("manual", "a_copy_that_its_verifier_rejects_is_red"),
    "checksum_mismatch": _people("manual", "a_checksum_that_does_not_match_is_told"),
    "contract_lapsed": _people("contracts", "a_scope_that_demands_a_contract_is_not_executed_without_one"),
    "console_unreadable": _people("external", "a_console_record_that_cannot_be_read_is_red"),
    "host_unreachable": _host("connection_that_is_lost_is_told_and_leaves_nothing_there"),
    "host_key": _host("machine_that_does_not_let_us_in_is_told"),
    "host_login": _host("machine_that_does_not_let_us_in_is_told"),
    "forwarding_forbidden": _host("machine_that_forbids_forwarding_is_told_with_what_to_change"),
    "jump_forbidden": f"{_CONTRACT}/test_jump.py::test_a_jump_that_fails_is_told_by_its_own_name",
    "host_full": _host("machine_without_room_is_told_and_nothing_is_left_there"),
    "server_forwarding_forbidden": f"{_CONTRACT}/test_databases_through_host.py"
    "::test_a_machine_that_lets_nobody_on_is_told_with_what_to_change",
    "host_engine": _host("restic_that_will_not_do_there_is_told"),
    "host_forgery": f"{_CONTRACT}/test_lying_host.py"
    "::test_a_machine_that_names_an_older_copy_as_its_own_is_told_and_nothing_goes",
    "host_tools": f"{_HOSTS}::test_a_machine_that_lacks_a_program_or_a_right_is_told_with_what_mends_it",
    "host_platform": f"{_CONTRACT}/test_one_file_steps.py"
    "::test_a_kind_that_needs_a_shell_is_refused_on_a_windows_machine_before_it_is_entered",
    "host_clock": f"{_HOSTS}::test_a_machine_whose_clock_is_wrong_is_told",
    "host_failed": _host("machine_whose_shell_does_nothing_is_told"),
    "console_stale": _people("external", "a_copy_older_than_its_rpo_is_red"),
    "console_failed": _people("external", "a_copy_that_the_console_says_failed_is_red"),
    "medium_refused": _people("media", "what_cannot_be_of_a_medium_is_red_with_the_reason"),
}
