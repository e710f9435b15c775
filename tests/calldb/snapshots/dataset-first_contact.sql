-- outcall: first_contact, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', calls.ended_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true) AS contacted_customers_0,
    count(*) AS row_count
FROM calls AS calls 
WHERE calls.ended_at >= $1::timestamptz
    AND calls.ended_at < $2::timestamptz
    AND (calls.scenario = 'acquisition' AND calls.customer_id IS NOT NULL AND (calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine' AND calls.interaction_seconds BETWEEN 10 AND 'Infinity'::real) AND NOT EXISTS ( SELECT FROM calls AS earlier WHERE earlier.customer_id = calls.customer_id AND earlier.campaign_id IS NOT DISTINCT FROM calls.campaign_id AND earlier.scenario = 'acquisition' AND (earlier.answered_at IS NOT NULL AND earlier.answered_by <> 'machine' AND earlier.interaction_seconds BETWEEN 10 AND 'Infinity'::real) AND (earlier.ended_at, earlier.call_id) < (calls.ended_at, calls.call_id)))
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT calls.call_id, calls.customer_id, calls.campaign_id, calls.scenario, calls.generation, calls.dialect, calls.script, calls.dialed_at, calls.answered_at, calls.ended_at, calls.answered_by, calls.interaction_seconds, calls.hangup_by, calls.transferred_at, calls.fault_code, calls.cost_cny, calls.updated_at FROM calls AS calls WHERE calls.customer_id = changed.customer_id AND calls.call_id <> changed.call_id AND calls.ended_at >= changed.ended_at OFFSET 0) AS calls,
    LATERAL (VALUES (0, calls.ended_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
