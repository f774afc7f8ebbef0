BEGIN TRANSACTION;
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO "facts" VALUES('format',1);
INSERT INTO "facts" VALUES('generation',1);
CREATE TABLE hosts (
    session TEXT PRIMARY KEY REFERENCES sessions (id), kernel TEXT NOT NULL, directory TEXT NOT NULL,
    kernelspec TEXT NOT NULL, display_name TEXT NOT NULL, language TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "hosts" VALUES('3a14f29d0d524743be88ddbb85c50223','9d0ec6af2b1e41cb9b4d3f38cd950897','/tmp/wf6arr5hnx/state/hosts/9d0ec6af2b1e41cb-1','python3','Python 3 (ipykernel)','python');
CREATE TABLE logins (digest BLOB PRIMARY KEY, name TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, path TEXT, cwd TEXT NOT NULL, created TEXT NOT NULL, is_closed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO "sessions" VALUES('3a14f29d0d524743be88ddbb85c50223','Kept','kept.ipynb','/','2026-11-23T20:45:06.825933Z',0);
COMMIT;
