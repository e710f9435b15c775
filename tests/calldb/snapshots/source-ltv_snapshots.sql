SELECT source.customer_id,
    source.as_of,
    source.arm,
    source.value_cny,
    source.reborrowed,
    source.credit_limit_cny,
    source.updated_at
    FROM ltv_snapshots AS source LIMIT 0;

-- outcall: what changed in ltv_snapshots
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.as_of, source.arm, source.value_cny, source.reborrowed, source.credit_limit_cny, source.updated_at FROM ltv_snapshots AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(ltv_snapshots.updated_at) FILTER (WHERE isfinite(ltv_snapshots.updated_at) AND ltv_snapshots.updated_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS ltv_snapshots;

-- outcall: what changed in ltv_snapshots
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.as_of, source.arm, source.value_cny, source.reborrowed, source.credit_limit_cny, source.updated_at FROM ltv_snapshots AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(ltv_snapshots.updated_at) FILTER (WHERE isfinite(ltv_snapshots.updated_at) AND ltv_snapshots.updated_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS ltv_snapshots;

-- outcall: what changed in ltv_snapshots
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.as_of, source.arm, source.value_cny, source.reborrowed, source.credit_limit_cny, source.updated_at FROM ltv_snapshots AS source WHERE (source.updated_at >= $1 OR source.updated_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(ltv_snapshots.updated_at) FILTER (WHERE isfinite(ltv_snapshots.updated_at) AND ltv_snapshots.updated_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS ltv_snapshots;

-- outcall: what changed in ltv_snapshots
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.as_of, source.arm, source.value_cny, source.reborrowed, source.credit_limit_cny, source.updated_at FROM ltv_snapshots AS source WHERE (source.updated_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(ltv_snapshots.updated_at) FILTER (WHERE isfinite(ltv_snapshots.updated_at) AND ltv_snapshots.updated_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS ltv_snapshots;
