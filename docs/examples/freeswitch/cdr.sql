-- FreeSWITCH's call detail records in PostgreSQL, and what the exporter needs of such a database.
-- Run by tests/docs/test_freeswitch.py. In your own database the first two parts exist already: start at part 3.

-- 1. What mod_cdr_pg_csv writes when a call has ended, one row per a-leg (`legs` = `a`). The columns are those of the
--    module's documentation. sip_hangup_disposition and amd_result are channel variables that its default <schema>
--    leaves out: add <field var="sip_hangup_disposition"/> and, with mod_amd, <field var="amd_result"/>.
CREATE TABLE cdr (
    id                     serial PRIMARY KEY,
    local_ip_v4            inet NOT NULL,
    caller_id_name         varchar,
    caller_id_number       varchar,
    destination_number     varchar NOT NULL,
    context                varchar NOT NULL,
    start_stamp            timestamptz NOT NULL,
    answer_stamp           timestamptz,
    end_stamp              timestamptz NOT NULL,
    duration               int NOT NULL,
    billsec                int NOT NULL,
    hangup_cause           varchar NOT NULL,
    uuid                   uuid NOT NULL,
    bleg_uuid              uuid,
    accountcode            varchar,
    read_codec             varchar,
    write_codec            varchar,
    sip_hangup_disposition varchar,
    amd_result             varchar
);

-- 2. Your own tables: what an account code stands for, and whose number was dialled.
CREATE TABLE campaign (
    accountcode    varchar PRIMARY KEY,
    campaign_id    bigint NOT NULL,
    scenario       text NOT NULL CHECK (scenario IN ('acquisition', 'collection', 'operations')),
    script         text,
    cny_per_minute numeric NOT NULL
);

CREATE TABLE customer (
    customer_id bigint PRIMARY KEY,
    phone       varchar NOT NULL UNIQUE,
    birth_date  date,
    dialect     text
);

-- 3. How the exporter finds what changed, and quickly. The module names its columns when it inserts, so that a column
--    with a default does not disturb it. (A default that is computed rewrites the table: choose a quiet hour.)
ALTER TABLE cdr ADD COLUMN updated_at timestamptz NOT NULL DEFAULT clock_timestamp();

CREATE FUNCTION cdr_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER cdr_touch BEFORE UPDATE ON cdr FOR EACH ROW EXECUTE FUNCTION cdr_touch();

CREATE INDEX cdr_updated_at ON cdr (updated_at);
CREATE INDEX cdr_end_stamp ON cdr (end_stamp);
CREATE INDEX cdr_start_stamp ON cdr (start_stamp);
CREATE INDEX cdr_destination_number ON cdr (destination_number);

-- 4. What the exporter may see: a view without numbers and names. The customer is found inside, by the number dialled.
--    row_xmin tells which transaction wrote a row: by it the exporter finds rows that were committed late.
CREATE SCHEMA outcall;

CREATE VIEW outcall.cdr AS SELECT
    cdr.id, cdr.start_stamp, cdr.answer_stamp, cdr.end_stamp, cdr.billsec, cdr.hangup_cause,
    cdr.sip_hangup_disposition, cdr.bleg_uuid, cdr.amd_result, cdr.accountcode, customer.customer_id,
    customer.birth_date, customer.dialect, cdr.updated_at, cdr.xmin AS row_xmin
FROM cdr LEFT JOIN customer ON customer.phone = cdr.destination_number;

CREATE VIEW outcall.campaign AS SELECT accountcode, campaign_id, scenario, script, cny_per_minute FROM campaign;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'outcall_exporter') THEN
        CREATE ROLE outcall_exporter NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
    END IF;
END $$;
ALTER ROLE outcall_exporter LOGIN CONNECTION LIMIT 10;
ALTER ROLE outcall_exporter SET default_transaction_read_only = on;
GRANT USAGE ON SCHEMA outcall TO outcall_exporter;
GRANT SELECT ON outcall.cdr, outcall.campaign TO outcall_exporter;
