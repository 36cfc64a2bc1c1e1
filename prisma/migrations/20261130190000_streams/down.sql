-- Takes the checkpoints, the dead letters and the columns of the projections away. The rows that events counted stay, without their quantities.
--
-- @loses agent_executions.state_version usage_events.agent usage_events.meter usage_events.quantity stream_shards stream_dead

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- AlterTable
ALTER TABLE "public"."agent_executions" DROP COLUMN "state_version";

-- AlterTable
ALTER TABLE "public"."usage_events" DROP COLUMN "agent",
DROP COLUMN "meter",
DROP COLUMN "quantity";

-- DropTable
DROP TABLE "public"."stream_shards";

-- DropTable
DROP TABLE "public"."stream_dead";
