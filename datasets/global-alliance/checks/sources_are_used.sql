-- Every source is used by a row, or is marked as background: reference, terms or named_only.
WITH used AS (
    SELECT source_id FROM members
    UNION
    SELECT source_id FROM policy_targets
    UNION
    SELECT source_id FROM operational_goals
    UNION
    SELECT source_id FROM commitments
    UNION
    SELECT source_id FROM national_measures
    UNION
    SELECT source_id FROM events
    UNION
    SELECT source_id FROM source_links
)
SELECT
    'sources' AS resource,
    source_id AS key,
    '“' || title || '” is marked as evidence, but no row names it, neither as its source_id nor in source_links.' AS message
FROM sources
WHERE use = 'evidence' AND source_id NOT IN (SELECT source_id FROM used)
ORDER BY key
