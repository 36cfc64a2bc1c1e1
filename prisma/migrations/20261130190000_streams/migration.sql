-- DynamoDB's streams, counted once: where each consumer stands, what it could not handle, and what its two projections need of tables that
-- are there.

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- AlterTable
ALTER TABLE "agent_executions" ADD COLUMN     "state_version" DOUBLE PRECISION;

-- AlterTable
ALTER TABLE "usage_events" ADD COLUMN     "agent" TEXT,
ADD COLUMN     "meter" TEXT,
ADD COLUMN     "quantity" INTEGER;

-- CreateTable
CREATE TABLE "stream_shards" (
    "consumer" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "shard" TEXT NOT NULL,
    "parent" TEXT,
    "generation" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "gap" TEXT,
    "sequence" TEXT,
    "record_at" TIMESTAMPTZ(3),
    "since" TIMESTAMPTZ(3),
    "holder" UUID,
    "fence" BIGINT NOT NULL DEFAULT 0,
    "held_until" TIMESTAMPTZ(3),
    "listed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT current_instant(),

    CONSTRAINT "stream_shards_pkey" PRIMARY KEY ("consumer","stream","shard")
) WITH (fillfactor = 50);

-- CreateTable
CREATE TABLE "stream_dead" (
    "id" UUID NOT NULL DEFAULT time_ordered_id(),
    "consumer" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "shard" TEXT NOT NULL,
    "sequence" TEXT NOT NULL,
    "record" JSON NOT NULL,
    "code" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT current_instant(),

    CONSTRAINT "stream_dead_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "stream_dead_consumer_stream_shard_sequence_key" ON "stream_dead"("consumer", "stream", "shard", "sequence");

ALTER TABLE "stream_shards" ADD CONSTRAINT "stream_shards_record_at_within_years_1_to_9999" CHECK ("record_at" >= '0001-01-01 00:00:00+00' AND "record_at" < '10000-01-01 00:00:00+00');

ALTER TABLE "stream_shards" ADD CONSTRAINT "stream_shards_since_within_years_1_to_9999" CHECK ("since" >= '0001-01-01 00:00:00+00' AND "since" < '10000-01-01 00:00:00+00');

ALTER TABLE "stream_shards" ADD CONSTRAINT "stream_shards_held_until_within_years_1_to_9999" CHECK ("held_until" >= '0001-01-01 00:00:00+00' AND "held_until" < '10000-01-01 00:00:00+00');

ALTER TABLE "stream_shards" ADD CONSTRAINT "stream_shards_listed_at_within_years_1_to_9999" CHECK ("listed_at" >= '0001-01-01 00:00:00+00' AND "listed_at" < '10000-01-01 00:00:00+00');

ALTER TABLE "stream_dead" ADD CONSTRAINT "stream_dead_created_at_within_years_1_to_9999" CHECK ("created_at" >= '0001-01-01 00:00:00+00' AND "created_at" < '10000-01-01 00:00:00+00');

COMMENT ON TABLE "stream_shards" IS 'Where a consumer of a DynamoDB stream stands in one of its shards: checkpoint, lease and fence in one row, which every batch changes in the transaction of its effect.';

COMMENT ON TABLE "stream_dead" IS 'A record of a DynamoDB stream that a consumer could not handle, kept while the others went on.';

-- Who may do what with "stream_shards": those named here, and nobody else.
ALTER TABLE "stream_shards" OWNER TO miyabi_owner;

ALTER TABLE "stream_shards" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY owner_all ON "stream_shards" FOR ALL TO miyabi_owner USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON "stream_shards" TO miyabi_service;

CREATE POLICY service_all ON "stream_shards" FOR ALL TO miyabi_service USING (true);

-- Who may do what with "stream_dead": those named here, and nobody else.
ALTER TABLE "stream_dead" OWNER TO miyabi_owner;

ALTER TABLE "stream_dead" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY owner_all ON "stream_dead" FOR ALL TO miyabi_owner USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON "stream_dead" TO miyabi_service;

CREATE POLICY service_all ON "stream_dead" FOR ALL TO miyabi_service USING (true);

-- Every batch changes its shard's row, in place where the page has room: no changed column is in an index.
ALTER TABLE stream_shards
  ADD CONSTRAINT stream_shards_generation_positive CHECK (generation > 0),
  ADD CONSTRAINT stream_shards_state_known CHECK (state IN ('open', 'ended', 'done', 'gap')),
  ADD CONSTRAINT stream_shards_gap_known CHECK (gap IN ('trimmed', 'shard_gone', 'stream_replaced')),
  ADD CONSTRAINT stream_shards_gap_has_reason CHECK ((state = 'gap') = (gap IS NOT NULL));

-- A use counted by its event says how much of what, so that sums can be counted again; one recorded directly says neither.
ALTER TABLE usage_events
  ADD CONSTRAINT usage_events_meter_known CHECK (meter IN ('issues', 'tokens', 'agent_executions')) NOT VALID,
  ADD CONSTRAINT usage_events_quantity_not_negative CHECK (quantity >= 0) NOT VALID,
  ADD CONSTRAINT usage_events_quantity_has_meter CHECK (quantity IS NULL OR meter IS NOT NULL) NOT VALID,
  ADD CONSTRAINT usage_events_agent_has_meter CHECK (agent IS NULL OR meter IS NOT DISTINCT FROM 'agent_executions') NOT VALID;

ALTER TABLE agent_executions
  ADD CONSTRAINT agent_executions_state_version_not_negative CHECK (state_version >= 0) NOT VALID;
