-- outcall: recording_kept, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END) AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true) AS recordings_kept_0,
    count(*) AS row_count
FROM recordings AS recordings JOIN calls AS calls ON calls.call_id = recordings.call_id
WHERE recordings.started_at >= $1::timestamptz - make_interval(months => 6) - interval '4 days'
    AND recordings.started_at < $2::timestamptz - make_interval(months => 6) + interval '4 days'
    AND (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END) >= $1::timestamptz
    AND (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END) < $2::timestamptz
    AND ((recordings.deleted_at IS NULL OR recordings.deleted_at >= (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END)))
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT recordings.recording_id, recordings.call_id, recordings.started_at, recordings.stored_at, recordings.bytes, recordings.deleted_at, recordings.updated_at FROM recordings AS recordings WHERE recordings.call_id = changed.call_id OFFSET 0) AS recordings,
    LATERAL (VALUES (0, (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END))) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
