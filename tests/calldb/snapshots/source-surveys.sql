SELECT source.survey_id,
    source.call_id,
    source.responded_at,
    source.satisfied,
    source.updated_at
    FROM surveys AS source LIMIT 0;

-- outcall: what changed in surveys
WITH changed AS MATERIALIZED (SELECT source.survey_id, source.call_id, source.responded_at, source.satisfied, source.updated_at FROM surveys AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(surveys.responded_at) FILTER (WHERE isfinite(surveys.responded_at) AND surveys.responded_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS surveys
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS surveys,
    LATERAL (VALUES (0, surveys.responded_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in surveys
WITH changed AS MATERIALIZED (SELECT source.survey_id, source.call_id, source.responded_at, source.satisfied, source.updated_at FROM surveys AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(surveys.responded_at) FILTER (WHERE isfinite(surveys.responded_at) AND surveys.responded_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS surveys
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS surveys,
    LATERAL (VALUES (0, surveys.responded_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in surveys
WITH changed AS MATERIALIZED (SELECT source.survey_id, source.call_id, source.responded_at, source.satisfied, source.updated_at FROM surveys AS source WHERE (source.updated_at >= $1 OR source.responded_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(surveys.responded_at) FILTER (WHERE isfinite(surveys.responded_at) AND surveys.responded_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS surveys
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS surveys,
    LATERAL (VALUES (0, surveys.responded_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in surveys
WITH changed AS MATERIALIZED (SELECT source.survey_id, source.call_id, source.responded_at, source.satisfied, source.updated_at FROM surveys AS source WHERE (source.responded_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(surveys.responded_at) FILTER (WHERE isfinite(surveys.responded_at) AND surveys.responded_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS surveys
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS surveys,
    LATERAL (VALUES (0, surveys.responded_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
