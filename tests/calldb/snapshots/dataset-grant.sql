-- outcall: grant, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', credit_applications.granted_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true) AS granted_customers_0,
    count(*) AS row_count
FROM credit_applications AS credit_applications
    JOIN calls AS calls ON calls.call_id = credit_applications.source_call_id
WHERE credit_applications.granted_at >= $1::timestamptz
    AND credit_applications.granted_at < $2::timestamptz
    AND (calls.scenario = 'acquisition' AND credit_applications.customer_id IS NOT NULL AND NOT EXISTS ( SELECT FROM credit_applications AS earlier JOIN calls AS source_call ON source_call.call_id = earlier.source_call_id WHERE earlier.customer_id = credit_applications.customer_id AND source_call.scenario = 'acquisition' AND (earlier.granted_at, earlier.application_id) < (credit_applications.granted_at, credit_applications.application_id)))
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.application_id, source.customer_id, source.source_call_id, source.applied_at, source.granted_at, source.updated_at FROM credit_applications AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT credit_applications.application_id, credit_applications.customer_id, credit_applications.source_call_id, credit_applications.applied_at, credit_applications.granted_at, credit_applications.updated_at FROM credit_applications AS credit_applications WHERE credit_applications.customer_id = changed.customer_id AND credit_applications.application_id <> changed.application_id AND credit_applications.granted_at >= changed.granted_at OFFSET 0) AS credit_applications,
    LATERAL (VALUES (0, credit_applications.granted_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT own.application_id, own.customer_id, own.source_call_id, own.applied_at, own.granted_at, own.updated_at FROM credit_applications AS own WHERE own.source_call_id = changed.call_id OFFSET 0) AS own
    CROSS JOIN LATERAL (SELECT credit_applications.application_id, credit_applications.customer_id, credit_applications.source_call_id, credit_applications.applied_at, credit_applications.granted_at, credit_applications.updated_at FROM credit_applications AS credit_applications WHERE credit_applications.customer_id = own.customer_id AND credit_applications.granted_at >= own.granted_at OFFSET 0) AS credit_applications,
    LATERAL (VALUES (0, credit_applications.granted_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
