-- outcall: rule_violation, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', qa_checks.checked_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    rule.code AS rule_code,
    count(*) FILTER (WHERE (true) AND true) AS violations_0,
    count(*) AS row_count
FROM qa_checks AS qa_checks
    JOIN calls AS calls ON calls.call_id = qa_checks.call_id
    CROSS JOIN LATERAL (SELECT DISTINCT unnest(qa_checks.rule_codes) AS code) AS rule
WHERE qa_checks.checked_at >= $1::timestamptz
    AND qa_checks.checked_at < $2::timestamptz
    AND (qa_checks.mode = 'auto' AND qa_checks.violations <> 0 AND (calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine'))
GROUP BY 1, 2, 3, 4, 5, 6;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT qa_checks.call_id, qa_checks.mode, qa_checks.checked_at, qa_checks.violations, qa_checks.rule_codes, qa_checks.updated_at FROM qa_checks AS qa_checks WHERE qa_checks.call_id = changed.call_id OFFSET 0) AS qa_checks,
    LATERAL (VALUES (0, qa_checks.checked_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
