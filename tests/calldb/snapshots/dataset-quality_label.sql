-- outcall: quality_label, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', quality_labels.labelled_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    coalesce((sum((quality_labels.total)::numeric) FILTER (WHERE (quality_labels.kind = 'intent' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS intent_labels_0,
    coalesce((sum((quality_labels.correct)::numeric) FILTER (WHERE (quality_labels.kind = 'intent' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS intent_correct_0,
    coalesce((sum((quality_labels.total)::numeric) FILTER (WHERE (quality_labels.kind = 'emotion' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS emotion_labels_0,
    coalesce((sum((quality_labels.correct)::numeric) FILTER (WHERE (quality_labels.kind = 'emotion' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS emotion_correct_0,
    coalesce((sum((quality_labels.total)::numeric) FILTER (WHERE (quality_labels.kind = 'audit' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS audited_violations_0,
    coalesce((sum((quality_labels.correct)::numeric) FILTER (WHERE (quality_labels.kind = 'audit' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS detected_violations_0,
    count(*) FILTER (WHERE (quality_labels.kind = 'tts_mos' AND quality_labels.score IS NOT NULL) AND true AND (quality_labels.kind = 'tts_mos' AND quality_labels.score NOT BETWEEN 1 AND 5) IS NOT TRUE) AS mos_ratings_0,
    coalesce((sum((quality_labels.score::float8)::numeric) FILTER (WHERE (quality_labels.kind = 'tts_mos') AND (quality_labels.kind = 'tts_mos' AND quality_labels.score NOT BETWEEN 1 AND 5) IS NOT TRUE) * 1e12)::bigint, 0) AS mos_points_0,
    count(*) FILTER (WHERE quality_labels.kind = 'tts_mos' AND quality_labels.score NOT BETWEEN 1 AND 5) AS rejected_score_out_of_range,
    count(*) FILTER (WHERE quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) AS rejected_impossible_count,
    count(*) AS row_count
FROM quality_labels AS quality_labels JOIN calls AS calls ON calls.call_id = quality_labels.call_id
WHERE quality_labels.labelled_at >= $1::timestamptz
    AND quality_labels.labelled_at < $2::timestamptz
    AND (quality_labels.kind IN ('intent', 'emotion', 'audit', 'tts_mos'))
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT quality_labels.label_id, quality_labels.call_id, quality_labels.kind, quality_labels.total, quality_labels.correct, quality_labels.score, quality_labels.labelled_at, quality_labels.updated_at FROM quality_labels AS quality_labels WHERE quality_labels.call_id = changed.call_id OFFSET 0) AS quality_labels,
    LATERAL (VALUES (0, quality_labels.labelled_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
