-- outcall: recording_deletion_without_call, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', recordings.deleted_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) FILTER (WHERE (true) AND true) AS recordings_deleted_early_without_call_0,
    count(*) AS row_count
FROM recordings AS recordings 
WHERE recordings.deleted_at >= $1::timestamptz
    AND recordings.deleted_at < $2::timestamptz
    AND (recordings.deleted_at < (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END) AND NOT EXISTS (SELECT FROM calls AS calls WHERE calls.call_id = recordings.call_id))
GROUP BY 1;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT recordings.recording_id, recordings.call_id, recordings.started_at, recordings.stored_at, recordings.bytes, recordings.deleted_at, recordings.updated_at FROM recordings AS recordings WHERE recordings.call_id = changed.call_id OFFSET 0) AS recordings,
    LATERAL (VALUES (0, recordings.deleted_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
