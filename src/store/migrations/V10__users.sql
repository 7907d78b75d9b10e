-- People who administrate: users, their sessions, and who changed what.

-- `AUTOINCREMENT`: a number that the API told is never another person's.
CREATE TABLE user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    role TEXT NOT NULL CHECK (role IN ('super_admin', 'cliente_admin')),
    company TEXT REFERENCES company (id),
    -- Folded: one address is one user, however it is written.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- The Argon2id hash, sealed: without the master key nobody can try passwords on a copy of this file.
    password_sealed BLOB NOT NULL,
    is_active INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    last_login_at INTEGER,
    CHECK ((role = 'super_admin') = (company IS NULL))
) STRICT;
CREATE INDEX user_company ON user (company);

-- The token itself is nowhere.
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    company TEXT REFERENCES company (id),
    sha256 BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX session_user ON session (user, expires_at);
CREATE INDEX session_company ON session (company);

-- Who changed what. It outlives what it speaks of: no foreign keys.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    company TEXT,
    user INTEGER,
    who TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- JSON: each field with its old and its new value; of a secret only that it changed.
    changes TEXT NOT NULL
) STRICT;
CREATE INDEX audit_company ON audit (company, id);
CREATE INDEX audit_at ON audit (at);

-- A router that is deleted while orders still need it: nobody sees it any more, late money still finds it.
ALTER TABLE router ADD COLUMN removed_at INTEGER;

-- One picture of each company, small enough to live here: backed up and replaced with everything else.
CREATE TABLE logo (
    company TEXT PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    -- The last part of its address; another picture has another one.
    name TEXT NOT NULL UNIQUE,
    format TEXT NOT NULL,
    image BLOB NOT NULL
) STRICT, WITHOUT ROWID;
