-- Collation "C" compares bytes, as SQLite does. Columns beside doc are computed by Cordon for sorting, filtering and
-- searching; doc is the truth. Times are microseconds since 1970 in UTC.

-- +goose Up
CREATE TABLE devices (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name_key   TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    vendor_key TEXT COLLATE "C" NOT NULL,
    confidence BIGINT  NOT NULL, -- millionths
    first_seen BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    search     TEXT    NOT NULL,
    doc        TEXT    NOT NULL
);
CREATE INDEX devices_by_name       ON devices (name_key, id);
CREATE INDEX devices_by_kind       ON devices (kind, id);
CREATE INDEX devices_by_vendor     ON devices (vendor_key, id);
CREATE INDEX devices_by_confidence ON devices (confidence, id);
CREATE INDEX devices_by_first_seen ON devices (first_seen, id);
CREATE INDEX devices_by_last_seen  ON devices (last_seen, id);

CREATE TABLE conversations (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    client     TEXT COLLATE "C" NOT NULL, -- device, empty for an outsider
    server     TEXT COLLATE "C" NOT NULL,
    protocol   TEXT COLLATE "C" NOT NULL,
    bytes      BIGINT  NOT NULL, -- in both directions
    first_seen BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    doc        TEXT    NOT NULL
);
CREATE INDEX conversations_by_client     ON conversations (client);
CREATE INDEX conversations_by_server     ON conversations (server);
CREATE INDEX conversations_by_protocol   ON conversations (protocol, id);
CREATE INDEX conversations_by_bytes      ON conversations (bytes, id);
CREATE INDEX conversations_by_first_seen ON conversations (first_seen, id);
CREATE INDEX conversations_by_last_seen  ON conversations (last_seen, id);

CREATE TABLE findings (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    severity      TEXT COLLATE "C" NOT NULL,
    severity_rank BIGINT  NOT NULL, -- grows with gravity
    src           TEXT COLLATE "C" NOT NULL, -- device, empty if none
    dst           TEXT COLLATE "C" NOT NULL,
    last          BIGINT  NOT NULL,
    doc           TEXT    NOT NULL
);
CREATE INDEX findings_by_last     ON findings (last, id);
CREATE INDEX findings_by_severity ON findings (severity_rank, id);
CREATE INDEX findings_by_src      ON findings (src);
CREATE INDEX findings_by_dst      ON findings (dst);

CREATE TABLE timeline (
    id     TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- of what the entry says
    device TEXT COLLATE "C" NOT NULL,
    at     BIGINT  NOT NULL,
    doc    TEXT    NOT NULL
);
CREATE INDEX timeline_by_device ON timeline (device, at, id);

CREATE TABLE overrides (
    device TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    doc    TEXT NOT NULL
);

-- Devices that turned out to be one with another.
CREATE TABLE merges (
    device    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    successor TEXT COLLATE "C" NOT NULL
);
CREATE INDEX merges_by_successor ON merges (successor);

CREATE TABLE meta (
    key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
