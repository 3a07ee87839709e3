-- The columns of tables and foreign tables, dropped ones left out.
-- expression is the default, or the expression of a generated column. A default refers to no column, so pg_get_expr is
-- not given the relation, which is half of what printing costs (manual, System Catalog Information Functions).
-- Collation 100 is "default".
SELECT a.attrelid AS relation, a.attnum AS number, a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS not_null, nullif(a.attidentity, '') AS identity, nullif(a.attgenerated, '') AS generated,
       pg_catalog.pg_get_expr(d.adbin, CASE WHEN a.attgenerated <> '' THEN d.adrelid ELSE '0' END) AS expression,
       a.attcollation AS collation,
       CASE WHEN a.attcollation NOT IN ('0', '100') THEN a.attcollation::regcollation END AS collation_name
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef
WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p', 'f')
