SELECT source.call_id,
    source.analysed_at,
    source.repeat_count,
    source.updated_at
    FROM call_analyses AS source LIMIT 0;

-- outcall: what changed in call_analyses
WITH changed AS MATERIALIZED (SELECT source.call_id, source.analysed_at, source.repeat_count, source.updated_at FROM call_analyses AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(call_analyses.analysed_at) FILTER (WHERE isfinite(call_analyses.analysed_at) AND call_analyses.analysed_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS call_analyses
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS call_analyses,
    LATERAL (VALUES (0, call_analyses.analysed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in call_analyses
WITH changed AS MATERIALIZED (SELECT source.call_id, source.analysed_at, source.repeat_count, source.updated_at FROM call_analyses AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(call_analyses.analysed_at) FILTER (WHERE isfinite(call_analyses.analysed_at) AND call_analyses.analysed_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS call_analyses
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS call_analyses,
    LATERAL (VALUES (0, call_analyses.analysed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in call_analyses
WITH changed AS MATERIALIZED (SELECT source.call_id, source.analysed_at, source.repeat_count, source.updated_at FROM call_analyses AS source WHERE (source.updated_at >= $1 OR source.analysed_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(call_analyses.analysed_at) FILTER (WHERE isfinite(call_analyses.analysed_at) AND call_analyses.analysed_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS call_analyses
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS call_analyses,
    LATERAL (VALUES (0, call_analyses.analysed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in call_analyses
WITH changed AS MATERIALIZED (SELECT source.call_id, source.analysed_at, source.repeat_count, source.updated_at FROM call_analyses AS source WHERE (source.analysed_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(call_analyses.analysed_at) FILTER (WHERE isfinite(call_analyses.analysed_at) AND call_analyses.analysed_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS call_analyses
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS call_analyses,
    LATERAL (VALUES (0, call_analyses.analysed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
