-- A reporting step (P1, P2) belongs to no single target; every other goal has one, and its key begins with the number of that target.
SELECT
    'operational_goals' AS resource,
    goal_id AS key,
    'The kind ' || kind || ', the key and the target ' || coalesce(target_id, '(empty)') || ' do not fit together.' AS message
FROM operational_goals
WHERE NOT coalesce(
    CASE kind
        WHEN 'reporting_step' THEN target_id IS NULL AND goal_id LIKE 'P%'
        ELSE goal_id LIKE 'G' || substr(target_id, 2) || '.%'
    END, FALSE)
ORDER BY key
