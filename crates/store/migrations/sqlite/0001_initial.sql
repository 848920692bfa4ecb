-- The first layout. docs/storage.md explains it to operators.
--
-- Times are microseconds since 1970-01-01T00:00:00Z. Hashes are SHA-256.
-- Columns named in the plural, and those that end in _details, hold JSON; a
-- scope is written as on the wire, with spaces. No token and no secret is here
-- in the clear.

-- Every client_id that was ever given, so that none is given twice: neither to
-- another kind of caller nor after its owner was removed.
CREATE TABLE caller (
    id   TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('client', 'resource_server'))
) STRICT;

-- The secrets of callers; position 0 is the oldest. One that its owner sends is
-- kept as a hash; one that it makes assertions with, sealed.
CREATE TABLE caller_secret (
    caller     TEXT    NOT NULL REFERENCES caller (id),
    position   INTEGER NOT NULL,
    hash       BLOB    CHECK (length(hash) = 32),
    sealed     BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (caller, position),
    CHECK ((hash IS NULL) <> (sealed IS NULL))
) STRICT;

CREATE TABLE client (
    id                    TEXT    NOT NULL PRIMARY KEY REFERENCES caller (id),
    public_details        TEXT    NOT NULL,
    authentication_details TEXT   NOT NULL,
    grant_types           TEXT    NOT NULL,
    scope                 TEXT    NOT NULL,
    resources             TEXT    NOT NULL,
    access_token_lifetime INTEGER,              -- microseconds
    access_token_format   TEXT,                 -- null: the server's default
    token_binding         TEXT    NOT NULL,     -- what its tokens are bound to
    registered_at         INTEGER NOT NULL,
    removed_at            INTEGER,
    epoch                 INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    epoch_since           INTEGER               -- null: never were all its tokens revoked
) STRICT;

CREATE TABLE resource_server (
    id                    TEXT    NOT NULL PRIMARY KEY REFERENCES caller (id),
    public_details        TEXT    NOT NULL,
    authentication_details TEXT   NOT NULL,
    grant_types           TEXT    NOT NULL,     -- for a token of its own
    suspended_reason      TEXT,                 -- null: in good standing
    registered_at         INTEGER NOT NULL,
    removed_at            INTEGER
) STRICT;

-- Who serves what, now. `sharing` says how the resource was given.
CREATE TABLE resource (
    identifier      TEXT NOT NULL,
    resource_server TEXT NOT NULL REFERENCES resource_server (id),
    sharing         TEXT NOT NULL CHECK (sharing IN ('exclusive', 'shared')),
    PRIMARY KEY (identifier, resource_server)
) STRICT;
CREATE INDEX resource_by_server ON resource (resource_server);

-- Which scope values mean whom, now: what the access token profile in force says, to be found by
-- the value.
CREATE TABLE audience_scope (
    scope_value     TEXT NOT NULL,
    resource_server TEXT NOT NULL REFERENCES resource_server (id),
    PRIMARY KEY (scope_value, resource_server)
) STRICT, WITHOUT ROWID;
CREATE INDEX audience_scope_by_server ON audience_scope (resource_server);

-- The histories: what was in force at any instant. The highest number is in
-- force now. Only ever added to.
CREATE TABLE jwt_profile_revision (
    resource_server TEXT    NOT NULL REFERENCES resource_server (id),
    number          INTEGER NOT NULL CHECK (number > 0),
    since           INTEGER NOT NULL,
    profile_details TEXT    NOT NULL,
    PRIMARY KEY (resource_server, number)
) STRICT;

CREATE TABLE release_policy_revision (
    resource_server TEXT    NOT NULL REFERENCES resource_server (id),
    number          INTEGER NOT NULL CHECK (number > 0),
    since           INTEGER NOT NULL,
    policy_details  TEXT    NOT NULL,
    PRIMARY KEY (resource_server, number)
) STRICT;

CREATE TABLE access_token_profile_revision (
    resource_server TEXT    NOT NULL REFERENCES resource_server (id),
    number          INTEGER NOT NULL CHECK (number > 0),
    since           INTEGER NOT NULL,
    profile_details TEXT    NOT NULL,
    PRIMARY KEY (resource_server, number)
) STRICT;

CREATE TRIGGER jwt_profile_revision_is_not_changed BEFORE UPDATE ON jwt_profile_revision
BEGIN SELECT RAISE(ABORT, 'jwt_profile_revision is append-only'); END;
CREATE TRIGGER jwt_profile_revision_is_not_removed BEFORE DELETE ON jwt_profile_revision
BEGIN SELECT RAISE(ABORT, 'jwt_profile_revision is append-only'); END;
CREATE TRIGGER release_policy_revision_is_not_changed BEFORE UPDATE ON release_policy_revision
BEGIN SELECT RAISE(ABORT, 'release_policy_revision is append-only'); END;
CREATE TRIGGER release_policy_revision_is_not_removed BEFORE DELETE ON release_policy_revision
BEGIN SELECT RAISE(ABORT, 'release_policy_revision is append-only'); END;
CREATE TRIGGER access_token_profile_revision_is_not_changed
BEFORE UPDATE ON access_token_profile_revision
BEGIN SELECT RAISE(ABORT, 'access_token_profile_revision is append-only'); END;
CREATE TRIGGER access_token_profile_revision_is_not_removed
BEFORE DELETE ON access_token_profile_revision
BEGIN SELECT RAISE(ABORT, 'access_token_profile_revision is append-only'); END;

CREATE TABLE access_grant (
    id                    TEXT    NOT NULL PRIMARY KEY,
    client                TEXT    NOT NULL REFERENCES client (id),
    subject               TEXT,
    scope                 TEXT    NOT NULL,
    resources             TEXT    NOT NULL,
    claims                TEXT    NOT NULL,
    authorization_details TEXT    NOT NULL,
    legal_basis           TEXT,
    login_details         TEXT,
    created_at            INTEGER NOT NULL,
    revoked_at            INTEGER
) STRICT;

CREATE TABLE access_token (
    hash                  BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    id                    TEXT    NOT NULL UNIQUE,    -- jti
    access_grant          TEXT    NOT NULL REFERENCES access_grant (id),
    scope                 TEXT    NOT NULL,
    resources             TEXT    NOT NULL,           -- its audience
    authorization_details TEXT    NOT NULL,
    confirmation_details  TEXT,                       -- cnf
    issued_at             INTEGER NOT NULL,
    not_before            INTEGER,
    expires_at            INTEGER NOT NULL,
    revoked_at            INTEGER,
    -- Those it was issued in: it is dead once one of them is over.
    server_epoch          INTEGER NOT NULL,
    client_epoch          INTEGER NOT NULL,
    subject_epoch         INTEGER NOT NULL
) STRICT;
CREATE INDEX access_token_by_grant ON access_token (access_grant);
CREATE INDEX access_token_by_end ON access_token (expires_at);

-- Epochs count how often all tokens of a client, of a subject, or of everybody
-- were revoked. They are compared with those that a token was issued in; since
-- when they are is for people to read. A subject that is not here is in its
-- epoch 0.
CREATE TABLE subject_epoch (
    subject     TEXT    NOT NULL PRIMARY KEY,
    epoch       INTEGER NOT NULL CHECK (epoch > 0),
    epoch_since INTEGER NOT NULL
) STRICT;

-- One row.
CREATE TABLE server_epoch (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    epoch         INTEGER NOT NULL CHECK (epoch >= 0),
    epoch_since   INTEGER,
    revoked_until INTEGER    -- named by an administrator: what was issued at or before it is dead
) STRICT;
INSERT INTO server_epoch (one, epoch) VALUES (1, 0);

-- Numbered as they are made.
CREATE TABLE signing_key (
    kid            TEXT    NOT NULL PRIMARY KEY CHECK (kid <> ''),
    number         INTEGER NOT NULL UNIQUE CHECK (number > 0),
    algorithm      TEXT    NOT NULL,
    purpose        TEXT    NOT NULL,
    public_details TEXT    NOT NULL,    -- the JWK
    sealed_private BLOB    NOT NULL,
    created_at     INTEGER NOT NULL,
    active_at      INTEGER NOT NULL,
    retiring_at    INTEGER,
    retired_at     INTEGER
) STRICT;

CREATE TABLE server_secret (
    name   TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE initial_access_token (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    id         TEXT    NOT NULL UNIQUE,
    kind       TEXT    NOT NULL,          -- of caller that it may register
    resources  TEXT    NOT NULL,
    sharing    TEXT    NOT NULL CHECK (sharing IN ('exclusive', 'shared')),
    uses_left  INTEGER CHECK (uses_left >= 0),    -- null: without limit
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    withdrawn  INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1))
) STRICT;

-- The access tokens that resource servers introspect with. They end with the
-- credentials they were got with.
CREATE TABLE caller_token (
    hash                 BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    id                   TEXT    NOT NULL UNIQUE,
    resource_server      TEXT    NOT NULL REFERENCES resource_server (id),
    confirmation_details TEXT,                       -- cnf
    issued_at            INTEGER NOT NULL,
    expires_at           INTEGER NOT NULL
) STRICT;
CREATE INDEX caller_token_by_owner ON caller_token (resource_server);
CREATE INDEX caller_token_by_end ON caller_token (expires_at);

-- What a caller was registered with, if not by an administrator alone. Goes
-- with the caller.
CREATE TABLE registration (
    caller           TEXT NOT NULL PRIMARY KEY REFERENCES caller (id),
    approval_details TEXT NOT NULL,       -- who gave the right
    kind             TEXT NOT NULL,       -- how far the right reached, as above
    resources        TEXT NOT NULL,
    sharing          TEXT NOT NULL CHECK (sharing IN ('exclusive', 'shared')),
    narrowed         INTEGER NOT NULL CHECK (narrowed IN (0, 1)),  -- keeps to what it has
    software_details TEXT NOT NULL
) STRICT;

-- Registration access tokens; position 0 is in use, the others were handed out
-- and not used yet.
CREATE TABLE registration_token (
    hash     BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    caller   TEXT    NOT NULL REFERENCES registration (caller),
    position INTEGER NOT NULL,
    UNIQUE (caller, position)
) STRICT;

-- Proofs that were used (client assertions, DPoP proofs), each until its end.
-- The key is a hash of its kind, its maker and its jti.
CREATE TABLE used_proof (
    key        BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    owner      BLOB    NOT NULL CHECK (length(owner) = 32),    -- hash of the client_id
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX used_proof_by_owner ON used_proof (owner, expires_at);
CREATE INDEX used_proof_by_end ON used_proof (expires_at);

-- How many of an owner's proofs are in used_proof, ended ones that are still
-- to be cleaned away included.
CREATE TABLE proof_owner (
    owner BLOB    NOT NULL PRIMARY KEY CHECK (length(owner) = 32),
    kept  INTEGER NOT NULL CHECK (kept >= 0)
) STRICT;
