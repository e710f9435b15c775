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
SELECT
    l.labelled_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    l.correct AS num, l.total AS den
FROM quality_labels AS l
JOIN call ON call.call_id = l.call_id
WHERE l.kind = 'audit' AND l.correct IS NOT NULL AND l.total IS NOT NULL

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
    s.scanned_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    (s.masked = s.sensitive)::int AS num, 1 AS den
FROM masking_scans AS s
JOIN call ON call.call_id = s.call_id
WHERE s.sensitive > 0 AND s.masked IS NOT NULL
UNION ALL
SELECT scanned_at, 'all', 'all', 'all', 'all', 'all', (masked = sensitive)::int, 1
FROM masking_scans
WHERE call_id IS NULL AND sensitive > 0 AND masked IS NOT NULL

-- kpi: recording_retention
SELECT
    CASE WHEN early THEN deleted_at ELSE due END AS anchor, scenario, generation, period, script, 'all' AS own,
    (NOT early)::int AS num, 1 AS den
FROM (
    SELECT deleted_at, due, coalesce(deleted_at < due, false) AS early, scenario, generation, period, script
    FROM (
        SELECT started_at, deleted_at, scenario, generation, period, script
        FROM recordings
        JOIN call USING (call_id)
        UNION ALL
        SELECT started_at, deleted_at, 'all', 'all', 'all', 'all'
        FROM recordings
        WHERE call_id IS NULL
    ) AS r
    CROSS JOIN LATERAL (
        SELECT (r.started_at AT TIME ZONE current_setting('oracle.zone') + interval '6 months')
            AT TIME ZONE current_setting('oracle.zone')
    ) AS retention (due)
) AS judged

-- kpi: recording_coverage
SELECT
    ended_at AS anchor, scenario, generation, period, script, 'all' AS own,
    EXISTS (SELECT FROM recordings AS r WHERE r.call_id = call.call_id)::int AS num, 1 AS den
FROM call
WHERE dial AND answered
