-- What portals and the API know of companies, routers and plans besides what the business file says.

ALTER TABLE company ADD COLUMN contact_phone TEXT;
ALTER TABLE company ADD COLUMN logo_url TEXT;
ALTER TABLE company ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE company ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE company ADD COLUMN telegram_token_sealed BLOB;
ALTER TABLE company ADD COLUMN telegram_chat TEXT;
ALTER TABLE company ADD COLUMN telegram_on INTEGER NOT NULL DEFAULT 0;

ALTER TABLE router ADD COLUMN name TEXT;
ALTER TABLE router ADD COLUMN location TEXT;
ALTER TABLE router ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE router ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
-- What the names of users that portals sell begin with.
ALTER TABLE router ADD COLUMN user_prefix TEXT NOT NULL DEFAULT '';

-- Nobody wrote down when these were made; from now on they are as old as this schema.
UPDATE company SET created_at = CAST(unixepoch('subsec') * 1000 AS INTEGER);
UPDATE router SET created_at = CAST(unixepoch('subsec') * 1000 AS INTEGER);

-- A plan as the API sells it. The number is its id there: AUTOINCREMENT never gives one out twice.
CREATE TABLE product (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    plan TEXT NOT NULL UNIQUE REFERENCES plan (id) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    -- The profile's `.id` on the router, where somebody named it.
    profile_id TEXT,
    description TEXT,
    image_url TEXT,
    -- A JSON list of objects: it is read and written as a whole.
    details TEXT NOT NULL DEFAULT '[]',
    featured INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    active INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX product_company ON product (company);

INSERT INTO product (plan, company, created_at)
SELECT id, company, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM plan ORDER BY id;

-- Keys of portals: each opens one router. `secret_id` names the secret that signed it.
ALTER TABLE api_key ADD COLUMN router TEXT REFERENCES router (id) ON DELETE CASCADE;
ALTER TABLE api_key ADD COLUMN secret_id TEXT;
ALTER TABLE api_key ADD COLUMN use_count INTEGER NOT NULL DEFAULT 0;
CREATE INDEX api_key_router ON api_key (router) WHERE router IS NOT NULL;
