-- Commitments (C) and national measures (N) share one series of numbers: no number is used in both.
SELECT
    'national_measures' AS resource,
    national_measures.measure_id AS key,
    'The number is also used by ' || commitments.commitment_id || '.' AS message
FROM national_measures
JOIN commitments ON substr(commitments.commitment_id, 2) = substr(national_measures.measure_id, 2)
ORDER BY key
