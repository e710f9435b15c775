SELECT source.recording_id,
    source.call_id,
    source.started_at,
    source.stored_at,
    source.bytes,
    source.deleted_at,
    source.updated_at
    FROM recordings AS source LIMIT 0;

-- outcall: what changed in recordings
WITH changed AS MATERIALIZED (SELECT source.recording_id, source.call_id, source.started_at, source.stored_at, source.bytes, source.deleted_at, source.updated_at FROM recordings AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(recordings.started_at) FILTER (WHERE isfinite(recordings.started_at) AND recordings.started_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS recordings
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS recordings,
    LATERAL (VALUES (0, (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END)), (1, recordings.deleted_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in recordings
WITH changed AS MATERIALIZED (SELECT source.recording_id, source.call_id, source.started_at, source.stored_at, source.bytes, source.deleted_at, source.updated_at FROM recordings AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(recordings.started_at) FILTER (WHERE isfinite(recordings.started_at) AND recordings.started_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS recordings
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS recordings,
    LATERAL (VALUES (0, (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END)), (1, recordings.deleted_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in recordings
WITH changed AS MATERIALIZED (SELECT source.recording_id, source.call_id, source.started_at, source.stored_at, source.bytes, source.deleted_at, source.updated_at FROM recordings AS source WHERE (source.updated_at >= $1 OR source.started_at >= statement_timestamp() - interval '7200 seconds' OR source.deleted_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(recordings.started_at) FILTER (WHERE isfinite(recordings.started_at) AND recordings.started_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS recordings
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS recordings,
    LATERAL (VALUES (0, (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END)), (1, recordings.deleted_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in recordings
WITH changed AS MATERIALIZED (SELECT source.recording_id, source.call_id, source.started_at, source.stored_at, source.bytes, source.deleted_at, source.updated_at FROM recordings AS source WHERE (source.started_at >= statement_timestamp() - interval '7200 seconds' OR source.deleted_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(recordings.started_at) FILTER (WHERE isfinite(recordings.started_at) AND recordings.started_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS recordings
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS recordings,
    LATERAL (VALUES (0, (CASE WHEN recordings.started_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN (recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai' ELSE recordings.started_at END)), (1, recordings.deleted_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
