-- outcall: ltv
SELECT 'operations' AS scenario,
    count(*) FILTER (WHERE (ltv_snapshots.arm = 'before' AND ltv_snapshots.value_cny IS NOT NULL) AND true AND (ltv_snapshots.value_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) AS ltv_customers_before_0,
    count(*) FILTER (WHERE (ltv_snapshots.arm = 'after' AND ltv_snapshots.value_cny IS NOT NULL) AND true AND (ltv_snapshots.value_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) AS ltv_customers_after_0,
    coalesce((sum((ltv_snapshots.value_cny)::numeric) FILTER (WHERE (ltv_snapshots.arm = 'before') AND (ltv_snapshots.value_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) * 1e6)::bigint, 0) AS ltv_value_before_cny_0,
    coalesce((sum((ltv_snapshots.value_cny)::numeric) FILTER (WHERE (ltv_snapshots.arm = 'after') AND (ltv_snapshots.value_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) * 1e6)::bigint, 0) AS ltv_value_after_cny_0,
    count(*) FILTER (WHERE (ltv_snapshots.arm = 'before' AND ltv_snapshots.reborrowed IS NOT NULL) AND true) AS reborrow_customers_before_0,
    count(*) FILTER (WHERE (ltv_snapshots.arm = 'after' AND ltv_snapshots.reborrowed IS NOT NULL) AND true) AS reborrow_customers_after_0,
    count(*) FILTER (WHERE (ltv_snapshots.arm = 'before' AND ltv_snapshots.reborrowed) AND true) AS reborrowed_before_0,
    count(*) FILTER (WHERE (ltv_snapshots.arm = 'after' AND ltv_snapshots.reborrowed) AND true) AS reborrowed_after_0,
    count(*) FILTER (WHERE (ltv_snapshots.arm = 'before' AND ltv_snapshots.credit_limit_cny IS NOT NULL) AND true AND (ltv_snapshots.credit_limit_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) AS limit_customers_before_0,
    count(*) FILTER (WHERE (ltv_snapshots.arm = 'after' AND ltv_snapshots.credit_limit_cny IS NOT NULL) AND true AND (ltv_snapshots.credit_limit_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) AS limit_customers_after_0,
    coalesce((sum((ltv_snapshots.credit_limit_cny)::numeric) FILTER (WHERE (ltv_snapshots.arm = 'before') AND (ltv_snapshots.credit_limit_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) * 1e6)::bigint, 0) AS credit_limit_before_cny_0,
    coalesce((sum((ltv_snapshots.credit_limit_cny)::numeric) FILTER (WHERE (ltv_snapshots.arm = 'after') AND (ltv_snapshots.credit_limit_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) * 1e6)::bigint, 0) AS credit_limit_after_cny_0,
    count(*) FILTER (WHERE ltv_snapshots.value_cny NOT BETWEEN -1e9 AND 1e9) AS rejected_value_out_of_range,
    count(*) FILTER (WHERE ltv_snapshots.credit_limit_cny NOT BETWEEN -1e9 AND 1e9) AS rejected_limit_out_of_range,
    count(*) AS row_count
FROM ltv_snapshots AS ltv_snapshots
WHERE (ltv_snapshots.arm = 'before' AND ltv_snapshots.as_of = (SELECT max(newest.as_of) FROM ltv_snapshots AS newest WHERE newest.arm = 'before')) OR (ltv_snapshots.arm = 'after' AND ltv_snapshots.as_of = (SELECT max(newest.as_of) FROM ltv_snapshots AS newest WHERE newest.arm = 'after'))
GROUP BY 1;
