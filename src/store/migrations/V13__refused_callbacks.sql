-- How often callbacks were not believed, by day (days since 1970, UTC). They are counted in memory and added every few
-- seconds, so that a flood costs a handful of rows a day and no write of its own.
CREATE TABLE refused_callback (
    hotspot TEXT NOT NULL REFERENCES hotspot (id) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    gateway TEXT NOT NULL,
    day INTEGER NOT NULL,
    why TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (hotspot, gateway, day, why)
) STRICT, WITHOUT ROWID;
CREATE INDEX refused_callback_company ON refused_callback (company);
