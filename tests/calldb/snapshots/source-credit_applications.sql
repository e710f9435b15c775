SELECT source.application_id,
    source.customer_id,
    source.source_call_id,
    source.applied_at,
    source.granted_at,
    source.updated_at
    FROM credit_applications AS source LIMIT 0;

-- outcall: what changed in credit_applications
WITH changed AS MATERIALIZED (SELECT source.application_id, source.customer_id, source.source_call_id, source.applied_at, source.granted_at, source.updated_at FROM credit_applications AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(credit_applications.applied_at) FILTER (WHERE isfinite(credit_applications.applied_at) AND credit_applications.applied_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS credit_applications
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS credit_applications,
    LATERAL (VALUES (0, credit_applications.applied_at), (1, credit_applications.granted_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in credit_applications
WITH changed AS MATERIALIZED (SELECT source.application_id, source.customer_id, source.source_call_id, source.applied_at, source.granted_at, source.updated_at FROM credit_applications AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(credit_applications.applied_at) FILTER (WHERE isfinite(credit_applications.applied_at) AND credit_applications.applied_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS credit_applications
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS credit_applications,
    LATERAL (VALUES (0, credit_applications.applied_at), (1, credit_applications.granted_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in credit_applications
WITH changed AS MATERIALIZED (SELECT source.application_id, source.customer_id, source.source_call_id, source.applied_at, source.granted_at, source.updated_at FROM credit_applications AS source WHERE (source.updated_at >= $1 OR source.applied_at >= statement_timestamp() - interval '7200 seconds' OR source.granted_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(credit_applications.applied_at) FILTER (WHERE isfinite(credit_applications.applied_at) AND credit_applications.applied_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS credit_applications
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS credit_applications,
    LATERAL (VALUES (0, credit_applications.applied_at), (1, credit_applications.granted_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in credit_applications
WITH changed AS MATERIALIZED (SELECT source.application_id, source.customer_id, source.source_call_id, source.applied_at, source.granted_at, source.updated_at FROM credit_applications AS source WHERE (source.applied_at >= statement_timestamp() - interval '7200 seconds' OR source.granted_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(credit_applications.applied_at) FILTER (WHERE isfinite(credit_applications.applied_at) AND credit_applications.applied_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS credit_applications
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS credit_applications,
    LATERAL (VALUES (0, credit_applications.applied_at), (1, credit_applications.granted_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
