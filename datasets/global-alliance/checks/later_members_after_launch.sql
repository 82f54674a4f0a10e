-- A country named in 2014 only joined after the launch and not after the conference of 2014, on an announced day or within a window.
SELECT
    'members' AS resource,
    members.country_code AS key,
    members.name_en || ' is not in the launch list, but its date of joining is not between the launch and the conference of 2014, '
        || 'or the evidence does not fit: an announcement goes with a day, a comparison of the lists with a window.' AS message
FROM members
CROSS JOIN (SELECT date_earliest FROM events WHERE type = 'launch') AS launch
CROSS JOIN (SELECT max(date_latest) AS date_latest FROM events WHERE type = 'conference' AND members_reported IS NOT NULL) AS conference
WHERE NOT members.listed_at_launch
    AND (
        members.join_date_earliest <= launch.date_earliest
        OR members.join_date_latest > conference.date_latest
        OR (members.join_date_precision = 'day') <> (members.join_evidence = 'announcement')
        OR (members.join_date_precision = 'range') <> (members.join_evidence = 'list_comparison')
    )
ORDER BY key
