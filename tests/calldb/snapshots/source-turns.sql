SELECT source.call_id,
    source.seq,
    source.user_end_at,
    source.bot_start_at,
    source.updated_at
    FROM turns AS source LIMIT 0;

-- outcall: what changed in turns
WITH changed AS MATERIALIZED (SELECT source.call_id, source.seq, source.user_end_at, source.bot_start_at, source.updated_at FROM turns AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(turns.bot_start_at) FILTER (WHERE isfinite(turns.bot_start_at) AND turns.bot_start_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS turns
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS turns,
    LATERAL (VALUES (0, turns.bot_start_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in turns
WITH changed AS MATERIALIZED (SELECT source.call_id, source.seq, source.user_end_at, source.bot_start_at, source.updated_at FROM turns AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(turns.bot_start_at) FILTER (WHERE isfinite(turns.bot_start_at) AND turns.bot_start_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS turns
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS turns,
    LATERAL (VALUES (0, turns.bot_start_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in turns
WITH changed AS MATERIALIZED (SELECT source.call_id, source.seq, source.user_end_at, source.bot_start_at, source.updated_at FROM turns AS source WHERE (source.updated_at >= $1 OR source.bot_start_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(turns.bot_start_at) FILTER (WHERE isfinite(turns.bot_start_at) AND turns.bot_start_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS turns
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS turns,
    LATERAL (VALUES (0, turns.bot_start_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in turns
WITH changed AS MATERIALIZED (SELECT source.call_id, source.seq, source.user_end_at, source.bot_start_at, source.updated_at FROM turns AS source WHERE (source.bot_start_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(turns.bot_start_at) FILTER (WHERE isfinite(turns.bot_start_at) AND turns.bot_start_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS turns
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS turns,
    LATERAL (VALUES (0, turns.bot_start_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
