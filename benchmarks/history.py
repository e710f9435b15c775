"""The rows of the loaded history, as SQL: which tables, in which proportion, how late.

The call centre is spread evenly over 30 days (as in the peers' benchmark). Two dials in three are answered; an answered
call has three turns, a recording, an analysis and an automatic check, 3 % have labels of four kinds, 12 % a survey.
Randomness is a hash of the key, so that a load repeats exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

DAYS = 30
SECONDS = DAYS * 86400

# A number in [0, 1) from a key and a purpose; inlined by the planner.
UNIFORM = """
CREATE OR REPLACE FUNCTION bench_u(key bigint, purpose int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(key, purpose) & 4503599627370495)::float8 / 4503599627370496 $$;
"""
GENERATION = "(ARRAY['gen_z','gen_y','gen_x','elderly'])[1 + width_bucket(bench_u({key}, 2), ARRAY[0.15, 0.4, 0.55])]"
SCENARIO = "(ARRAY['acquisition','collection','operations'])[1 + width_bucket(bench_u({key}, 3), ARRAY[0.5, 0.85])]"
DIALECT = (
    "(ARRAY['mandarin','cantonese','sichuanese','minnan'])[1 + width_bucket(bench_u({key}, 4), ARRAY[.85, .92, .98])]"
)
# Two scripts in an A/B comparison; with the rest of the labels this makes a page of some 30,000 series.
SCRIPT = "'v' || (1 + (bench_u({key}, 5) < 0.5)::int)"
# Calls with the keys first..last, the last one ending now.
CALLS = """
INSERT INTO calls SELECT id, customer, (bench_u(id, 6) * 20)::bigint, scenario, {generation}, {dialect}, {script},
  ended - make_interval(secs => 8 + talk), CASE WHEN answered THEN ended - make_interval(secs => talk) END, ended,
  CASE WHEN answered THEN 'answered'
    ELSE (ARRAY['no_answer','busy','rejected','failed'])[1 + (bench_u(id, 7) * 3)::int] END,
  CASE WHEN answered THEN CASE WHEN bench_u(id, 8) < 0.03 THEN 'machine' ELSE 'human' END END,
  CASE WHEN answered THEN greatest(0, talk - 4)::real END,
  CASE WHEN answered THEN CASE WHEN bench_u(id, 9) < 0.4 THEN 'customer' ELSE 'agent' END END,
  CASE WHEN answered AND bench_u(id, 10) < 0.2 THEN ended END,
  CASE WHEN bench_u(id, 11) < 0.004 THEN 'E' || (bench_u(id, 12) * 5)::int END,
  (0.05 + talk * 0.002)::numeric(8,4), ended + interval '1 second'
FROM (SELECT id, bench_u(id, 1) < 0.66 AS answered, {scenario} AS scenario,
        1 + (bench_u(id, 13) * {customers})::bigint AS customer,
        CASE WHEN bench_u(id, 1) < 0.66 THEN -60 * ln(1 - bench_u(id, 14) * 0.9999) ELSE 0 END AS talk,
        timestamptz '{now}' - ({last} - id) * interval '{step} seconds' AS ended
      FROM generate_series({first}::bigint, {last}) AS id OFFSET 0) AS drawn
"""


@dataclass(frozen=True, slots=True)
class Fill:
    """A table's rows as a SELECT over calls `c`; `{at}` is when a row arrives: what is due later is left out."""

    table: str
    select: str
    at: str
    share: float = 1.0
    source: str = "c.answered_at IS NOT NULL"


def _label(kind: str, number: int) -> Fill:
    score = "(1 + bench_u(c.call_id, 21) * 4)::real" if kind == "tts_mos" else "NULL"
    total = "NULL" if kind == "tts_mos" else "10"
    correct = "NULL" if kind == "tts_mos" else "9 + (bench_u(c.call_id, 22) < 0.6)::int"
    select = f"c.call_id * 4 + {number}, c.call_id, '{kind}', {total}, {correct}, {score}, {{at}}, {{at}}"
    return Fill("quality_labels", select, "c.ended_at + interval '1 day' * (1 + 6 * bench_u(c.call_id, 23))", 0.03)


FILLS = (
    Fill(
        "turns",
        "c.call_id, s, {at} - interval '1.1 seconds' * (0.4 + bench_u(c.call_id * 4 + s, 20)), {at}, "
        "c.ended_at + interval '1 second'",
        "c.answered_at + (c.ended_at - c.answered_at) * (s / 4.0)",
    ),
    Fill(
        "call_analyses",
        "c.call_id, {at}, (bench_u(c.call_id, 24) * 2.2)::int, {at}",
        "c.ended_at + interval '1 minute' * (1 + 59 * bench_u(c.call_id, 25))",
    ),
    Fill(
        "qa_checks",
        "c.call_id, 'auto', {at}, (bench_u(c.call_id, 26) < 0.003)::int, "
        "CASE WHEN bench_u(c.call_id, 26) < 0.003 THEN ARRAY['R' || (bench_u(c.call_id, 27) * 9)::int] END, {at}",
        "c.ended_at + interval '1 minute' * (60 * bench_u(c.call_id, 28))",
    ),
    Fill(
        "recordings",
        "c.call_id, c.call_id, c.answered_at, {at}, 16000 * 60, md5(c.call_id::text), NULL, {at}",
        "c.ended_at + interval '5 minutes' * bench_u(c.call_id, 29)",
        0.998,
    ),
    Fill(
        "masking_scans",
        "c.call_id, c.call_id, {at}, 3, 3, {at}",
        "date_trunc('hour', c.ended_at) + interval '65 minutes'",
        0.2,
    ),
    Fill(
        "surveys",
        "c.call_id, c.call_id, CASE WHEN bench_u(c.call_id, 30) < 0.7 THEN 'ivr' ELSE 'sms' END, {at}, "
        "bench_u(c.call_id, 31) < 0.8, {at}",
        "c.ended_at + interval '72 hours' * power(bench_u(c.call_id, 32), 4)",
        0.12,
    ),
    Fill(
        "credit_applications",
        "c.call_id, c.customer_id, c.call_id, {at}, CASE WHEN bench_u(c.call_id, 33) < 0.35 THEN {at} END, {at}",
        "c.ended_at + interval '7 days' * power(bench_u(c.call_id, 34), 3)",
        0.17,
        "c.answered_at IS NOT NULL AND c.scenario = 'acquisition'",
    ),
    Fill(
        "service_tasks",
        "c.call_id, c.customer_id, c.call_id, (ARRAY['limit_change','repayment_plan_change'])"
        "[1 + (bench_u(c.call_id, 35) < 0.4)::int], c.ended_at, {at}, {at}",
        "c.ended_at + interval '2 days' * bench_u(c.call_id, 36)",
        0.5,
        "c.answered_at IS NOT NULL AND c.scenario = 'operations'",
    ),
    Fill(
        "collection_cases",
        "c.call_id, c.customer_id, c.generation, {at}, (ARRAY['M1','M2','M3','M3+'])"
        "[1 + width_bucket(bench_u(c.call_id, 37), ARRAY[0.6, 0.85, 0.95])], (1000 + 9000 * bench_u(c.call_id, 38))"
        "::numeric(12,2), {at}",
        "c.ended_at - interval '1 hour'",
        0.2,
        "c.scenario = 'collection'",
    ),
    Fill(
        "repayments",
        "c.call_id, c.call_id, (500 + 900 * bench_u(c.call_id, 39))::numeric(12,2), {at} - interval "
        "'8 hours', {at}, NULL, {at}",
        "c.ended_at + interval '3 days' * bench_u(c.call_id, 40)",
        0.1,
        "c.scenario = 'collection'",
    ),
    Fill(
        "complaints",
        "c.call_id, c.call_id, {at}, NULL, {at}",
        "c.ended_at + interval '15 days' * bench_u(c.call_id, 41)",
        0.001,
    ),
    Fill("do_not_call", "c.customer_id, {at}, NULL, {at}", "c.ended_at", 0.002, "c.answered_at IS NULL"),
    *(_label(kind, number) for number, kind in enumerate(("asr", "intent", "emotion", "tts_mos"))),
)

SMALL = """
INSERT INTO customers SELECT id, date '1940-01-01' + (bench_u(id, 50) * 25000)::int, {dialect},
  timestamptz '{now}' - interval '31 days' FROM generate_series(1::bigint, {customers}) AS id;
INSERT INTO cost_ledger SELECT id, timestamptz '{now}' - interval '1 day' * id, 'acquisition', 20000,
  timestamptz '{now}' - interval '1 day' * id FROM generate_series(1, 30) AS id;
INSERT INTO ltv_snapshots SELECT id, (timestamptz '{now}')::date - 3, arm, 1000 + 500 * bench_u(id, 51),
  bench_u(id, 52) < 0.4, 8000, timestamptz '{now}' - interval '3 days'
FROM generate_series(1::bigint, {customers} / 20) AS id, unnest(ARRAY['before', 'after']) AS arm;
INSERT INTO incidents SELECT id, at, at + interval '10 minutes', at + interval '10 minutes'
FROM (SELECT id, timestamptz '{now}' - interval '6 hours' * id AS at FROM generate_series(1, 120) AS id) AS opened;
"""
