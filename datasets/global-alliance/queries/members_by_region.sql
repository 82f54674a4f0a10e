-- UN region and sub-region: how many countries are in the list of 2012 and in that of 2014.
SELECT
    un_region,
    un_subregion,
    count(*) FILTER (WHERE listed_at_launch) AS listed_at_launch,
    count(*) FILTER (WHERE listed_in_2014) AS listed_in_2014,
    count(*) FILTER (WHERE status = 'joined_later') AS in_2014_only,
    count(*) FILTER (WHERE status = 'launch_only') AS at_launch_only,
    count(*) FILTER (WHERE listed_in_2014 AND eu_member_in_2014) AS eu_members_in_2014,
    count(*) FILTER (WHERE m49 IS NULL) AS placed_by_analogy
FROM members
GROUP BY un_region, un_subregion
ORDER BY un_region, un_subregion
