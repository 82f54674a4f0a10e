-- From 48 countries at the launch to 54 in 2014, step by step, each step with its source.
-- A country that is only in the launch list gets no date: no source explains the difference between the lists.
WITH totals AS (
    SELECT
        count(*) FILTER (WHERE listed_at_launch) AS at_launch,
        count(*) FILTER (WHERE listed_in_2014) AS in_2014
    FROM members
),
events_with_a_count AS (
    SELECT
        events.event_id AS step_id,
        CASE events.type
            WHEN 'launch' THEN 'launch_list'
            WHEN 'conference' THEN 'list_2014'
            ELSE 'reported_count'
        END AS kind,
        CAST(NULL AS VARCHAR) AS country_code,
        events.date_earliest,
        events.date_latest,
        events.date_precision,
        CASE events.type WHEN 'launch' THEN totals.at_launch WHEN 'conference' THEN totals.in_2014 END AS members_listed,
        events.members_reported,
        CASE events.type WHEN 'launch' THEN totals.at_launch END AS list_difference,
        events.title_en,
        events.title_ar,
        events.title_fr,
        CAST(NULL AS VARCHAR) AS name_note_en,
        CAST(NULL AS VARCHAR) AS name_note_ar,
        CAST(NULL AS VARCHAR) AS name_note_fr,
        events.source_id,
        CASE events.type WHEN 'launch' THEN 1 WHEN 'conference' THEN 4 ELSE 3 END AS place
    FROM events
    CROSS JOIN totals
    WHERE events.members_reported IS NOT NULL
),
named_at_the_launch_only AS (
    SELECT
        country_code,
        'launch_list_only',
        country_code,
        CAST(NULL AS DATE),
        CAST(NULL AS DATE),
        'unknown',
        CAST(NULL AS BIGINT),
        CAST(NULL AS BIGINT),
        -1,
        name_en || ' is in the launch list and not in that of 2014; no explanation found',
        name_ar || ' في قائمة الإطلاق وليست في قائمة 2014، ولم يُعثر على تفسير',
        name_fr || ' figure dans la liste du lancement et non dans celle de 2014, sans explication trouvée',
        name_note_en,
        name_note_ar,
        name_note_fr,
        source_id,
        2
    FROM members
    WHERE status = 'launch_only'
),
joined_later AS (
    SELECT
        country_code,
        CASE join_date_precision WHEN 'day' THEN 'joined_on_a_day' ELSE 'joined_in_a_window' END,
        country_code,
        join_date_earliest,
        join_date_latest,
        join_date_precision,
        CAST(NULL AS BIGINT),
        CAST(NULL AS BIGINT),
        1,
        CASE join_date_precision
            WHEN 'day' THEN name_en || ' joins'
            ELSE name_en || ' joins, day not known'
        END,
        CASE join_date_precision
            WHEN 'day' THEN 'انضمام ' || name_ar
            ELSE 'انضمام ' || name_ar || '، واليوم غير معروف'
        END,
        CASE join_date_precision
            WHEN 'day' THEN name_fr || ' rejoint l’Alliance'
            ELSE name_fr || ' rejoint l’Alliance, jour non connu'
        END,
        name_note_en,
        name_note_ar,
        name_note_fr,
        source_id,
        3
    FROM members
    WHERE status = 'joined_later'
),
steps AS (
    SELECT * FROM events_with_a_count
    UNION ALL
    SELECT * FROM named_at_the_launch_only
    UNION ALL
    SELECT * FROM joined_later
)
SELECT
    row_number() OVER (ORDER BY CASE WHEN place < 3 THEN place ELSE 3 END, date_latest, place, step_id) AS step,
    step_id,
    kind,
    country_code,
    date_earliest,
    date_latest,
    date_precision,
    members_listed,
    members_reported,
    CAST(list_difference AS BIGINT) AS list_difference,
    title_en,
    title_ar,
    title_fr,
    name_note_en,
    name_note_ar,
    name_note_fr,
    source_id
FROM steps
ORDER BY step
