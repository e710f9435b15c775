SELECT source.task_id,
    source.customer_id,
    source.source_call_id,
    source.task,
    source.needed_at,
    source.completed_at,
    source.updated_at
    FROM service_tasks AS source LIMIT 0;

-- outcall: what changed in service_tasks
WITH changed AS MATERIALIZED (SELECT source.task_id, source.customer_id, source.source_call_id, source.task, source.needed_at, source.completed_at, source.updated_at FROM service_tasks AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(service_tasks.needed_at) FILTER (WHERE isfinite(service_tasks.needed_at) AND service_tasks.needed_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS service_tasks
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS service_tasks,
    LATERAL (VALUES (0, service_tasks.needed_at), (1, service_tasks.completed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in service_tasks
WITH changed AS MATERIALIZED (SELECT source.task_id, source.customer_id, source.source_call_id, source.task, source.needed_at, source.completed_at, source.updated_at FROM service_tasks AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(service_tasks.needed_at) FILTER (WHERE isfinite(service_tasks.needed_at) AND service_tasks.needed_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS service_tasks
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS service_tasks,
    LATERAL (VALUES (0, service_tasks.needed_at), (1, service_tasks.completed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in service_tasks
WITH changed AS MATERIALIZED (SELECT source.task_id, source.customer_id, source.source_call_id, source.task, source.needed_at, source.completed_at, source.updated_at FROM service_tasks AS source WHERE (source.updated_at >= $1 OR source.needed_at >= statement_timestamp() - interval '7200 seconds' OR source.completed_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(service_tasks.needed_at) FILTER (WHERE isfinite(service_tasks.needed_at) AND service_tasks.needed_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS service_tasks
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS service_tasks,
    LATERAL (VALUES (0, service_tasks.needed_at), (1, service_tasks.completed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in service_tasks
WITH changed AS MATERIALIZED (SELECT source.task_id, source.customer_id, source.source_call_id, source.task, source.needed_at, source.completed_at, source.updated_at FROM service_tasks AS source WHERE (source.needed_at >= statement_timestamp() - interval '7200 seconds' OR source.completed_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(service_tasks.needed_at) FILTER (WHERE isfinite(service_tasks.needed_at) AND service_tasks.needed_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS service_tasks
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS service_tasks,
    LATERAL (VALUES (0, service_tasks.needed_at), (1, service_tasks.completed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
