SELECT source.incident_id,
    source.opened_at,
    source.resolved_at,
    source.updated_at
    FROM incidents AS source LIMIT 0;

-- outcall: what changed in incidents
WITH changed AS MATERIALIZED (SELECT source.incident_id, source.opened_at, source.resolved_at, source.updated_at FROM incidents AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(incidents.resolved_at) FILTER (WHERE isfinite(incidents.resolved_at) AND incidents.resolved_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS incidents
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS incidents,
    LATERAL (VALUES (0, incidents.resolved_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in incidents
WITH changed AS MATERIALIZED (SELECT source.incident_id, source.opened_at, source.resolved_at, source.updated_at FROM incidents AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(incidents.resolved_at) FILTER (WHERE isfinite(incidents.resolved_at) AND incidents.resolved_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS incidents
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS incidents,
    LATERAL (VALUES (0, incidents.resolved_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in incidents
WITH changed AS MATERIALIZED (SELECT source.incident_id, source.opened_at, source.resolved_at, source.updated_at FROM incidents AS source WHERE (source.updated_at >= $1 OR source.resolved_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(incidents.resolved_at) FILTER (WHERE isfinite(incidents.resolved_at) AND incidents.resolved_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS incidents
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS incidents,
    LATERAL (VALUES (0, incidents.resolved_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in incidents
WITH changed AS MATERIALIZED (SELECT source.incident_id, source.opened_at, source.resolved_at, source.updated_at FROM incidents AS source WHERE (source.resolved_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(incidents.resolved_at) FILTER (WHERE isfinite(incidents.resolved_at) AND incidents.resolved_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS incidents
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS incidents,
    LATERAL (VALUES (0, incidents.resolved_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
