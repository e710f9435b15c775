-- outcall: complaint_without_call, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', complaints.received_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) FILTER (WHERE (true) AND true) AS complaints_without_call_0,
    count(*) AS row_count
FROM complaints AS complaints 
WHERE complaints.received_at >= $1::timestamptz
    AND complaints.received_at < $2::timestamptz
    AND (NOT EXISTS (SELECT FROM calls AS calls WHERE calls.call_id = complaints.call_id))
GROUP BY 1;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT complaints.complaint_id, complaints.call_id, complaints.received_at, complaints.updated_at FROM complaints AS complaints WHERE complaints.call_id = changed.call_id OFFSET 0) AS complaints,
    LATERAL (VALUES (0, complaints.received_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
