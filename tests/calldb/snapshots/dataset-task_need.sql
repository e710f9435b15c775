-- outcall: task_need, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', service_tasks.needed_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    'operations' AS scenario,
    CASE WHEN isfinite(customers.birth_date) THEN width_bucket(extract(year FROM customers.birth_date)::int, ARRAY[1965, 1980, 1995, 2010]::int[]) END AS generation,
    service_tasks.task AS task,
    count(*) FILTER (WHERE (true) AND true) AS needed_tasks_0,
    count(*) AS row_count
FROM service_tasks AS service_tasks
    LEFT JOIN customers AS customers ON customers.customer_id = service_tasks.customer_id
WHERE service_tasks.needed_at >= $1::timestamptz
    AND service_tasks.needed_at < $2::timestamptz
    AND (true)
GROUP BY 1, 2, 3, 4;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.customer_id, source.birth_date, source.updated_at FROM customers AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT service_tasks.task_id, service_tasks.customer_id, service_tasks.source_call_id, service_tasks.task, service_tasks.needed_at, service_tasks.completed_at, service_tasks.updated_at FROM service_tasks AS service_tasks WHERE service_tasks.customer_id = changed.customer_id OFFSET 0) AS service_tasks,
    LATERAL (VALUES (0, service_tasks.needed_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
