-- Twelve thousand rows in every canonical table, one a minute back from now: enough that a plan which reads a table
-- from end to end shows. Calls are of three scenarios and two scripts.
CREATE TEMP TABLE n AS SELECT g, now() - g * interval '1 minute' AS at FROM generate_series(1, 12000) AS g;

INSERT INTO customers SELECT g, date '1950-01-01' + (g % 20000), 'mandarin', at FROM n;
INSERT INTO calls
SELECT g, g, g % 5, (ARRAY['acquisition', 'collection', 'operations'])[1 + g % 3], 'gen_y', 'mandarin', (ARRAY['a', 'b'])[1 + g % 2],
  at - interval '90 seconds', at - interval '60 seconds', at, 'answered', 'human', 40, 'customer', NULL, NULL, 0.12, at
FROM n;
INSERT INTO turns SELECT g, 1, at - interval '31 seconds', at - interval '30 seconds', at FROM n;
INSERT INTO call_analyses SELECT g, at, 0, at FROM n;
INSERT INTO quality_labels SELECT g, g, (ARRAY['asr', 'intent', 'audit'])[1 + g % 3], 10, 9, NULL, at, at FROM n;
INSERT INTO qa_checks SELECT g, 'auto', at, 0, '{}', at FROM n;
INSERT INTO masking_scans SELECT g, g, at, 1, 1, at FROM n;
INSERT INTO recordings SELECT g, g, at, at, 100, NULL, NULL, at FROM n;
INSERT INTO surveys SELECT g, g, 'ivr', at, true, at FROM n;
INSERT INTO credit_applications SELECT g, g, g, at, at, at FROM n;
INSERT INTO cost_ledger SELECT g, at, 'acquisition', 1, at FROM n;
INSERT INTO collection_cases SELECT g, g, 'gen_y', at, 'M1', 10, at FROM n;
INSERT INTO repayments SELECT g, g, 5, at, at, NULL, at FROM n;
INSERT INTO service_tasks SELECT g, g, g, 'limit_change', at, at, at FROM n;
INSERT INTO ltv_snapshots SELECT g, date '2026-01-01' + (g % 30), 'before', 10, true, 100, at FROM n;
INSERT INTO do_not_call SELECT g, at, NULL, at FROM n;
INSERT INTO complaints SELECT g, g, at, false, at FROM n;
INSERT INTO incidents SELECT g, at - interval '5 minutes', at, at FROM n;
ANALYZE;
