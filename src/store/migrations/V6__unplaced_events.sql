-- Webhooks that are genuine, that no order took, and that the operator must look at. `told_at` is when a mail named
-- them; `why` is JSON.
CREATE TABLE unplaced_event (
    event INTEGER PRIMARY KEY REFERENCES event (id) ON DELETE CASCADE,
    company TEXT NOT NULL REFERENCES company (id),
    why TEXT NOT NULL,
    told_at INTEGER
) STRICT;
CREATE INDEX unplaced_event_company ON unplaced_event (company, told_at);
