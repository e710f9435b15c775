SELECT source.call_id,
    source.mode,
    source.checked_at,
    source.violations,
    source.rule_codes,
    source.updated_at
    FROM qa_checks AS source LIMIT 0;

-- outcall: what changed in qa_checks
WITH changed AS MATERIALIZED (SELECT source.call_id, source.mode, source.checked_at, source.violations, source.rule_codes, source.updated_at FROM qa_checks AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(qa_checks.checked_at) FILTER (WHERE isfinite(qa_checks.checked_at) AND qa_checks.checked_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS qa_checks
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS qa_checks,
    LATERAL (VALUES (0, qa_checks.checked_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in qa_checks
WITH changed AS MATERIALIZED (SELECT source.call_id, source.mode, source.checked_at, source.violations, source.rule_codes, source.updated_at FROM qa_checks AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(qa_checks.checked_at) FILTER (WHERE isfinite(qa_checks.checked_at) AND qa_checks.checked_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS qa_checks
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS qa_checks,
    LATERAL (VALUES (0, qa_checks.checked_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in qa_checks
WITH changed AS MATERIALIZED (SELECT source.call_id, source.mode, source.checked_at, source.violations, source.rule_codes, source.updated_at FROM qa_checks AS source WHERE (source.updated_at >= $1 OR source.checked_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(qa_checks.checked_at) FILTER (WHERE isfinite(qa_checks.checked_at) AND qa_checks.checked_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS qa_checks
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS qa_checks,
    LATERAL (VALUES (0, qa_checks.checked_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in qa_checks
WITH changed AS MATERIALIZED (SELECT source.call_id, source.mode, source.checked_at, source.violations, source.rule_codes, source.updated_at FROM qa_checks AS source WHERE (source.checked_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(qa_checks.checked_at) FILTER (WHERE isfinite(qa_checks.checked_at) AND qa_checks.checked_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS qa_checks
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS qa_checks,
    LATERAL (VALUES (0, qa_checks.checked_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
