-- add_phase1_foundation: create 3 tables, 8 indexes, add 5 foreign keys
-- note: The new tables will belong to "leora".
\set ON_ERROR_STOP on

-- Locks are first asked for without waiting, so that no write queues behind them, then waited for,
-- for MILLISECONDS ms at most. When one is not free by then, all is rolled back: run the script again.
-- `leora-migrate apply` does that by itself.

BEGIN;
SET LOCAL lock_timeout = '500ms';
SET LOCAL statement_timeout = '0';
SET LOCAL idle_in_transaction_session_timeout = '60s';
SET LOCAL client_min_messages = 'warning';
SET LOCAL standard_conforming_strings = 'on';
SET LOCAL search_path = "public", pg_temp;
SELECT pg_catalog.pg_advisory_xact_lock(72707369) \g /dev/null

-- create table "MetricDefinition"
CREATE TABLE "MetricDefinition" (
    "id" UUID NOT NULL,
    "tenantId" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "formula" JSONB,
    "version" INTEGER NOT NULL DEFAULT 1,
    "effectiveAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deprecatedAt" TIMESTAMP(3),
    "createdById" UUID NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "MetricDefinition_pkey" PRIMARY KEY ("id")
);

-- create table "DashboardWidget"
CREATE TABLE "DashboardWidget" (
    "id" UUID NOT NULL,
    "tenantId" UUID NOT NULL,
    "userId" UUID,
    "widgetType" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "size" TEXT NOT NULL DEFAULT 'medium',
    "isVisible" BOOLEAN NOT NULL DEFAULT true,
    "config" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "DashboardWidget_pkey" PRIMARY KEY ("id")
);

-- create table "Job"
CREATE TABLE "Job" (
    "id" UUID NOT NULL,
    "tenantId" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "maxAttempts" INTEGER NOT NULL DEFAULT 3,
    "result" JSONB,
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Job_pkey" PRIMARY KEY ("id")
);

-- create index "MetricDefinition_tenantId_code_idx" on "MetricDefinition"
CREATE INDEX "MetricDefinition_tenantId_code_idx"
    ON "MetricDefinition" ("tenantId", "code");

-- create unique index "MetricDefinition_tenantId_code_version_key" on "MetricDefinition"
CREATE UNIQUE INDEX "MetricDefinition_tenantId_code_version_key"
    ON "MetricDefinition" ("tenantId", "code", "version");

-- create index "MetricDefinition_tenantId_effectiveAt_idx" on "MetricDefinition"
CREATE INDEX "MetricDefinition_tenantId_effectiveAt_idx"
    ON "MetricDefinition" ("tenantId", "effectiveAt");

-- create index "DashboardWidget_tenantId_userId_idx" on "DashboardWidget"
CREATE INDEX "DashboardWidget_tenantId_userId_idx"
    ON "DashboardWidget" ("tenantId", "userId");

-- create unique index "DashboardWidget_tenantId_userId_widgetType_key" on "DashboardWidget"
CREATE UNIQUE INDEX "DashboardWidget_tenantId_userId_widgetType_key"
    ON "DashboardWidget" ("tenantId", "userId", "widgetType");

-- create index "Job_status_idx" on "Job"
CREATE INDEX "Job_status_idx"
    ON "Job" ("status");

-- create index "Job_tenantId_idx" on "Job"
CREATE INDEX "Job_tenantId_idx"
    ON "Job" ("tenantId");

-- create index "Job_type_status_idx" on "Job"
CREATE INDEX "Job_type_status_idx"
    ON "Job" ("type", "status");
CREATE SCHEMA leora_migrate;
CREATE TABLE leora_migrate.migration (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    target_schema TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'applied', 'failed', 'rolled back')),
    plan JSONB NOT NULL,
    steps_done INTEGER NOT NULL,
    running_step INTEGER,
    step_started_at TIMESTAMPTZ,
    error TEXT,
    tool_version TEXT NOT NULL,
    server_version TEXT NOT NULL DEFAULT pg_catalog.current_setting('server_version'),
    applied_by TEXT NOT NULL DEFAULT session_user,
    host TEXT NOT NULL,
    client_address INET DEFAULT inet_client_addr(),
    started_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished_at TIMESTAMPTZ,
    rolled_back_at TIMESTAMPTZ,
    rolled_back_by TEXT,
    rolled_back_from TEXT,
    layout INTEGER NOT NULL GENERATED ALWAYS AS (2) STORED
);
INSERT INTO leora_migrate.migration
    (id, name, target_schema, state, plan, steps_done, tool_version, host, finished_at)
    VALUES ('UUID', 'add_phase1_foundation', 'public', 'applied', '[{"change":{"change":"create-table","name":"MetricDefinition","definition":{"columns":[{"name":"id","type":"uuid"},{"name":"tenantId","type":"uuid"},{"name":"code","type":"text"},{"name":"name","type":"text"},{"name":"description","type":"text"},{"name":"formula","type":"jsonb","nullable":true},{"name":"version","type":"integer","default":"1"},{"name":"effectiveAt","type":"timestamp(3) without time zone","default":"CURRENT_TIMESTAMP"},{"name":"deprecatedAt","type":"timestamp(3) without time zone","nullable":true},{"name":"createdById","type":"uuid"},{"name":"createdAt","type":"timestamp(3) without time zone","default":"CURRENT_TIMESTAMP"}],"primary_key":{"name":"MetricDefinition_pkey","columns":["id"]},"indexes":{"MetricDefinition_tenantId_code_idx":{"keys":[{"column":"tenantId"},{"column":"code"}]},"MetricDefinition_tenantId_code_version_key":{"keys":[{"column":"tenantId"},{"column":"code"},{"column":"version"}],"unique":true},"MetricDefinition_tenantId_effectiveAt_idx":{"keys":[{"column":"tenantId"},{"column":"effectiveAt"}]}},"foreign_keys":{"MetricDefinition_createdById_fkey":{"columns":["createdById"],"references":"User","referenced_columns":["id"],"on_delete":"restrict","on_update":"cascade"},"MetricDefinition_tenantId_fkey":{"columns":["tenantId"],"references":"Tenant","referenced_columns":["id"],"on_delete":"cascade","on_update":"cascade"}}}},"sql":"CREATE TABLE \"MetricDefinition\" (\n    \"id\" UUID NOT NULL,\n    \"tenantId\" UUID NOT NULL,\n    \"code\" TEXT NOT NULL,\n    \"name\" TEXT NOT NULL,\n    \"description\" TEXT NOT NULL,\n    \"formula\" JSONB,\n    \"version\" INTEGER NOT NULL DEFAULT 1,\n    \"effectiveAt\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    \"deprecatedAt\" TIMESTAMP(3),\n    \"createdById\" UUID NOT NULL,\n    \"createdAt\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    CONSTRAINT \"MetricDefinition_pkey\" PRIMARY KEY (\"id\")\n)","locks":[],"transaction":"together","undo":{"sql":"DROP TABLE \"MetricDefinition\""},"hazards":[]},{"change":{"change":"create-table","name":"DashboardWidget","definition":{"columns":[{"name":"id","type":"uuid"},{"name":"tenantId","type":"uuid"},{"name":"userId","type":"uuid","nullable":true},{"name":"widgetType","type":"text"},{"name":"position","type":"integer"},{"name":"size","type":"text","default":"''medium''"},{"name":"isVisible","type":"boolean","default":"true"},{"name":"config","type":"jsonb","nullable":true},{"name":"createdAt","type":"timestamp(3) without time zone","default":"CURRENT_TIMESTAMP"},{"name":"updatedAt","type":"timestamp(3) without time zone"}],"primary_key":{"name":"DashboardWidget_pkey","columns":["id"]},"indexes":{"DashboardWidget_tenantId_userId_idx":{"keys":[{"column":"tenantId"},{"column":"userId"}]},"DashboardWidget_tenantId_userId_widgetType_key":{"keys":[{"column":"tenantId"},{"column":"userId"},{"column":"widgetType"}],"unique":true}},"foreign_keys":{"DashboardWidget_tenantId_fkey":{"columns":["tenantId"],"references":"Tenant","referenced_columns":["id"],"on_delete":"cascade","on_update":"cascade"},"DashboardWidget_userId_fkey":{"columns":["userId"],"references":"User","referenced_columns":["id"],"on_delete":"cascade","on_update":"cascade"}}}},"sql":"CREATE TABLE \"DashboardWidget\" (\n    \"id\" UUID NOT NULL,\n    \"tenantId\" UUID NOT NULL,\n    \"userId\" UUID,\n    \"widgetType\" TEXT NOT NULL,\n    \"position\" INTEGER NOT NULL,\n    \"size\" TEXT NOT NULL DEFAULT ''medium'',\n    \"isVisible\" BOOLEAN NOT NULL DEFAULT true,\n    \"config\" JSONB,\n    \"createdAt\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    \"updatedAt\" TIMESTAMP(3) NOT NULL,\n    CONSTRAINT \"DashboardWidget_pkey\" PRIMARY KEY (\"id\")\n)","locks":[],"transaction":"together","undo":{"sql":"DROP TABLE \"DashboardWidget\""},"hazards":[]},{"change":{"change":"create-table","name":"Job","definition":{"columns":[{"name":"id","type":"uuid"},{"name":"tenantId","type":"uuid"},{"name":"type","type":"text"},{"name":"payload","type":"jsonb"},{"name":"status","type":"text","default":"''pending''"},{"name":"attempts","type":"integer","default":"0"},{"name":"maxAttempts","type":"integer","default":"3"},{"name":"result","type":"jsonb","nullable":true},{"name":"error","type":"text","nullable":true},{"name":"createdAt","type":"timestamp(3) without time zone","default":"CURRENT_TIMESTAMP"},{"name":"updatedAt","type":"timestamp(3) without time zone"}],"primary_key":{"name":"Job_pkey","columns":["id"]},"indexes":{"Job_status_idx":{"keys":[{"column":"status"}]},"Job_tenantId_idx":{"keys":[{"column":"tenantId"}]},"Job_type_status_idx":{"keys":[{"column":"type"},{"column":"status"}]}},"foreign_keys":{"Job_tenantId_fkey":{"columns":["tenantId"],"references":"Tenant","referenced_columns":["id"],"on_delete":"cascade","on_update":"cascade"}}}},"sql":"CREATE TABLE \"Job\" (\n    \"id\" UUID NOT NULL,\n    \"tenantId\" UUID NOT NULL,\n    \"type\" TEXT NOT NULL,\n    \"payload\" JSONB NOT NULL,\n    \"status\" TEXT NOT NULL DEFAULT ''pending'',\n    \"attempts\" INTEGER NOT NULL DEFAULT 0,\n    \"maxAttempts\" INTEGER NOT NULL DEFAULT 3,\n    \"result\" JSONB,\n    \"error\" TEXT,\n    \"createdAt\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    \"updatedAt\" TIMESTAMP(3) NOT NULL,\n    CONSTRAINT \"Job_pkey\" PRIMARY KEY (\"id\")\n)","locks":[],"transaction":"together","undo":{"sql":"DROP TABLE \"Job\""},"hazards":[]},{"change":{"change":"create-index","table":"MetricDefinition","name":"MetricDefinition_tenantId_code_idx","index":{"keys":[{"column":"tenantId"},{"column":"code"}]},"concurrently":false},"sql":"CREATE INDEX \"MetricDefinition_tenantId_code_idx\"\n    ON \"MetricDefinition\" (\"tenantId\", \"code\")","locks":[],"transaction":"together","undo":{"sql":"DROP INDEX \"MetricDefinition_tenantId_code_idx\""},"hazards":[]},{"change":{"change":"create-index","table":"MetricDefinition","name":"MetricDefinition_tenantId_code_version_key","index":{"keys":[{"column":"tenantId"},{"column":"code"},{"column":"version"}],"unique":true},"concurrently":false},"sql":"CREATE UNIQUE INDEX \"MetricDefinition_tenantId_code_version_key\"\n    ON \"MetricDefinition\" (\"tenantId\", \"code\", \"version\")","locks":[],"transaction":"together","undo":{"sql":"DROP INDEX \"MetricDefinition_tenantId_code_version_key\""},"hazards":[]},{"change":{"change":"create-index","table":"MetricDefinition","name":"MetricDefinition_tenantId_effectiveAt_idx","index":{"keys":[{"column":"tenantId"},{"column":"effectiveAt"}]},"concurrently":false},"sql":"CREATE INDEX \"MetricDefinition_tenantId_effectiveAt_idx\"\n    ON \"MetricDefinition\" (\"tenantId\", \"effectiveAt\")","locks":[],"transaction":"together","undo":{"sql":"DROP INDEX \"MetricDefinition_tenantId_effectiveAt_idx\""},"hazards":[]},{"change":{"change":"create-index","table":"DashboardWidget","name":"DashboardWidget_tenantId_userId_idx","index":{"keys":[{"column":"tenantId"},{"column":"userId"}]},"concurrently":false},"sql":"CREATE INDEX \"DashboardWidget_tenantId_userId_idx\"\n    ON \"DashboardWidget\" (\"tenantId\", \"userId\")","locks":[],"transaction":"together","undo":{"sql":"DROP INDEX \"DashboardWidget_tenantId_userId_idx\""},"hazards":[]},{"change":{"change":"create-index","table":"DashboardWidget","name":"DashboardWidget_tenantId_userId_widgetType_key","index":{"keys":[{"column":"tenantId"},{"column":"userId"},{"column":"widgetType"}],"unique":true},"concurrently":false},"sql":"CREATE UNIQUE INDEX \"DashboardWidget_tenantId_userId_widgetType_key\"\n    ON \"DashboardWidget\" (\"tenantId\", \"userId\", \"widgetType\")","locks":[],"transaction":"together","undo":{"sql":"DROP INDEX \"DashboardWidget_tenantId_userId_widgetType_key\""},"hazards":[]},{"change":{"change":"create-index","table":"Job","name":"Job_status_idx","index":{"keys":[{"column":"status"}]},"concurrently":false},"sql":"CREATE INDEX \"Job_status_idx\"\n    ON \"Job\" (\"status\")","locks":[],"transaction":"together","undo":{"sql":"DROP INDEX \"Job_status_idx\""},"hazards":[]},{"change":{"change":"create-index","table":"Job","name":"Job_tenantId_idx","index":{"keys":[{"column":"tenantId"}]},"concurrently":false},"sql":"CREATE INDEX \"Job_tenantId_idx\"\n    ON \"Job\" (\"tenantId\")","locks":[],"transaction":"together","undo":{"sql":"DROP INDEX \"Job_tenantId_idx\""},"hazards":[]},{"change":{"change":"create-index","table":"Job","name":"Job_type_status_idx","index":{"keys":[{"column":"type"},{"column":"status"}]},"concurrently":false},"sql":"CREATE INDEX \"Job_type_status_idx\"\n    ON \"Job\" (\"type\", \"status\")","locks":[],"transaction":"together","undo":{"sql":"DROP INDEX \"Job_type_status_idx\""},"hazards":[]},{"change":{"change":"add-foreign-key","table":"MetricDefinition","name":"MetricDefinition_tenantId_fkey","key":{"columns":["tenantId"],"references":"Tenant","referenced_columns":["id"],"on_delete":"cascade","on_update":"cascade"},"not_valid":false},"sql":"ALTER TABLE \"MetricDefinition\"\n    ADD CONSTRAINT \"MetricDefinition_tenantId_fkey\"\n    FOREIGN KEY (\"tenantId\") REFERENCES \"Tenant\" (\"id\")\n    ON DELETE CASCADE ON UPDATE CASCADE","locks":[{"table":"Tenant","mode":"ShareRowExclusive"}],"transaction":"together","undo":{"sql":"ALTER TABLE \"MetricDefinition\" DROP CONSTRAINT \"MetricDefinition_tenantId_fkey\""},"hazards":[{"hazard":"blocks-writes","on":"Tenant"}]},{"change":{"change":"add-foreign-key","table":"DashboardWidget","name":"DashboardWidget_tenantId_fkey","key":{"columns":["tenantId"],"references":"Tenant","referenced_columns":["id"],"on_delete":"cascade","on_update":"cascade"},"not_valid":false},"sql":"ALTER TABLE \"DashboardWidget\"\n    ADD CONSTRAINT \"DashboardWidget_tenantId_fkey\"\n    FOREIGN KEY (\"tenantId\") REFERENCES \"Tenant\" (\"id\")\n    ON DELETE CASCADE ON UPDATE CASCADE","locks":[{"table":"Tenant","mode":"ShareRowExclusive"}],"transaction":"together","undo":{"sql":"ALTER TABLE \"DashboardWidget\" DROP CONSTRAINT \"DashboardWidget_tenantId_fkey\""},"hazards":[{"hazard":"blocks-writes","on":"Tenant"}]},{"change":{"change":"add-foreign-key","table":"Job","name":"Job_tenantId_fkey","key":{"columns":["tenantId"],"references":"Tenant","referenced_columns":["id"],"on_delete":"cascade","on_update":"cascade"},"not_valid":false},"sql":"ALTER TABLE \"Job\"\n    ADD CONSTRAINT \"Job_tenantId_fkey\"\n    FOREIGN KEY (\"tenantId\") REFERENCES \"Tenant\" (\"id\")\n    ON DELETE CASCADE ON UPDATE CASCADE","locks":[{"table":"Tenant","mode":"ShareRowExclusive"}],"transaction":"together","undo":{"sql":"ALTER TABLE \"Job\" DROP CONSTRAINT \"Job_tenantId_fkey\""},"hazards":[{"hazard":"blocks-writes","on":"Tenant"}]},{"change":{"change":"add-foreign-key","table":"MetricDefinition","name":"MetricDefinition_createdById_fkey","key":{"columns":["createdById"],"references":"User","referenced_columns":["id"],"on_delete":"restrict","on_update":"cascade"},"not_valid":false},"sql":"ALTER TABLE \"MetricDefinition\"\n    ADD CONSTRAINT \"MetricDefinition_createdById_fkey\"\n    FOREIGN KEY (\"createdById\") REFERENCES \"User\" (\"id\")\n    ON DELETE RESTRICT ON UPDATE CASCADE","locks":[{"table":"User","mode":"ShareRowExclusive"}],"transaction":"together","undo":{"sql":"ALTER TABLE \"MetricDefinition\" DROP CONSTRAINT \"MetricDefinition_createdById_fkey\""},"hazards":[{"hazard":"blocks-writes","on":"User"}]},{"change":{"change":"add-foreign-key","table":"DashboardWidget","name":"DashboardWidget_userId_fkey","key":{"columns":["userId"],"references":"User","referenced_columns":["id"],"on_delete":"cascade","on_update":"cascade"},"not_valid":false},"sql":"ALTER TABLE \"DashboardWidget\"\n    ADD CONSTRAINT \"DashboardWidget_userId_fkey\"\n    FOREIGN KEY (\"userId\") REFERENCES \"User\" (\"id\")\n    ON DELETE CASCADE ON UPDATE CASCADE","locks":[{"table":"User","mode":"ShareRowExclusive"}],"transaction":"together","undo":{"sql":"ALTER TABLE \"DashboardWidget\" DROP CONSTRAINT \"DashboardWidget_userId_fkey\""},"hazards":[{"hazard":"blocks-writes","on":"User"}]}]', 16, 'VERSION', 'psql', clock_timestamp())
    RETURNING pg_current_xact_id() \g /dev/null
DO $locks$
DECLARE
    statements text[] := ARRAY[
        'LOCK TABLE ONLY "Tenant" IN SHARE ROW EXCLUSIVE MODE',
        'LOCK TABLE ONLY "User" IN SHARE ROW EXCLUSIVE MODE'];
    began CONSTANT timestamptz := pg_catalog.clock_timestamp();
    asked timestamptz;
    statement text;
    refused integer;
BEGIN
    -- Without waiting, so that nobody queues behind it. What is not free is asked for first the next time.
    LOOP
        asked := pg_catalog.clock_timestamp();
        refused := 0;
        BEGIN
            FOREACH statement IN ARRAY statements LOOP
                refused := refused + 1;
                EXECUTE statement || ' NOWAIT';
            END LOOP;
            refused := 0;
        EXCEPTION WHEN lock_not_available THEN
            statements := pg_catalog.array_cat(statements[refused:], statements[:refused - 1]);
        END;
        EXIT WHEN refused = 0 OR asked >= began + interval 'MILLISECONDS ms';
        PERFORM pg_catalog.pg_sleep(0.0005::float8 + 0.002::float8 * pg_catalog.random());
    END LOOP;
    IF refused > 0 THEN
        asked := pg_catalog.clock_timestamp();
        RAISE INFO USING ERRCODE = 'LM002', MESSAGE = 'waiting for a lock; writes wait behind it';
        PERFORM pg_catalog.set_config('lock_timeout', '390ms', true);
        EXECUTE statements[1];
    END IF;
    PERFORM pg_catalog.set_config('lock_timeout', '10ms', true);
    IF refused > 0 THEN
        FOREACH statement IN ARRAY statements[2:] LOOP
            EXECUTE statement;
        END LOOP;
    END IF;
    RAISE INFO USING ERRCODE = 'LM003', MESSAGE = 'the locks are held; writes wait until the transaction ends';
    PERFORM pg_catalog.set_config('leora_migrate.free', pg_catalog.date_part('epoch'::text, asked - began)::text, true);
END $locks$;
SELECT pg_catalog.current_setting('leora_migrate.free') \g /dev/null

-- add foreign key "MetricDefinition_tenantId_fkey" on "MetricDefinition"; locks: SHARE ROW EXCLUSIVE on "Tenant"
ALTER TABLE "MetricDefinition"
    ADD CONSTRAINT "MetricDefinition_tenantId_fkey"
    FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id")
    ON DELETE CASCADE ON UPDATE CASCADE;

-- add foreign key "DashboardWidget_tenantId_fkey" on "DashboardWidget"; locks: SHARE ROW EXCLUSIVE on "Tenant"
ALTER TABLE "DashboardWidget"
    ADD CONSTRAINT "DashboardWidget_tenantId_fkey"
    FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id")
    ON DELETE CASCADE ON UPDATE CASCADE;

-- add foreign key "Job_tenantId_fkey" on "Job"; locks: SHARE ROW EXCLUSIVE on "Tenant"
ALTER TABLE "Job"
    ADD CONSTRAINT "Job_tenantId_fkey"
    FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id")
    ON DELETE CASCADE ON UPDATE CASCADE;

-- add foreign key "MetricDefinition_createdById_fkey" on "MetricDefinition"; locks: SHARE ROW EXCLUSIVE on "User"
ALTER TABLE "MetricDefinition"
    ADD CONSTRAINT "MetricDefinition_createdById_fkey"
    FOREIGN KEY ("createdById") REFERENCES "User" ("id")
    ON DELETE RESTRICT ON UPDATE CASCADE;

-- add foreign key "DashboardWidget_userId_fkey" on "DashboardWidget"; locks: SHARE ROW EXCLUSIVE on "User"
ALTER TABLE "DashboardWidget"
    ADD CONSTRAINT "DashboardWidget_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User" ("id")
    ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;
