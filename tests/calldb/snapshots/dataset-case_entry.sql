-- outcall: case_entry, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', collection_cases.entered_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    'collection' AS scenario,
    collection_cases.generation AS generation,
    collection_cases.bucket AS bucket,
    coalesce((sum((collection_cases.overdue_cny)::numeric) FILTER (WHERE true AND (collection_cases.overdue_cny NOT BETWEEN 0 AND 1e9) IS NOT TRUE) * 1e6)::bigint, 0) AS overdue_cny_0,
    count(*) FILTER (WHERE (true) AND true AND (collection_cases.overdue_cny NOT BETWEEN 0 AND 1e9) IS NOT TRUE) AS entered_cases_0,
    count(*) FILTER (WHERE collection_cases.overdue_cny NOT BETWEEN 0 AND 1e9) AS rejected_amount_out_of_range,
    count(*) AS row_count
FROM collection_cases AS collection_cases 
WHERE collection_cases.entered_at >= $1::timestamptz
    AND collection_cases.entered_at < $2::timestamptz
    AND (true)
GROUP BY 1, 2, 3, 4;
