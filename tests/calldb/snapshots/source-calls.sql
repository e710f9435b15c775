SELECT source.call_id,
    source.customer_id,
    source.campaign_id,
    source.scenario,
    source.generation,
    source.dialect,
    source.script,
    source.dialed_at,
    source.answered_at,
    source.ended_at,
    source.answered_by,
    source.interaction_seconds,
    source.hangup_by,
    source.transferred_at,
    source.fault_code,
    source.cost_cny,
    source.updated_at
    FROM calls AS source LIMIT 0;

-- outcall: what changed in calls
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(calls.ended_at) FILTER (WHERE isfinite(calls.ended_at) AND calls.ended_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS calls
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS calls,
    LATERAL (VALUES (0, calls.ended_at), (1, calls.dialed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in calls
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(calls.ended_at) FILTER (WHERE isfinite(calls.ended_at) AND calls.ended_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS calls
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS calls,
    LATERAL (VALUES (0, calls.ended_at), (1, calls.dialed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in calls
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE (source.updated_at >= $1 OR source.ended_at >= statement_timestamp() - interval '7200 seconds' OR source.dialed_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(calls.ended_at) FILTER (WHERE isfinite(calls.ended_at) AND calls.ended_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS calls
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS calls,
    LATERAL (VALUES (0, calls.ended_at), (1, calls.dialed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in calls
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE (source.ended_at >= statement_timestamp() - interval '7200 seconds' OR source.dialed_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(calls.ended_at) FILTER (WHERE isfinite(calls.ended_at) AND calls.ended_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS calls
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS calls,
    LATERAL (VALUES (0, calls.ended_at), (1, calls.dialed_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
