-- The exporter's role: it reads the columns that sources.yaml names, through views, and nothing else. PostgreSQL 13-18.
--
-- Run it as the owner of the canonical tables, in one transaction, with their schema on the search path; safe to run
-- again, and to be run again after an upgrade:
--     outcall-exporter init-db --role
--     psql --single-transaction --command 'SET search_path = crm' --file role.sql
-- A password is never in a file; set it with psql, which sends only its hash:   \password outcall_exporter
--
-- The views hide columns, not rows, so security_barrier would protect nothing; and no index could serve a join through
-- one. They run with their owner's rights: the role has none on the tables. row_xmin is the row's version, by which
-- rows of late transactions are found.

CREATE SCHEMA IF NOT EXISTS outcall;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'outcall_exporter') THEN
        CREATE ROLE outcall_exporter NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO outcall_exporter', current_database());
END $$;

-- Two connections for each exporter, four for two replicas; one for `check --live`. An exporter that was cut off (its
-- machine or the network failed) leaves its own behind until TCP notices, four of both: they must not lock out the next
-- one. One is spare. TCP would take two hours; by the settings below it takes two minutes, so leftovers do not pile up.
-- A session may change its settings: the grants are the boundary, these are seat belts.
ALTER ROLE outcall_exporter LOGIN CONNECTION LIMIT 10;
ALTER ROLE outcall_exporter SET tcp_keepalives_idle = 60;
ALTER ROLE outcall_exporter SET tcp_keepalives_interval = 10;
ALTER ROLE outcall_exporter SET tcp_keepalives_count = 6;
ALTER ROLE outcall_exporter SET tcp_user_timeout = '120s';
ALTER ROLE outcall_exporter SET default_transaction_read_only = on;
ALTER ROLE outcall_exporter SET statement_timeout = '60s';
ALTER ROLE outcall_exporter SET lock_timeout = '2s';
ALTER ROLE outcall_exporter SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE outcall_exporter SET search_path = outcall;

-- Made anew: a replaced view could neither lose a column nor gain one in the middle. Grants fall with the old views.
DROP VIEW IF EXISTS outcall.customers;
CREATE VIEW outcall.customers AS SELECT
    customer_id, birth_date, updated_at, xmin AS row_xmin
FROM customers;

DROP VIEW IF EXISTS outcall.calls;
CREATE VIEW outcall.calls AS SELECT
    call_id, customer_id, campaign_id, scenario, generation, dialect, script, dialed_at, answered_at, ended_at,
    answered_by, interaction_seconds, hangup_by, transferred_at, fault_code, cost_cny, updated_at,
    xmin AS row_xmin
FROM calls;

DROP VIEW IF EXISTS outcall.turns;
CREATE VIEW outcall.turns AS SELECT
    call_id, seq, user_end_at, bot_start_at, updated_at, xmin AS row_xmin
FROM turns;

DROP VIEW IF EXISTS outcall.call_analyses;
CREATE VIEW outcall.call_analyses AS SELECT
    call_id, analysed_at, repeat_count, updated_at, xmin AS row_xmin
FROM call_analyses;

DROP VIEW IF EXISTS outcall.quality_labels;
CREATE VIEW outcall.quality_labels AS SELECT
    label_id, call_id, kind, total, correct, score, labelled_at, updated_at, xmin AS row_xmin
FROM quality_labels;

DROP VIEW IF EXISTS outcall.qa_checks;
CREATE VIEW outcall.qa_checks AS SELECT
    call_id, mode, checked_at, violations, rule_codes, updated_at, xmin AS row_xmin
FROM qa_checks;

DROP VIEW IF EXISTS outcall.masking_scans;
CREATE VIEW outcall.masking_scans AS SELECT
    scan_id, call_id, scanned_at, sensitive, masked, updated_at, xmin AS row_xmin
FROM masking_scans;

DROP VIEW IF EXISTS outcall.recordings;
CREATE VIEW outcall.recordings AS SELECT
    recording_id, call_id, started_at, stored_at, bytes, deleted_at, updated_at, xmin AS row_xmin
FROM recordings;

DROP VIEW IF EXISTS outcall.surveys;
CREATE VIEW outcall.surveys AS SELECT
    survey_id, call_id, responded_at, satisfied, updated_at, xmin AS row_xmin
FROM surveys;

DROP VIEW IF EXISTS outcall.credit_applications;
CREATE VIEW outcall.credit_applications AS SELECT
    application_id, customer_id, source_call_id, applied_at, granted_at, updated_at, xmin AS row_xmin
FROM credit_applications;

DROP VIEW IF EXISTS outcall.cost_ledger;
CREATE VIEW outcall.cost_ledger AS SELECT
    entry_id, booked_at, scenario, amount_cny, updated_at, xmin AS row_xmin
FROM cost_ledger;

DROP VIEW IF EXISTS outcall.collection_cases;
CREATE VIEW outcall.collection_cases AS SELECT
    case_id, generation, entered_at, bucket, overdue_cny, updated_at, xmin AS row_xmin
FROM collection_cases;

DROP VIEW IF EXISTS outcall.repayments;
CREATE VIEW outcall.repayments AS SELECT
    repayment_id, case_id, amount_cny, paid_at, reversed_at, updated_at, xmin AS row_xmin
FROM repayments;

DROP VIEW IF EXISTS outcall.service_tasks;
CREATE VIEW outcall.service_tasks AS SELECT
    task_id, customer_id, source_call_id, task, needed_at, completed_at, updated_at, xmin AS row_xmin
FROM service_tasks;

DROP VIEW IF EXISTS outcall.ltv_snapshots;
CREATE VIEW outcall.ltv_snapshots AS SELECT
    customer_id, as_of, arm, value_cny, reborrowed, credit_limit_cny, updated_at, xmin AS row_xmin
FROM ltv_snapshots;

DROP VIEW IF EXISTS outcall.do_not_call;
CREATE VIEW outcall.do_not_call AS SELECT
    customer_id, added_at, removed_at, updated_at, xmin AS row_xmin
FROM do_not_call;

DROP VIEW IF EXISTS outcall.complaints;
CREATE VIEW outcall.complaints AS SELECT
    complaint_id, call_id, received_at, updated_at, xmin AS row_xmin
FROM complaints;

DROP VIEW IF EXISTS outcall.incidents;
CREATE VIEW outcall.incidents AS SELECT
    incident_id, opened_at, resolved_at, updated_at, xmin AS row_xmin
FROM incidents;

GRANT USAGE ON SCHEMA outcall TO outcall_exporter;
GRANT SELECT ON
    outcall.customers, outcall.calls, outcall.turns, outcall.call_analyses, outcall.quality_labels,
    outcall.qa_checks, outcall.masking_scans, outcall.recordings, outcall.surveys, outcall.credit_applications,
    outcall.cost_ledger, outcall.collection_cases, outcall.repayments, outcall.service_tasks,
    outcall.ltv_snapshots, outcall.do_not_call, outcall.complaints, outcall.incidents
TO outcall_exporter;
