SELECT source.scan_id,
    source.call_id,
    source.scanned_at,
    source.sensitive,
    source.masked,
    source.updated_at
    FROM masking_scans AS source LIMIT 0;

-- outcall: what changed in masking_scans
WITH changed AS MATERIALIZED (SELECT source.scan_id, source.call_id, source.scanned_at, source.sensitive, source.masked, source.updated_at FROM masking_scans AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(masking_scans.scanned_at) FILTER (WHERE isfinite(masking_scans.scanned_at) AND masking_scans.scanned_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS masking_scans
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS masking_scans,
    LATERAL (VALUES (0, masking_scans.scanned_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in masking_scans
WITH changed AS MATERIALIZED (SELECT source.scan_id, source.call_id, source.scanned_at, source.sensitive, source.masked, source.updated_at FROM masking_scans AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(masking_scans.scanned_at) FILTER (WHERE isfinite(masking_scans.scanned_at) AND masking_scans.scanned_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS masking_scans
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS masking_scans,
    LATERAL (VALUES (0, masking_scans.scanned_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in masking_scans
WITH changed AS MATERIALIZED (SELECT source.scan_id, source.call_id, source.scanned_at, source.sensitive, source.masked, source.updated_at FROM masking_scans AS source WHERE (source.updated_at >= $1 OR source.scanned_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(masking_scans.scanned_at) FILTER (WHERE isfinite(masking_scans.scanned_at) AND masking_scans.scanned_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS masking_scans
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS masking_scans,
    LATERAL (VALUES (0, masking_scans.scanned_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in masking_scans
WITH changed AS MATERIALIZED (SELECT source.scan_id, source.call_id, source.scanned_at, source.sensitive, source.masked, source.updated_at FROM masking_scans AS source WHERE (source.scanned_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(masking_scans.scanned_at) FILTER (WHERE isfinite(masking_scans.scanned_at) AND masking_scans.scanned_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS masking_scans
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS masking_scans,
    LATERAL (VALUES (0, masking_scans.scanned_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
