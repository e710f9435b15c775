SELECT source.customer_id,
    source.added_at,
    source.removed_at,
    source.updated_at
    FROM do_not_call AS source LIMIT 0;

-- outcall: what changed in do_not_call
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.added_at, source.removed_at, source.updated_at FROM do_not_call AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(do_not_call.added_at) FILTER (WHERE isfinite(do_not_call.added_at) AND do_not_call.added_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS do_not_call;

-- outcall: what changed in do_not_call
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.added_at, source.removed_at, source.updated_at FROM do_not_call AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(do_not_call.added_at) FILTER (WHERE isfinite(do_not_call.added_at) AND do_not_call.added_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS do_not_call;

-- outcall: what changed in do_not_call
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.added_at, source.removed_at, source.updated_at FROM do_not_call AS source WHERE (source.updated_at >= $1 OR source.added_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(do_not_call.added_at) FILTER (WHERE isfinite(do_not_call.added_at) AND do_not_call.added_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS do_not_call;

-- outcall: what changed in do_not_call
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.added_at, source.removed_at, source.updated_at FROM do_not_call AS source WHERE (source.added_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(do_not_call.added_at) FILTER (WHERE isfinite(do_not_call.added_at) AND do_not_call.added_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS do_not_call;
