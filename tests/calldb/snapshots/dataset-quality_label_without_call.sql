-- outcall: quality_label_without_call, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', quality_labels.labelled_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    coalesce((sum((quality_labels.total)::numeric) FILTER (WHERE (quality_labels.kind = 'asr' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS asr_texts_without_call_0,
    coalesce((sum((quality_labels.correct)::numeric) FILTER (WHERE (quality_labels.kind = 'asr' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS asr_correct_texts_without_call_0,
    coalesce((sum((quality_labels.total)::numeric) FILTER (WHERE (quality_labels.kind = 'intent' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS intent_labels_without_call_0,
    coalesce((sum((quality_labels.correct)::numeric) FILTER (WHERE (quality_labels.kind = 'intent' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS intent_correct_without_call_0,
    coalesce((sum((quality_labels.total)::numeric) FILTER (WHERE (quality_labels.kind = 'emotion' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS emotion_labels_without_call_0,
    coalesce((sum((quality_labels.correct)::numeric) FILTER (WHERE (quality_labels.kind = 'emotion' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS emotion_correct_without_call_0,
    coalesce((sum((quality_labels.total)::numeric) FILTER (WHERE (quality_labels.kind = 'audit' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS audited_violations_without_call_0,
    coalesce((sum((quality_labels.correct)::numeric) FILTER (WHERE (quality_labels.kind = 'audit' AND (quality_labels.total IS NOT NULL AND quality_labels.correct IS NOT NULL)) AND (quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) IS NOT TRUE))::bigint, 0) AS detected_violations_without_call_0,
    count(*) FILTER (WHERE (quality_labels.kind = 'tts_mos' AND quality_labels.score IS NOT NULL) AND true AND (quality_labels.kind = 'tts_mos' AND quality_labels.score NOT BETWEEN 1 AND 5) IS NOT TRUE) AS mos_ratings_without_call_0,
    coalesce((sum((quality_labels.score::float8)::numeric) FILTER (WHERE (quality_labels.kind = 'tts_mos') AND (quality_labels.kind = 'tts_mos' AND quality_labels.score NOT BETWEEN 1 AND 5) IS NOT TRUE) * 1e12)::bigint, 0) AS mos_points_without_call_0,
    count(*) FILTER (WHERE quality_labels.kind = 'tts_mos' AND quality_labels.score NOT BETWEEN 1 AND 5) AS rejected_score_out_of_range,
    count(*) FILTER (WHERE quality_labels.kind <> 'tts_mos' AND quality_labels.correct NOT BETWEEN 0 AND quality_labels.total) AS rejected_impossible_count,
    count(*) AS row_count
FROM quality_labels AS quality_labels 
WHERE quality_labels.labelled_at >= $1::timestamptz
    AND quality_labels.labelled_at < $2::timestamptz
    AND (quality_labels.kind IN ('asr', 'intent', 'emotion', 'audit', 'tts_mos') AND NOT EXISTS (SELECT FROM calls AS calls WHERE calls.call_id = quality_labels.call_id))
GROUP BY 1;

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
