-- That the data of a person were erased, without saying whose. And a license that was revoked stays so when its key is erased: what
-- remains of the key is its hash.

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- CreateTable
CREATE TABLE "erasures" (
    "mark" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT current_instant(),

    CONSTRAINT "erasures_pkey" PRIMARY KEY ("mark")
);

ALTER TABLE "erasures"
  ADD CONSTRAINT "erasures_mark_is_sha256_in_hex" CHECK ("mark" ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT "erasures_at_within_years_1_to_9999" CHECK ("at" >= '0001-01-01 00:00:00+00' AND "at" < '10000-01-01 00:00:00+00');

COMMENT ON TABLE "erasures" IS 'That the data of a person were erased, without saying whose: a restore of an older backup erases them again.';

-- Who may do what with "erasures": those named here, and nobody else.
ALTER TABLE "erasures" OWNER TO miyabi_owner;

ALTER TABLE "erasures" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY owner_all ON "erasures" FOR ALL TO miyabi_owner USING (true);

-- Nothing is taken off this list but by its owner.
GRANT SELECT, INSERT, UPDATE ON "erasures" TO miyabi_service;

CREATE POLICY service_all ON "erasures" FOR ALL TO miyabi_service USING (true);

CREATE OR REPLACE FUNCTION public.license_is_revoked(p_license_key text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_license_key IS NULL THEN
    RAISE EXCEPTION 'Whether a license is revoked needs its key: it is NULL.' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  -- The hash stands for a key that was erased with the person who had it.
  RETURN EXISTS (SELECT FROM public.revoked_licenses
                  WHERE license_key IN (p_license_key, 'sha256:' || encode(sha256(convert_to(p_license_key, 'UTF8')), 'hex')))
      OR EXISTS (SELECT FROM public.licenses WHERE license_key = p_license_key AND revoked);
END
$$;
