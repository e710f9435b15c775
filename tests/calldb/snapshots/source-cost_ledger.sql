SELECT source.entry_id,
    source.booked_at,
    source.scenario,
    source.amount_cny,
    source.updated_at
    FROM cost_ledger AS source LIMIT 0;

-- outcall: what changed in cost_ledger
WITH changed AS MATERIALIZED (SELECT source.entry_id, source.booked_at, source.scenario, source.amount_cny, source.updated_at FROM cost_ledger AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(cost_ledger.booked_at) FILTER (WHERE isfinite(cost_ledger.booked_at) AND cost_ledger.booked_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS cost_ledger
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS cost_ledger,
    LATERAL (VALUES (0, cost_ledger.booked_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in cost_ledger
WITH changed AS MATERIALIZED (SELECT source.entry_id, source.booked_at, source.scenario, source.amount_cny, source.updated_at FROM cost_ledger AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(cost_ledger.booked_at) FILTER (WHERE isfinite(cost_ledger.booked_at) AND cost_ledger.booked_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS cost_ledger
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS cost_ledger,
    LATERAL (VALUES (0, cost_ledger.booked_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in cost_ledger
WITH changed AS MATERIALIZED (SELECT source.entry_id, source.booked_at, source.scenario, source.amount_cny, source.updated_at FROM cost_ledger AS source WHERE (source.updated_at >= $1 OR source.booked_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(cost_ledger.booked_at) FILTER (WHERE isfinite(cost_ledger.booked_at) AND cost_ledger.booked_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS cost_ledger
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS cost_ledger,
    LATERAL (VALUES (0, cost_ledger.booked_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in cost_ledger
WITH changed AS MATERIALIZED (SELECT source.entry_id, source.booked_at, source.scenario, source.amount_cny, source.updated_at FROM cost_ledger AS source WHERE (source.booked_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(cost_ledger.booked_at) FILTER (WHERE isfinite(cost_ledger.booked_at) AND cost_ledger.booked_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS cost_ledger
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS cost_ledger,
    LATERAL (VALUES (0, cost_ledger.booked_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
