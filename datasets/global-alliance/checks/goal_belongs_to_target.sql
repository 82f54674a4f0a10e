-- The operational goal of a commitment or measure belongs to its policy target.
WITH classified AS (
    SELECT 'commitments' AS resource, commitment_id AS key, target_id, goal_id FROM commitments
    UNION ALL
    SELECT 'national_measures', measure_id, target_id, goal_id FROM national_measures
)
SELECT
    classified.resource,
    classified.key,
    'The goal ' || classified.goal_id || ' belongs to ' || coalesce(operational_goals.target_id, 'no target')
        || ', but the row has ' || coalesce(classified.target_id, 'no target') || '.' AS message
FROM classified
JOIN operational_goals ON operational_goals.goal_id = classified.goal_id
WHERE operational_goals.target_id IS DISTINCT FROM classified.target_id
ORDER BY classified.resource, classified.key
