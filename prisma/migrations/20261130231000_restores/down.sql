-- Takes the marks of restores and the results of drills away: a store that was restored is no longer held back.
--
-- @loses restores backup_drills

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- DropTable
DROP TABLE "public"."restores";

-- DropTable
DROP TABLE "public"."backup_drills";
