-- outcall: regulated_dial, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', calls.dialed_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (frequency.is_within_limit IS NOT NULL) AND true) AS limited_dials_0,
    count(*) FILTER (WHERE (frequency.is_within_limit AND NOT list.is_blocked) AND true) AS frequency_compliant_dials_0,
    count(*) FILTER (WHERE (list.is_blocked) AND true) AS blocked_redials_0,
    count(*) FILTER (WHERE (true) AND true) AS customer_dials_0,
    count(*) AS row_count
FROM calls AS calls
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM do_not_call AS listed WHERE listed.customer_id = calls.customer_id AND listed.added_at <= calls.dialed_at AND (listed.removed_at IS NULL OR listed.removed_at > calls.dialed_at)) AS is_blocked OFFSET 0) AS list
    CROSS JOIN LATERAL (SELECT CASE WHEN calls.scenario IN ('acquisition', 'operations') THEN (SELECT count(*) FROM calls AS earlier WHERE earlier.customer_id = calls.customer_id AND earlier.scenario IN ('acquisition', 'operations') AND earlier.ended_at IS NOT NULL AND earlier.dialed_at >= calls.dialed_at - interval '32 days' AND date_trunc('month', (CASE WHEN earlier.dialed_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN earlier.dialed_at AT TIME ZONE 'Asia/Shanghai' END)) = date_trunc('month', (CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN calls.dialed_at AT TIME ZONE 'Asia/Shanghai' END)) AND earlier.dialed_at <= calls.dialed_at AND (earlier.dialed_at, earlier.call_id) < (calls.dialed_at, calls.call_id)) < 2 WHEN calls.scenario = 'collection' THEN (SELECT count(*) FROM calls AS earlier WHERE earlier.customer_id = calls.customer_id AND earlier.scenario = 'collection' AND earlier.ended_at IS NOT NULL AND earlier.dialed_at >= calls.dialed_at - interval '26 hours' AND (CASE WHEN earlier.dialed_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN earlier.dialed_at AT TIME ZONE 'Asia/Shanghai' END)::date = (CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN calls.dialed_at AT TIME ZONE 'Asia/Shanghai' END)::date AND earlier.dialed_at <= calls.dialed_at AND (earlier.dialed_at, earlier.call_id) < (calls.dialed_at, calls.call_id)) < 1 END AS is_within_limit OFFSET 0) AS frequency
WHERE calls.dialed_at >= $1::timestamptz
    AND calls.dialed_at < $2::timestamptz
    AND (calls.ended_at IS NOT NULL AND calls.customer_id IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT calls.call_id, calls.customer_id, calls.campaign_id, calls.scenario, calls.generation, calls.dialect, calls.script, calls.dialed_at, calls.answered_at, calls.ended_at, calls.answered_by, calls.interaction_seconds, calls.hangup_by, calls.transferred_at, calls.fault_code, calls.cost_cny, calls.updated_at FROM calls AS calls WHERE calls.customer_id = changed.customer_id AND calls.call_id <> changed.call_id AND calls.dialed_at >= changed.dialed_at AND calls.dialed_at < least(changed.dialed_at, '9999-12-31 00:00+00') + interval '32 days' OFFSET 0) AS calls,
    LATERAL (VALUES (0, calls.dialed_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.added_at, source.removed_at, source.updated_at FROM do_not_call AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT calls.call_id, calls.customer_id, calls.campaign_id, calls.scenario, calls.generation, calls.dialect, calls.script, calls.dialed_at, calls.answered_at, calls.ended_at, calls.answered_by, calls.interaction_seconds, calls.hangup_by, calls.transferred_at, calls.fault_code, calls.cost_cny, calls.updated_at FROM calls AS calls WHERE calls.customer_id = changed.customer_id AND calls.dialed_at >= changed.added_at OFFSET 0) AS calls,
    LATERAL (VALUES (0, calls.dialed_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
