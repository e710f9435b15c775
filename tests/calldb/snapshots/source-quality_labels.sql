SELECT source.label_id,
    source.call_id,
    source.kind,
    source.total,
    source.correct,
    source.score,
    source.labelled_at,
    source.updated_at
    FROM quality_labels AS source LIMIT 0;

-- outcall: what changed in quality_labels
WITH changed AS MATERIALIZED (SELECT source.label_id, source.call_id, source.kind, source.total, source.correct, source.score, source.labelled_at, source.updated_at FROM quality_labels AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(quality_labels.labelled_at) FILTER (WHERE isfinite(quality_labels.labelled_at) AND quality_labels.labelled_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS quality_labels
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS quality_labels,
    LATERAL (VALUES (0, quality_labels.labelled_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in quality_labels
WITH changed AS MATERIALIZED (SELECT source.label_id, source.call_id, source.kind, source.total, source.correct, source.score, source.labelled_at, source.updated_at FROM quality_labels AS source WHERE source.updated_at >= $1 AND ($2::xid IS NULL OR true))
SELECT -1 AS anchor,
    extract(epoch FROM max(quality_labels.labelled_at) FILTER (WHERE isfinite(quality_labels.labelled_at) AND quality_labels.labelled_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS quality_labels
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS quality_labels,
    LATERAL (VALUES (0, quality_labels.labelled_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in quality_labels
WITH changed AS MATERIALIZED (SELECT source.label_id, source.call_id, source.kind, source.total, source.correct, source.score, source.labelled_at, source.updated_at FROM quality_labels AS source WHERE (source.updated_at >= $1 OR source.labelled_at >= statement_timestamp() - interval '7200 seconds') AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT -1 AS anchor,
    extract(epoch FROM max(quality_labels.labelled_at) FILTER (WHERE isfinite(quality_labels.labelled_at) AND quality_labels.labelled_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS quality_labels
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS quality_labels,
    LATERAL (VALUES (0, quality_labels.labelled_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;

-- outcall: what changed in quality_labels
WITH changed AS MATERIALIZED (SELECT source.label_id, source.call_id, source.kind, source.total, source.correct, source.score, source.labelled_at, source.updated_at FROM quality_labels AS source WHERE (source.labelled_at >= statement_timestamp() - interval '7200 seconds') AND source.updated_at < $1 AND (age(source.xmin) <= age($2::xid)) IS NOT FALSE)
SELECT -1 AS anchor,
    extract(epoch FROM max(quality_labels.labelled_at) FILTER (WHERE isfinite(quality_labels.labelled_at) AND quality_labels.labelled_at <= statement_timestamp()))::bigint AS bucket,
    count(*) AS row_count
    FROM changed AS quality_labels
UNION ALL SELECT at.anchor,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint,
    count(*)
    FROM changed AS quality_labels,
    LATERAL (VALUES (0, quality_labels.labelled_at)) AS at (anchor, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
