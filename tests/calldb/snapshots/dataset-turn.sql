-- outcall: turn, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', turns.bot_start_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS turns_0,
    count(*) FILTER (WHERE ((turns.bot_start_at - turns.user_end_at) > interval '2 seconds') AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS slow_turns_0,
    coalesce((sum((extract(epoch FROM (turns.bot_start_at - turns.user_end_at)))::numeric) FILTER (WHERE true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) * 1e6)::bigint, 0) AS turn_latency_seconds_0,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 0.25 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_0,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 0.25 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 0.5 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_1,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 0.5 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 0.75 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_2,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 0.75 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 1.0 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_3,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 1.0 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 1.25 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_4,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 1.25 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 1.5 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_5,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 1.5 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 1.75 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_6,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 1.75 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 2.0 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_7,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 2.0 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 2.5 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_8,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 2.5 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 3.0 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_9,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 3.0 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 4.0 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_10,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 4.0 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 6.0 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_11,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 6.0 AND (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) <= 10.0 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_12,
    count(*) FILTER (WHERE (extract(epoch FROM (turns.bot_start_at - turns.user_end_at))) > 10.0 AND true AND ((turns.bot_start_at - turns.user_end_at) < interval '0') IS NOT TRUE) AS latency_histogram_13,
    count(*) FILTER (WHERE (turns.bot_start_at - turns.user_end_at) < interval '0') AS rejected_negative_latency,
    count(*) AS row_count
FROM turns AS turns JOIN calls AS calls ON calls.call_id = turns.call_id
WHERE turns.bot_start_at >= $1::timestamptz
    AND turns.bot_start_at < $2::timestamptz
    AND (turns.user_end_at IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts of turn touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT DISTINCT extract(epoch FROM date_trunc('minute', turns.bot_start_at AT TIME ZONE 'UTC'))::bigint AS bucket
    FROM changed
    CROSS JOIN LATERAL (SELECT turns.call_id, turns.seq, turns.user_end_at, turns.bot_start_at, turns.updated_at FROM turns AS turns WHERE turns.call_id = changed.call_id OFFSET 0) AS turns
WHERE turns.bot_start_at >= $3::timestamptz AND turns.bot_start_at < $4::timestamptz;
