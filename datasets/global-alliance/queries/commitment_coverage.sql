-- Every member and every policy target: how many national commitments were found.
-- A commitment without a target serves several; it is counted in serving_several_targets, on each of the country's rows.
WITH counted AS (
    SELECT
        country_code,
        target_id,
        count(*) AS commitments,
        count(*) FILTER (WHERE alliance_link = 'explicit') AS explicit,
        count(*) FILTER (WHERE alliance_link = 'related') AS related
    FROM commitments
    WHERE scope = 'national' AND target_id IS NOT NULL
    GROUP BY country_code, target_id
),
several AS (
    SELECT country_code, count(*) AS commitments
    FROM commitments
    WHERE scope = 'national' AND target_id IS NULL
    GROUP BY country_code
)
SELECT
    members.country_code,
    policy_targets.target_id,
    coalesce(counted.commitments, 0) AS commitments,
    coalesce(counted.explicit, 0) AS explicit,
    coalesce(counted.related, 0) AS related,
    coalesce(several.commitments, 0) AS serving_several_targets,
    CASE
        WHEN counted.commitments IS NOT NULL THEN 'found'
        WHEN several.commitments IS NOT NULL THEN 'several_targets_only'
        ELSE 'none_found'
    END AS status
FROM members
CROSS JOIN policy_targets
LEFT JOIN counted
    ON counted.country_code = members.country_code AND counted.target_id = policy_targets.target_id
LEFT JOIN several
    ON several.country_code = members.country_code
ORDER BY members.country_code, policy_targets.target_id
