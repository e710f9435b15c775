SELECT source.customer_id, source.birth_date, source.updated_at FROM customers AS source LIMIT 0;

-- outcall: what changed in customers
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.birth_date, source.updated_at FROM customers AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(customers.updated_at) FILTER (WHERE isfinite(customers.updated_at) AND customers.updated_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS customers;

-- outcall: what changed in customers
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.birth_date, source.updated_at FROM customers AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(customers.updated_at) FILTER (WHERE isfinite(customers.updated_at) AND customers.updated_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS customers;

-- outcall: what changed in customers
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.birth_date, source.updated_at FROM customers AS source WHERE (source.updated_at >= $1 OR source.updated_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(customers.updated_at) FILTER (WHERE isfinite(customers.updated_at) AND customers.updated_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS customers;

-- outcall: what changed in customers
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.birth_date, source.updated_at FROM customers AS source WHERE (source.updated_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(customers.updated_at) FILTER (WHERE isfinite(customers.updated_at) AND customers.updated_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS customers;
