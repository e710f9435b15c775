-- outcall: inspected_call, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', calls.ended_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true) AS auto_inspected_calls_0,
    count(*) AS row_count
FROM calls AS calls 
WHERE calls.ended_at >= $1::timestamptz
    AND calls.ended_at < $2::timestamptz
    AND ((calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine') AND EXISTS (SELECT FROM qa_checks AS qa_checks WHERE qa_checks.call_id = calls.call_id AND qa_checks.mode = 'auto'))
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.mode, source.checked_at, source.violations, source.rule_codes, source.updated_at FROM qa_checks AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT calls.call_id, calls.customer_id, calls.campaign_id, calls.scenario, calls.generation, calls.dialect, calls.script, calls.dialed_at, calls.answered_at, calls.ended_at, calls.answered_by, calls.interaction_seconds, calls.hangup_by, calls.transferred_at, calls.fault_code, calls.cost_cny, calls.updated_at FROM calls AS calls WHERE calls.call_id = changed.call_id OFFSET 0) AS calls,
    LATERAL (VALUES (0, calls.ended_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
