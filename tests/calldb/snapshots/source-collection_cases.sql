SELECT source.case_id,
    source.generation,
    source.entered_at,
    source.bucket,
    source.overdue_cny,
    source.updated_at
    FROM collection_cases AS source LIMIT 0;

-- outcall: what changed in collection_cases
WITH changed AS MATERIALIZED (SELECT source.case_id, source.generation, source.entered_at, source.bucket, source.overdue_cny, source.updated_at FROM collection_cases AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(collection_cases.entered_at) FILTER (WHERE isfinite(collection_cases.entered_at) AND collection_cases.entered_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS collection_cases
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS collection_cases,
    LATERAL (VALUES (0, collection_cases.entered_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in collection_cases
WITH changed AS MATERIALIZED (SELECT source.case_id, source.generation, source.entered_at, source.bucket, source.overdue_cny, source.updated_at FROM collection_cases AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(collection_cases.entered_at) FILTER (WHERE isfinite(collection_cases.entered_at) AND collection_cases.entered_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS collection_cases
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS collection_cases,
    LATERAL (VALUES (0, collection_cases.entered_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in collection_cases
WITH changed AS MATERIALIZED (SELECT source.case_id, source.generation, source.entered_at, source.bucket, source.overdue_cny, source.updated_at FROM collection_cases AS source WHERE (source.updated_at >= $1 OR source.entered_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(collection_cases.entered_at) FILTER (WHERE isfinite(collection_cases.entered_at) AND collection_cases.entered_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS collection_cases
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS collection_cases,
    LATERAL (VALUES (0, collection_cases.entered_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in collection_cases
WITH changed AS MATERIALIZED (SELECT source.case_id, source.generation, source.entered_at, source.bucket, source.overdue_cny, source.updated_at FROM collection_cases AS source WHERE (source.entered_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(collection_cases.entered_at) FILTER (WHERE isfinite(collection_cases.entered_at) AND collection_cases.entered_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS collection_cases
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS collection_cases,
    LATERAL (VALUES (0, collection_cases.entered_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
