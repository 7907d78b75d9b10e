-- The daily ledger, and the marks of the housekeeping.

-- The last comparison of each account with its gateway; replaced every day.
CREATE TABLE ledger (
    account TEXT PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    way TEXT NOT NULL,
    checked INTEGER NOT NULL,
    mended INTEGER NOT NULL,
    left_out INTEGER NOT NULL,
    problem TEXT,
    -- A JSON list: it is read and written as a whole.
    differences TEXT NOT NULL,
    -- When the operator last had a mail about this account.
    told_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_company ON ledger (company);

-- Rows up to these ids have given up their bodies and texts: an empty blob is what stays of them.
INSERT INTO meta (name, value) VALUES ('events_emptied_to', 0), ('mails_emptied_to', 0);
