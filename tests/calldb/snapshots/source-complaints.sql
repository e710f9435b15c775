SELECT source.complaint_id,
    source.call_id,
    source.received_at,
    source.updated_at
    FROM complaints AS source LIMIT 0;

-- outcall: what changed in complaints
WITH changed AS MATERIALIZED (SELECT source.complaint_id, source.call_id, source.received_at, source.updated_at FROM complaints AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(complaints.received_at) FILTER (WHERE isfinite(complaints.received_at) AND complaints.received_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS complaints
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS complaints,
    LATERAL (VALUES (0, complaints.received_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in complaints
WITH changed AS MATERIALIZED (SELECT source.complaint_id, source.call_id, source.received_at, source.updated_at FROM complaints AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(complaints.received_at) FILTER (WHERE isfinite(complaints.received_at) AND complaints.received_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS complaints
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS complaints,
    LATERAL (VALUES (0, complaints.received_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in complaints
WITH changed AS MATERIALIZED (SELECT source.complaint_id, source.call_id, source.received_at, source.updated_at FROM complaints AS source WHERE (source.updated_at >= $1 OR source.received_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(complaints.received_at) FILTER (WHERE isfinite(complaints.received_at) AND complaints.received_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS complaints
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS complaints,
    LATERAL (VALUES (0, complaints.received_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in complaints
WITH changed AS MATERIALIZED (SELECT source.complaint_id, source.call_id, source.received_at, source.updated_at FROM complaints AS source WHERE (source.received_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(complaints.received_at) FILTER (WHERE isfinite(complaints.received_at) AND complaints.received_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS complaints
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS complaints,
    LATERAL (VALUES (0, complaints.received_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
