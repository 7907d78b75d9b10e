-- Beside Mikhmon: what a hotspot wishes, the sale records written for it, and vouchers whose validity the relay ends.

ALTER TABLE hotspot ADD COLUMN mikhmon_records INTEGER NOT NULL DEFAULT 0 CHECK (mikhmon_records IN (0, 1));
ALTER TABLE hotspot ADD COLUMN mikhmon_batch TEXT NOT NULL DEFAULT 'day';
ALTER TABLE hotspot ADD COLUMN mikhmon_expiry INTEGER NOT NULL DEFAULT 0 CHECK (mikhmon_expiry IN (0, 1));

-- A sale record as the router is to have it, stored before the router hears of it: its name is what a lost answer is
-- looked up by. Sealed, because the name holds the code.
CREATE TABLE sale_record (
    order_reference TEXT PRIMARY KEY REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    record_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_record_company ON sale_record (company);

-- Routers that refuse sale records, of which the operator was told; their row goes with the first record they take.
CREATE TABLE sale_record_refused (
    router TEXT PRIMARY KEY REFERENCES router (id) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_record_refused_company ON sale_record_refused (company);

-- Vouchers whose validity is watched. `ended_at`: the relay ended this one; others that need no watch are deleted.
CREATE TABLE validity_watch (
    order_reference TEXT PRIMARY KEY REFERENCES orders (reference) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    router TEXT NOT NULL REFERENCES router (id) ON DELETE CASCADE,
    -- From the profile's script, once it was read.
    validity_s INTEGER,
    -- The latest moment at which the first login can have been.
    first_login_at INTEGER,
    ends_at INTEGER,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX validity_watch_router ON validity_watch (router) WHERE ended_at IS NULL;
CREATE INDEX validity_watch_company ON validity_watch (company);
