"""The KPIs of the case in plain SQL, written from the KPI document: (slice, successes, trials) per query.

Every query counts the facts of the calls dialled in [$1, $2): a phase of the case, or a part of one.
"""

from __future__ import annotations

CALL = """
WITH call AS (
    SELECT *,
        answered_at IS NOT NULL AND answered_by <> 'machine' AS answered,
        answered_at IS NOT NULL AND answered_by <> 'machine' AND interaction_seconds >= 10 AS effective
    FROM calls WHERE dialed_at >= $1 AND dialed_at < $2 AND ended_at IS NOT NULL
), contact AS (
    SELECT DISTINCT ON (customer_id, campaign_id) * FROM call
    WHERE scenario = 'acquisition' AND effective ORDER BY customer_id, campaign_id, ended_at, call_id
), application AS (
    SELECT DISTINCT ON (a.customer_id, c.campaign_id) a.*, c.campaign_id
    FROM credit_applications a JOIN call c ON c.call_id = a.source_call_id AND c.scenario = 'acquisition'
    ORDER BY a.customer_id, c.campaign_id, a.applied_at, a.application_id
)
"""

PROPORTIONS = {
    "connect": "SELECT 'all', count(*) FILTER (WHERE answered), count(*) FROM call",
    "mix": """SELECT generation, count(*), (SELECT count(*) FROM call WHERE answered)
        FROM call WHERE answered GROUP BY generation""",
    "contact": """SELECT coalesce(generation, 'all'), count(*) FILTER (WHERE effective), count(*)
        FROM call WHERE answered GROUP BY ROLLUP (generation)""",
    "early_hangup": """SELECT coalesce(generation, 'all'),
            count(*) FILTER (WHERE hangup_by = 'customer' AND ended_at - answered_at <= interval '30 seconds'), count(*)
        FROM call WHERE answered GROUP BY ROLLUP (generation)""",
    "csat": """SELECT generation, count(*) FILTER (WHERE satisfied), count(*)
        FROM surveys JOIN call USING (call_id) GROUP BY generation""",
    "ivr": "SELECT 'all', count(*) FILTER (WHERE channel = 'ivr'), count(*) FROM surveys JOIN call USING (call_id)",
    "repeat": """SELECT 'all', count(*) FILTER (WHERE repeat_count >= 2), count(*)
        FROM call_analyses JOIN call USING (call_id) WHERE answered""",
    "label": """SELECT kind, sum(correct), sum(total) FROM quality_labels JOIN call USING (call_id)
        WHERE kind IN ('asr', 'intent', 'emotion') GROUP BY kind""",
    "asr": """SELECT dialect, sum(correct), sum(total) FROM quality_labels JOIN call USING (call_id)
        WHERE kind = 'asr' GROUP BY dialect""",
    "labelled": """SELECT 'all', count(*) FILTER (WHERE EXISTS (
            SELECT FROM quality_labels l WHERE l.call_id = call.call_id AND l.kind = 'asr')), count(*)
        FROM call WHERE answered""",
    "system_fault": """SELECT
            CASE WHEN extract(day FROM dialed_at AT TIME ZONE 'Asia/Shanghai') >= 26
                AND extract(hour FROM dialed_at AT TIME ZONE 'Asia/Shanghai') IN (10, 15) THEN 'burst' ELSE 'rest' END,
            count(*) FILTER (WHERE fault_code IS NOT NULL), count(*) FROM call GROUP BY 1""",
    "escalation": """SELECT 'all', count(*) FILTER (WHERE transferred_at IS NOT NULL), count(*)
        FROM call WHERE scenario = 'collection' AND answered""",
    "completion": """SELECT 'all', count(DISTINCT t.customer_id) FILTER (WHERE completed_at IS NOT NULL
            AND source_call_id IS NOT NULL), count(DISTINCT t.customer_id)
        FROM service_tasks t JOIN call ON call.call_id = t.task_id""",
    "compliant": """SELECT 'all', count(*) FILTER (WHERE violations = 0), count(*)
        FROM qa_checks JOIN call USING (call_id) WHERE mode = 'auto' AND answered""",
    "conversion": """SELECT coalesce(c.generation, 'all'), count(a.application_id), count(*)
        FROM contact c LEFT JOIN application a USING (customer_id, campaign_id) GROUP BY ROLLUP (c.generation)""",
    "within_day": """SELECT 'all', count(*) FILTER (WHERE applied_at - ended_at < interval '1 day'), count(*)
        FROM application a JOIN call ON call.call_id = a.source_call_id""",
    "within_week": """SELECT 'all', count(*) FILTER (WHERE applied_at - ended_at < interval '7 days'), count(*)
        FROM application a JOIN call ON call.call_id = a.source_call_id""",
    "below_median_latency": """SELECT 'all',
            count(*) FILTER (WHERE bot_start_at - user_end_at < interval '1.1 seconds'), count(*)
        FROM turns JOIN call USING (call_id)""",
    "slow_response": """SELECT 'all',
            count(*) FILTER (WHERE bot_start_at - user_end_at > interval '2 seconds'), count(*)
        FROM turns JOIN call USING (call_id)""",
    "covered": """SELECT 'all', count(*) FILTER (WHERE EXISTS (
            SELECT FROM recordings r WHERE r.call_id = call.call_id)), count(*) FROM call WHERE answered""",
    "complaint": """SELECT 'all', count(*) FILTER (WHERE EXISTS (
            SELECT FROM complaints p WHERE p.call_id = call.call_id)), count(*) FROM call WHERE answered""",
}

# (bucket, repaid, overdue, effective number of cases: how many equal ones weigh as much)
RECOVERY = """
SELECT bucket, coalesce(sum(repaid), 0), sum(overdue_cny), sum(overdue_cny) ^ 2 / sum(overdue_cny ^ 2)
FROM collection_cases c LEFT JOIN LATERAL (
    SELECT sum(amount_cny) AS repaid FROM repayments r WHERE r.case_id = c.case_id AND reversed_at IS NULL
) AS paid ON true
WHERE entered_at >= $1 AND entered_at < $2 GROUP BY bucket
"""

# (cost of the calls and of the ledger, customers granted credit)
ACQUISITION_COST = (
    CALL
    + """
SELECT (SELECT sum(cost_cny) FROM call WHERE scenario = 'acquisition')
     + (SELECT sum(amount_cny) FROM cost_ledger WHERE scenario = 'acquisition' AND booked_at >= $1 AND booked_at < $2),
    (SELECT count(DISTINCT customer_id) FROM application WHERE granted_at IS NOT NULL)
"""
)

MOS = (
    CALL
    + """
SELECT avg(score), stddev(score) / sqrt(count(*)) FROM quality_labels JOIN call USING (call_id) WHERE kind = 'tts_mos'
"""
)
