-- Each section: one row per fact. `anchor` places it in time, `own` is the KPI's own label, `num` and `den` add up.

-- kpi: compliant_speech
SELECT
    q.checked_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    (q.violations = 0)::int AS num, 1 AS den
FROM qa_checks AS q
JOIN call ON call.call_id = q.call_id
WHERE q.mode = 'auto' AND call.answered AND q.violations IS NOT NULL

-- kpi: violation
SELECT
    q.checked_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    1 - (q.violations = 0)::int AS num, 1 AS den
FROM qa_checks AS q
JOIN call ON call.call_id = q.call_id
WHERE q.mode = 'auto' AND call.answered AND q.violations IS NOT NULL

-- kpi: violation_detection
SELECT labelled_at AS anchor, scenario, generation, period, script, 'all' AS own, correct AS num, total AS den
FROM label
WHERE kind = 'audit' AND correct BETWEEN 0 AND total

-- kpi: inspection_coverage
SELECT
    ended_at AS anchor, scenario, generation, period, script, 'all' AS own,
    EXISTS (SELECT FROM qa_checks AS q WHERE q.call_id = call.call_id AND q.mode = 'auto')::int AS num, 1 AS den
FROM call
WHERE dial AND answered

-- kpi: frequency_compliance
SELECT
    dialed_at AS anchor, scenario, generation, period, script, 'all' AS own,
    (
        nth <= CASE WHEN scenario = 'collection' THEN 1 ELSE 2 END
        AND NOT EXISTS (
            SELECT
            FROM do_not_call AS d
            WHERE d.customer_id = ranked.customer_id
                AND d.added_at <= dialed_at
                AND (d.removed_at IS NULL OR d.removed_at > dialed_at)
        )
    )::int AS num,
    1 AS den
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY
                customer_id,
                scenario = 'collection',
                date_trunc(CASE WHEN scenario = 'collection' THEN 'day' ELSE 'month' END, local_dialed_at)
            ORDER BY dialed_at, call_id
        ) AS nth
    FROM call
    WHERE dial AND customer_id IS NOT NULL AND dialed_at IS NOT NULL
        AND scenario IN ('acquisition', 'operations', 'collection')
) AS ranked

-- kpi: blocked_redial
SELECT
    dialed_at AS anchor, scenario, generation, period, script, 'all' AS own,
    EXISTS (
        SELECT
        FROM do_not_call AS d
        WHERE d.customer_id = call.customer_id
            AND d.added_at <= dialed_at
            AND (d.removed_at IS NULL OR d.removed_at > dialed_at)
    )::int AS num,
    1 AS den
FROM call
WHERE dial AND customer_id IS NOT NULL

-- kpi: permitted_hours
SELECT
    dialed_at AS anchor, scenario, generation, period, script, 'all' AS own,
    (local_hour >= 8 AND local_hour < 22)::int AS num, 1 AS den
FROM call
WHERE dial AND scenario = 'collection'

-- kpi: masking
SELECT
    scanned_at AS anchor, scenario, generation, period, script, 'all' AS own, (masked = sensitive)::int AS num, 1 AS den
FROM scan
WHERE sensitive > 0 AND masked IS NOT NULL

-- kpi: recording_retention
SELECT
    CASE WHEN early THEN deleted_at ELSE due END AS anchor, scenario, generation, period, script, 'all' AS own,
    (NOT early)::int AS num, 1 AS den
FROM (
    SELECT deleted_at, due, coalesce(deleted_at < due, false) AS early, scenario, generation, period, script
    FROM recording
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN started_at < '0001-01-01 00:00+00' OR started_at > '9999-12-31 00:00+00' THEN started_at
                ELSE (started_at AT TIME ZONE current_setting('oracle.zone') + interval '6 months')
                    AT TIME ZONE current_setting('oracle.zone')
            END
    ) AS retention (due)
) AS judged

-- kpi: recording_coverage
SELECT
    ended_at AS anchor, scenario, generation, period, script, 'all' AS own,
    EXISTS (SELECT FROM recordings AS r WHERE r.call_id = call.call_id)::int AS num, 1 AS den
FROM call
WHERE dial AND answered
