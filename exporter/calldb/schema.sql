-- The canonical call database of outcall-exporter (contract: docs/call-database.md). PostgreSQL 13 or newer.
-- Run by `outcall-exporter init-db` inside the schema of your choice; safe to run again.
-- Money is CNY; instants are timestamptz; updated_at is set on insert and on every update (a trigger sees to it).

CREATE TABLE IF NOT EXISTS customers (
    customer_id bigint PRIMARY KEY,
    birth_date  date,
    dialect     text,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS customers_updated_at ON customers (updated_at);

CREATE TABLE IF NOT EXISTS calls (
    call_id             bigint PRIMARY KEY,
    customer_id         bigint,
    campaign_id         bigint,
    scenario            text,
    generation          text,
    dialect             text,
    script              text,
    dialed_at           timestamptz,
    answered_at         timestamptz,
    ended_at            timestamptz,
    result              text,
    answered_by         text,
    interaction_seconds real,
    hangup_by           text,
    transferred_at      timestamptz,
    fault_code          text,
    cost_cny            numeric,
    updated_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS calls_ended_at ON calls (ended_at);
CREATE INDEX IF NOT EXISTS calls_dialed_at ON calls (dialed_at);
CREATE INDEX IF NOT EXISTS calls_updated_at ON calls (updated_at);
CREATE INDEX IF NOT EXISTS calls_customer ON calls (customer_id, dialed_at);
CREATE INDEX IF NOT EXISTS calls_customer_ended ON calls (customer_id, ended_at);
CREATE INDEX IF NOT EXISTS calls_in_flight ON calls (dialed_at) WHERE ended_at IS NULL;

CREATE TABLE IF NOT EXISTS turns (
    call_id      bigint,
    seq          int,
    user_end_at  timestamptz,
    bot_start_at timestamptz,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (call_id, seq)
);
CREATE INDEX IF NOT EXISTS turns_bot_start_at ON turns (bot_start_at);
CREATE INDEX IF NOT EXISTS turns_updated_at ON turns (updated_at);

CREATE TABLE IF NOT EXISTS call_analyses (
    call_id      bigint PRIMARY KEY,
    analysed_at  timestamptz,
    repeat_count int,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS call_analyses_analysed_at ON call_analyses (analysed_at);
CREATE INDEX IF NOT EXISTS call_analyses_updated_at ON call_analyses (updated_at);

CREATE TABLE IF NOT EXISTS quality_labels (
    label_id    bigint PRIMARY KEY,
    call_id     bigint,
    kind        text,
    total       int,
    correct     int,
    score       real,
    labelled_at timestamptz,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS quality_labels_labelled_at ON quality_labels (labelled_at);
CREATE INDEX IF NOT EXISTS quality_labels_updated_at ON quality_labels (updated_at);
CREATE INDEX IF NOT EXISTS quality_labels_call ON quality_labels (call_id);

CREATE TABLE IF NOT EXISTS qa_checks (
    call_id    bigint,
    mode       text,
    checked_at timestamptz,
    violations int,
    rule_codes text[],
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (call_id, mode)
);
CREATE INDEX IF NOT EXISTS qa_checks_checked_at ON qa_checks (checked_at);
CREATE INDEX IF NOT EXISTS qa_checks_updated_at ON qa_checks (updated_at);

CREATE TABLE IF NOT EXISTS masking_scans (
    scan_id    bigint PRIMARY KEY,
    call_id    bigint,
    scanned_at timestamptz,
    sensitive  int,
    masked     int,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS masking_scans_scanned_at ON masking_scans (scanned_at);
CREATE INDEX IF NOT EXISTS masking_scans_updated_at ON masking_scans (updated_at);
CREATE INDEX IF NOT EXISTS masking_scans_call ON masking_scans (call_id);

CREATE TABLE IF NOT EXISTS recordings (
    recording_id bigint PRIMARY KEY,
    call_id      bigint,
    started_at   timestamptz,
    stored_at    timestamptz,
    bytes        bigint,
    sha256       text,
    deleted_at   timestamptz,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS recordings_started_at ON recordings (started_at);
CREATE INDEX IF NOT EXISTS recordings_deleted_at ON recordings (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS recordings_updated_at ON recordings (updated_at);
CREATE INDEX IF NOT EXISTS recordings_call ON recordings (call_id);

CREATE TABLE IF NOT EXISTS surveys (
    survey_id    bigint PRIMARY KEY,
    call_id      bigint,
    channel      text,
    responded_at timestamptz,
    satisfied    boolean,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS surveys_responded_at ON surveys (responded_at);
CREATE INDEX IF NOT EXISTS surveys_updated_at ON surveys (updated_at);
CREATE INDEX IF NOT EXISTS surveys_call ON surveys (call_id);

CREATE TABLE IF NOT EXISTS credit_applications (
    application_id bigint PRIMARY KEY,
    customer_id    bigint,
    source_call_id bigint,
    applied_at     timestamptz,
    granted_at     timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS credit_applications_applied_at ON credit_applications (applied_at);
CREATE INDEX IF NOT EXISTS credit_applications_granted_at ON credit_applications (granted_at);
CREATE INDEX IF NOT EXISTS credit_applications_updated_at ON credit_applications (updated_at);
CREATE INDEX IF NOT EXISTS credit_applications_customer ON credit_applications (customer_id);
CREATE INDEX IF NOT EXISTS credit_applications_call ON credit_applications (source_call_id);

CREATE TABLE IF NOT EXISTS cost_ledger (
    entry_id   bigint PRIMARY KEY,
    booked_at  timestamptz,
    scenario   text,
    amount_cny numeric,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS cost_ledger_booked_at ON cost_ledger (booked_at);
CREATE INDEX IF NOT EXISTS cost_ledger_updated_at ON cost_ledger (updated_at);

CREATE TABLE IF NOT EXISTS collection_cases (
    case_id     bigint PRIMARY KEY,
    customer_id bigint,
    generation  text,
    entered_at  timestamptz,
    bucket      text,
    overdue_cny numeric,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS collection_cases_entered_at ON collection_cases (entered_at);
CREATE INDEX IF NOT EXISTS collection_cases_updated_at ON collection_cases (updated_at);

CREATE TABLE IF NOT EXISTS repayments (
    repayment_id bigint PRIMARY KEY,
    case_id      bigint,
    amount_cny   numeric,
    paid_at      timestamptz,
    posted_at    timestamptz,
    reversed_at  timestamptz,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS repayments_paid_at ON repayments (paid_at);
CREATE INDEX IF NOT EXISTS repayments_updated_at ON repayments (updated_at);
CREATE INDEX IF NOT EXISTS repayments_case ON repayments (case_id);

CREATE TABLE IF NOT EXISTS service_tasks (
    task_id        bigint PRIMARY KEY,
    customer_id    bigint,
    source_call_id bigint,
    task           text,
    needed_at      timestamptz,
    completed_at   timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS service_tasks_needed_at ON service_tasks (needed_at);
CREATE INDEX IF NOT EXISTS service_tasks_completed_at ON service_tasks (completed_at);
CREATE INDEX IF NOT EXISTS service_tasks_updated_at ON service_tasks (updated_at);
CREATE INDEX IF NOT EXISTS service_tasks_customer ON service_tasks (customer_id);

CREATE TABLE IF NOT EXISTS ltv_snapshots (
    customer_id      bigint,
    as_of            date,
    arm              text,
    value_cny        numeric,
    reborrowed       boolean,
    credit_limit_cny numeric,
    updated_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (customer_id, as_of, arm)
);
CREATE INDEX IF NOT EXISTS ltv_snapshots_arm ON ltv_snapshots (arm, as_of);
CREATE INDEX IF NOT EXISTS ltv_snapshots_updated_at ON ltv_snapshots (updated_at);

CREATE TABLE IF NOT EXISTS do_not_call (
    customer_id bigint,
    added_at    timestamptz,
    removed_at  timestamptz,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (customer_id, added_at)
);
CREATE INDEX IF NOT EXISTS do_not_call_added_at ON do_not_call (added_at);
CREATE INDEX IF NOT EXISTS do_not_call_updated_at ON do_not_call (updated_at);

CREATE TABLE IF NOT EXISTS complaints (
    complaint_id bigint PRIMARY KEY,
    call_id      bigint,
    received_at  timestamptz,
    upheld       boolean,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS complaints_received_at ON complaints (received_at);
CREATE INDEX IF NOT EXISTS complaints_updated_at ON complaints (updated_at);
CREATE INDEX IF NOT EXISTS complaints_call ON complaints (call_id);

CREATE TABLE IF NOT EXISTS incidents (
    incident_id bigint PRIMARY KEY,
    opened_at   timestamptz,
    resolved_at timestamptz,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS incidents_resolved_at ON incidents (resolved_at);
CREATE INDEX IF NOT EXISTS incidents_updated_at ON incidents (updated_at);

-- updated_at moves on every update, whoever writes; a writer that sets it itself keeps its own value on insert.
-- Needs EXECUTE on nothing: it runs with the writer's rights.
CREATE OR REPLACE FUNCTION outcall_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'customers', 'calls', 'turns', 'call_analyses', 'quality_labels', 'qa_checks', 'masking_scans', 'recordings',
        'surveys', 'credit_applications', 'cost_ledger', 'collection_cases', 'repayments', 'service_tasks',
        'ltv_snapshots', 'do_not_call', 'complaints', 'incidents'
    ] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS outcall_touch ON %I', name);
        EXECUTE format('CREATE TRIGGER outcall_touch BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION outcall_touch()', name);
    END LOOP;
END $$;
