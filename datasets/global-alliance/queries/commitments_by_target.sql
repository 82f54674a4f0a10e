-- Policy target, scope and kind: how many commitments were found. Zeros are kept, so that every combination has a row.
-- Commitments without a target serve several; they have rows of their own, target_group = 'several'.
WITH target_groups AS (
    SELECT target_id AS target_group, target_id FROM policy_targets
    UNION ALL
    SELECT 'several', NULL
),
scopes AS (
    SELECT unnest(['collective', 'national']) AS scope
),
kinds AS (
    SELECT unnest(['existing', 'undertaken', 'planned', 'pledge']) AS kind
)
SELECT
    target_groups.target_group,
    scopes.scope,
    kinds.kind,
    target_groups.target_id,
    count(commitments.commitment_id) AS commitments,
    count(commitments.commitment_id) FILTER (WHERE commitments.alliance_link = 'explicit') AS explicit,
    count(commitments.commitment_id) FILTER (WHERE commitments.alliance_link = 'related') AS related,
    count(DISTINCT commitments.country_code) AS countries
FROM target_groups
CROSS JOIN scopes
CROSS JOIN kinds
LEFT JOIN commitments
    ON coalesce(commitments.target_id, 'several') = target_groups.target_group
    AND commitments.scope = scopes.scope
    AND commitments.kind = kinds.kind
GROUP BY target_groups.target_group, target_groups.target_id, scopes.scope, kinds.kind
ORDER BY target_groups.target_group, scopes.scope, kinds.kind
