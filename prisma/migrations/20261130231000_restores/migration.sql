-- What restoring leaves in a store: the mark that holds back relays and consumers until it is resumed, and what trying backups has found.

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- CreateTable
CREATE TABLE "restores" (
    "id" UUID NOT NULL DEFAULT time_ordered_id(),
    "backup_id" TEXT NOT NULL,
    "cut" TIMESTAMPTZ(3) NOT NULL,
    "restored_at" TIMESTAMPTZ(3) NOT NULL DEFAULT current_instant(),
    "resumed_at" TIMESTAMPTZ(3),
    "row_count" BIGINT NOT NULL,
    "item_count" BIGINT NOT NULL,
    "outbox_until" BIGINT NOT NULL,
    "erasures" TEXT NOT NULL,

    CONSTRAINT "restores_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backup_drills" (
    "id" UUID NOT NULL DEFAULT time_ordered_id(),
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT current_instant(),
    "backup_id" TEXT NOT NULL,
    "cut" TIMESTAMPTZ(3) NOT NULL,
    "equal" BOOLEAN NOT NULL,
    "differences" TEXT[] NOT NULL,
    "loss_ms" BIGINT NOT NULL,
    "duration_ms" BIGINT NOT NULL,

    CONSTRAINT "backup_drills_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "backup_drills_at_idx" ON "backup_drills"("at");

COMMENT ON TABLE "restores" IS 'A store that was restored from a backup. Until it is resumed no relay and no consumer of a stream works on it.';

COMMENT ON TABLE "backup_drills" IS 'A backup that was restored into a stack of its own, and what was found.';

-- Who may do what with "restores": those named here, and nobody else.
ALTER TABLE "restores" OWNER TO miyabi_owner;

ALTER TABLE "restores" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY owner_all ON "restores" FOR ALL TO miyabi_owner USING (true);

GRANT SELECT ON "restores" TO miyabi_service;

CREATE POLICY service_read ON "restores" FOR SELECT TO miyabi_service USING (true);

-- Who may do what with "backup_drills": those named here, and nobody else.
ALTER TABLE "backup_drills" OWNER TO miyabi_owner;

ALTER TABLE "backup_drills" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY owner_all ON "backup_drills" FOR ALL TO miyabi_owner USING (true);

GRANT SELECT ON "backup_drills" TO miyabi_service;

CREATE POLICY service_read ON "backup_drills" FOR SELECT TO miyabi_service USING (true);

ALTER TABLE restores
  ADD CONSTRAINT restores_counts_not_negative CHECK (row_count >= 0 AND item_count >= 0 AND outbox_until >= 0),
  ADD CONSTRAINT restores_erasures_known CHECK (erasures IN ('pending', 'applied', 'without')),
  ADD CONSTRAINT restores_cut_within_years_1_to_9999 CHECK (cut >= '0001-01-01 00:00:00+00' AND cut < '10000-01-01 00:00:00+00'),
  ADD CONSTRAINT restores_restored_at_within_years_1_to_9999 CHECK (restored_at >= '0001-01-01 00:00:00+00' AND restored_at < '10000-01-01 00:00:00+00'),
  ADD CONSTRAINT restores_resumed_at_within_years_1_to_9999 CHECK (resumed_at >= '0001-01-01 00:00:00+00' AND resumed_at < '10000-01-01 00:00:00+00');

ALTER TABLE backup_drills
  ADD CONSTRAINT backup_drills_equal_without_differences CHECK (equal = (cardinality(differences) = 0)),
  ADD CONSTRAINT backup_drills_times_not_negative CHECK (loss_ms >= 0 AND duration_ms >= 0),
  ADD CONSTRAINT backup_drills_at_within_years_1_to_9999 CHECK (at >= '0001-01-01 00:00:00+00' AND at < '10000-01-01 00:00:00+00'),
  ADD CONSTRAINT backup_drills_cut_within_years_1_to_9999 CHECK (cut >= '0001-01-01 00:00:00+00' AND cut < '10000-01-01 00:00:00+00');
