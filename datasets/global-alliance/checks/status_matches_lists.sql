-- The status of a member follows from the two lists: founding is in both, joined_later only in 2014, launch_only only at the launch.
SELECT
    'members' AS resource,
    country_code AS key,
    name_en || ' has the status ' || status || ', which does not fit the two lists.' AS message
FROM members
WHERE status <> CASE
    WHEN listed_at_launch AND listed_in_2014 THEN 'founding'
    WHEN listed_in_2014 THEN 'joined_later'
    WHEN listed_at_launch THEN 'launch_only'
    ELSE 'in neither list'
END
ORDER BY key
