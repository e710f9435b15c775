-- outcall: repayment, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', repayments.paid_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    'collection' AS scenario,
    collection_cases.generation AS generation,
    collection_cases.bucket AS bucket,
    coalesce((sum((repayments.amount_cny)::numeric) FILTER (WHERE true AND (repayments.amount_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) * 1e6)::bigint, 0) AS repaid_cny_0,
    count(*) FILTER (WHERE ((repayments.amount_cny BETWEEN -1e9 AND 1e9) IS NOT TRUE) AND true) AS repayments_without_amount_0,
    count(*) FILTER (WHERE repayments.amount_cny NOT BETWEEN -1e9 AND 1e9) AS rejected_amount_out_of_range,
    count(*) AS row_count
FROM repayments AS repayments
    JOIN collection_cases AS collection_cases ON collection_cases.case_id = repayments.case_id
WHERE repayments.paid_at >= $1::timestamptz
    AND repayments.paid_at < $2::timestamptz
    AND (repayments.reversed_at IS NULL)
GROUP BY 1, 2, 3, 4;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.case_id, source.generation, source.entered_at, source.bucket, source.overdue_cny, source.updated_at FROM collection_cases AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT repayments.repayment_id, repayments.case_id, repayments.amount_cny, repayments.paid_at, repayments.reversed_at, repayments.updated_at FROM repayments AS repayments WHERE repayments.case_id = changed.case_id OFFSET 0) AS repayments,
    LATERAL (VALUES (0, repayments.paid_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
