-- Put in front of every query: the calls with their slice labels and the words of the KPI document, and the facts that
-- may be of no known call: those have no slice, all their labels are `all`.
-- oracle.zone is the business time zone, set by the caller for the transaction. Amounts beyond reason are not known,
-- and instants beyond the calendar have no local time (docs/decisions/0006).
WITH call AS (
    SELECT
        call_id,
        customer_id,
        campaign_id,
        coalesce(scenario, 'unknown') AS scenario,
        coalesce(generation, 'unknown') AS generation,
        coalesce(dialect, 'unknown') AS dialect,
        coalesce(script, 'unknown') AS script,
        CASE
            WHEN local_hour IS NULL THEN 'unknown'
            WHEN local_hour >= 8 AND local_hour < 12 THEN 'morning'
            WHEN local_hour >= 12 AND local_hour < 14 THEN 'noon'
            WHEN local_hour >= 14 AND local_hour < 18 THEN 'afternoon'
            WHEN local_hour >= 18 AND local_hour < 21 THEN 'evening'
            ELSE 'off_hours'
        END AS period,
        local_dialed_at,
        local_hour,
        dialed_at,
        answered_at,
        ended_at,
        hangup_by,
        transferred_at,
        fault_code,
        CASE WHEN cost_cny BETWEEN -1e9 AND 1e9 THEN cost_cny END AS cost_cny,
        ended_at IS NOT NULL AS dial,
        is_answered AS answered,
        is_answered AND coalesce(interaction_seconds >= 10 AND interaction_seconds <> 'NaN', false) AS effective,
        is_answered AND coalesce(hangup_by = 'customer', false)
            AND coalesce(answered_at < 'infinity' AND answered_at >= ended_at - interval '30 seconds', false)
            AS early_hangup
    FROM (
        SELECT
            *,
            extract(hour FROM local_dialed_at) AS local_hour,
            answered_at IS NOT NULL AND coalesce(answered_by <> 'machine', false) AS is_answered
        FROM calls
        CROSS JOIN LATERAL (
            SELECT
                CASE
                    WHEN dialed_at >= '0001-01-01 00:00+00' AND dialed_at <= '9999-12-31 00:00+00'
                        THEN dialed_at AT TIME ZONE current_setting('oracle.zone')
                END
        ) AS wall (local_dialed_at)
    ) AS raw
),
survey AS (
    SELECT s.responded_at, s.satisfied, place.*
    FROM surveys AS s
    LEFT JOIN call ON call.call_id = s.call_id
    CROSS JOIN LATERAL (
        SELECT
            coalesce(call.scenario, 'all'), coalesce(call.generation, 'all'),
            coalesce(call.period, 'all'), coalesce(call.script, 'all')
    ) AS place (scenario, generation, period, script)
),
label AS (
    SELECT l.kind, l.total, l.correct, l.score, l.labelled_at, coalesce(call.dialect, 'all') AS dialect, place.*
    FROM quality_labels AS l
    LEFT JOIN call ON call.call_id = l.call_id
    CROSS JOIN LATERAL (
        SELECT
            coalesce(call.scenario, 'all'), coalesce(call.generation, 'all'),
            coalesce(call.period, 'all'), coalesce(call.script, 'all')
    ) AS place (scenario, generation, period, script)
),
scan AS (
    SELECT s.scanned_at, s.sensitive, s.masked, place.*
    FROM masking_scans AS s
    LEFT JOIN call ON call.call_id = s.call_id
    CROSS JOIN LATERAL (
        SELECT
            coalesce(call.scenario, 'all'), coalesce(call.generation, 'all'),
            coalesce(call.period, 'all'), coalesce(call.script, 'all')
    ) AS place (scenario, generation, period, script)
),
recording AS (
    SELECT r.started_at, r.deleted_at, place.*
    FROM recordings AS r
    LEFT JOIN call ON call.call_id = r.call_id
    CROSS JOIN LATERAL (
        SELECT
            coalesce(call.scenario, 'all'), coalesce(call.generation, 'all'),
            coalesce(call.period, 'all'), coalesce(call.script, 'all')
    ) AS place (scenario, generation, period, script)
),
complaint AS (
    SELECT c.received_at, place.*
    FROM complaints AS c
    LEFT JOIN call ON call.call_id = c.call_id
    CROSS JOIN LATERAL (
        SELECT
            coalesce(call.scenario, 'all'), coalesce(call.generation, 'all'),
            coalesce(call.period, 'all'), coalesce(call.script, 'all')
    ) AS place (scenario, generation, period, script)
)
