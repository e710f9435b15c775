-- outcall: analysis, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', call_analyses.analysed_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true) AS analysed_calls_0,
    count(*) FILTER (WHERE (call_analyses.repeat_count >= 2) AND true) AS repeat_question_calls_0,
    count(*) AS row_count
FROM call_analyses AS call_analyses JOIN calls AS calls ON calls.call_id = call_analyses.call_id
WHERE call_analyses.analysed_at >= $1::timestamptz
    AND call_analyses.analysed_at < $2::timestamptz
    AND ((calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine') AND call_analyses.repeat_count IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT call_analyses.call_id, call_analyses.analysed_at, call_analyses.repeat_count, call_analyses.updated_at FROM call_analyses AS call_analyses WHERE call_analyses.call_id = changed.call_id OFFSET 0) AS call_analyses,
    LATERAL (VALUES (0, call_analyses.analysed_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
