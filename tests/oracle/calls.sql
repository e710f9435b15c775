-- Put in front of every query: the calls with their slice labels and the words of the KPI document.
-- oracle.zone is the business time zone, set by the caller for the transaction.
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
            WHEN dialed_at IS NULL THEN 'unknown'
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
        cost_cny,
        ended_at IS NOT NULL AS dial,
        is_answered AS answered,
        is_answered AND coalesce(interaction_seconds >= 10, false) AS effective,
        is_answered AND coalesce(hangup_by = 'customer', false)
            AND coalesce(ended_at - answered_at <= interval '30 seconds', false) AS early_hangup
    FROM (
        SELECT
            *,
            dialed_at AT TIME ZONE current_setting('oracle.zone') AS local_dialed_at,
            extract(hour FROM dialed_at AT TIME ZONE current_setting('oracle.zone')) AS local_hour,
            answered_at IS NOT NULL AND coalesce(answered_by <> 'machine', false) AS is_answered
        FROM calls
    ) AS raw
)
