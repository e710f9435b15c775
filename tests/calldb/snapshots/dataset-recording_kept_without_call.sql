-- outcall: recording_kept_without_call, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', ((recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) FILTER (WHERE (true) AND true) AS recordings_kept_without_call_0,
    count(*) AS row_count
FROM recordings AS recordings 
WHERE recordings.started_at >= $1::timestamptz - make_interval(months => 6) - interval '4 days'
    AND recordings.started_at < $2::timestamptz - make_interval(months => 6) + interval '4 days'
    AND ((recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai') >= $1::timestamptz
    AND ((recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai') < $2::timestamptz
    AND (recordings.call_id IS NULL AND (recordings.deleted_at IS NULL OR recordings.deleted_at >= ((recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai')))
GROUP BY 1;
