SELECT source.repayment_id,
    source.case_id,
    source.amount_cny,
    source.paid_at,
    source.reversed_at,
    source.updated_at
    FROM repayments AS source LIMIT 0;

-- outcall: what changed in repayments
WITH changed AS MATERIALIZED (SELECT source.repayment_id, source.case_id, source.amount_cny, source.paid_at, source.reversed_at, source.updated_at FROM repayments AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(repayments.paid_at) FILTER (WHERE isfinite(repayments.paid_at) AND repayments.paid_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS repayments
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS repayments,
    LATERAL (VALUES (0, repayments.paid_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in repayments
WITH changed AS MATERIALIZED (SELECT source.repayment_id, source.case_id, source.amount_cny, source.paid_at, source.reversed_at, source.updated_at FROM repayments AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(repayments.paid_at) FILTER (WHERE isfinite(repayments.paid_at) AND repayments.paid_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS repayments
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS repayments,
    LATERAL (VALUES (0, repayments.paid_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in repayments
WITH changed AS MATERIALIZED (SELECT source.repayment_id, source.case_id, source.amount_cny, source.paid_at, source.reversed_at, source.updated_at FROM repayments AS source WHERE (source.updated_at >= $1 OR source.paid_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(repayments.paid_at) FILTER (WHERE isfinite(repayments.paid_at) AND repayments.paid_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS repayments
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS repayments,
    LATERAL (VALUES (0, repayments.paid_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in repayments
WITH changed AS MATERIALIZED (SELECT source.repayment_id, source.case_id, source.amount_cny, source.paid_at, source.reversed_at, source.updated_at FROM repayments AS source WHERE (source.paid_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(repayments.paid_at) FILTER (WHERE isfinite(repayments.paid_at) AND repayments.paid_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS repayments
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS repayments,
    LATERAL (VALUES (0, repayments.paid_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
