-- The first layout. docs/storage.md explains it to operators. It says what the
-- layout of the embedded engine says, in PostgreSQL's words.
--
-- Times are microseconds since 1970-01-01T00:00:00Z. Hashes are SHA-256.
-- Columns named in the plural, and those that end in _details, hold JSON; a
-- scope is written as on the wire, with spaces. No token and no secret is here
-- in the clear.
--
-- What is looked up or ordered by text is COLLATE "C": the order of octets,
-- which no change of the system's locales can turn against an index.

-- Every client_id that was ever given, so that none is given twice: neither to
-- another kind of caller nor after its owner was removed.
CREATE TABLE caller (
    id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('client', 'resource_server'))
);

-- The secrets of callers; position 0 is the oldest. One that its owner sends is
-- kept as a hash; one that it makes assertions with, sealed.
CREATE TABLE caller_secret (
    caller     TEXT COLLATE "C" NOT NULL REFERENCES caller (id),
    position   BIGINT NOT NULL,
    hash       BYTEA CHECK (octet_length(hash) = 32),
    sealed     BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (caller, position),
    CHECK ((hash IS NULL) <> (sealed IS NULL))
);

CREATE TABLE client (
    id                     TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES caller (id),
    public_details         TEXT NOT NULL,
    authentication_details TEXT NOT NULL,
    grant_types            TEXT NOT NULL,
    scope                  TEXT NOT NULL,
    resources              TEXT NOT NULL,
    access_token_lifetime  BIGINT,    -- microseconds
    access_token_format    TEXT,    -- null: the server's default
    token_binding          TEXT NOT NULL,    -- what its tokens are bound to
    registered_at          BIGINT NOT NULL,
    removed_at             BIGINT,
    epoch                  BIGINT NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    epoch_since            BIGINT    -- null: never were all its tokens revoked
);

CREATE TABLE resource_server (
    id                     TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES caller (id),
    public_details         TEXT NOT NULL,
    authentication_details TEXT NOT NULL,
    grant_types            TEXT NOT NULL,    -- for a token of its own
    suspended_reason       TEXT,    -- null: in good standing
    registered_at          BIGINT NOT NULL,
    removed_at             BIGINT
);

-- Who serves what, now. `sharing` says how the resource was given.
CREATE TABLE resource (
    identifier      TEXT COLLATE "C" NOT NULL,
    resource_server TEXT COLLATE "C" NOT NULL REFERENCES resource_server (id),
    sharing         TEXT NOT NULL CHECK (sharing IN ('exclusive', 'shared')),
    PRIMARY KEY (identifier, resource_server)
);
-- Two at once cannot both be given a resource for themselves.
CREATE UNIQUE INDEX resource_given_alone ON resource (identifier) WHERE sharing = 'exclusive';
CREATE INDEX resource_by_server ON resource (resource_server);

-- Which scope values mean whom, now: what the access token profile in force says, to be found by
-- the value.
CREATE TABLE audience_scope (
    scope_value     TEXT COLLATE "C" NOT NULL,
    resource_server TEXT COLLATE "C" NOT NULL REFERENCES resource_server (id),
    PRIMARY KEY (scope_value, resource_server)
);
CREATE INDEX audience_scope_by_server ON audience_scope (resource_server);

-- The histories: what was in force at any instant. The highest number is in
-- force now. Only ever added to.
CREATE TABLE jwt_profile_revision (
    resource_server TEXT COLLATE "C" NOT NULL REFERENCES resource_server (id),
    number          BIGINT NOT NULL CHECK (number > 0),
    since           BIGINT NOT NULL,
    profile_details TEXT NOT NULL,
    PRIMARY KEY (resource_server, number)
);

CREATE TABLE release_policy_revision (
    resource_server TEXT COLLATE "C" NOT NULL REFERENCES resource_server (id),
    number          BIGINT NOT NULL CHECK (number > 0),
    since           BIGINT NOT NULL,
    policy_details  TEXT NOT NULL,
    PRIMARY KEY (resource_server, number)
);

CREATE TABLE access_token_profile_revision (
    resource_server TEXT COLLATE "C" NOT NULL REFERENCES resource_server (id),
    number          BIGINT NOT NULL CHECK (number > 0),
    since           BIGINT NOT NULL,
    profile_details TEXT NOT NULL,
    PRIMARY KEY (resource_server, number)
);

CREATE FUNCTION refuse_to_rewrite_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER jwt_profile_revision_stays BEFORE UPDATE OR DELETE ON jwt_profile_revision
FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
CREATE TRIGGER release_policy_revision_stays BEFORE UPDATE OR DELETE ON release_policy_revision
FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
CREATE TRIGGER access_token_profile_revision_stays BEFORE UPDATE OR DELETE ON access_token_profile_revision
FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();

CREATE TABLE access_grant (
    id                    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    client                TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    subject               TEXT COLLATE "C",
    scope                 TEXT NOT NULL,
    resources             TEXT NOT NULL,
    claims                TEXT NOT NULL,
    authorization_details TEXT NOT NULL,
    legal_basis           TEXT,
    login_details         TEXT,
    created_at            BIGINT NOT NULL,
    revoked_at            BIGINT
);

CREATE TABLE access_token (
    hash                  BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
    id                    TEXT COLLATE "C" NOT NULL UNIQUE,    -- jti
    access_grant          TEXT COLLATE "C" NOT NULL REFERENCES access_grant (id),
    scope                 TEXT NOT NULL,
    resources             TEXT NOT NULL,    -- its audience
    authorization_details TEXT NOT NULL,
    confirmation_details  TEXT,    -- cnf
    issued_at             BIGINT NOT NULL,
    not_before            BIGINT,
    expires_at            BIGINT NOT NULL,
    revoked_at            BIGINT,
    -- Those it was issued in: it is dead once one of them is over.
    server_epoch          BIGINT NOT NULL,
    client_epoch          BIGINT NOT NULL,
    subject_epoch         BIGINT NOT NULL
);
CREATE INDEX access_token_by_grant ON access_token (access_grant);
CREATE INDEX access_token_by_end ON access_token (expires_at);

-- Epochs count how often all tokens of a client, of a subject, or of everybody
-- were revoked. They are compared with those that a token was issued in; since
-- when they are is for people to read. A subject that is not here is in its
-- epoch 0.
CREATE TABLE subject_epoch (
    subject     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    epoch       BIGINT NOT NULL CHECK (epoch > 0),
    epoch_since BIGINT NOT NULL
);

-- One row.
CREATE TABLE server_epoch (
    one           BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    epoch         BIGINT NOT NULL CHECK (epoch >= 0),
    epoch_since   BIGINT,
    revoked_until BIGINT    -- named by an administrator: what was issued at or before it is dead
);
INSERT INTO server_epoch (one, epoch) VALUES (1, 0);

-- Numbered as they are made: two that are made from one state want the same
-- number, and one of them has to look again.
CREATE TABLE signing_key (
    kid            TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (kid <> ''),
    number         BIGINT NOT NULL UNIQUE CHECK (number > 0),
    algorithm      TEXT NOT NULL,
    purpose        TEXT NOT NULL,
    public_details TEXT NOT NULL,    -- the JWK
    sealed_private BYTEA NOT NULL,
    created_at     BIGINT NOT NULL,
    active_at      BIGINT NOT NULL,
    retiring_at    BIGINT,
    retired_at     BIGINT
);

CREATE TABLE server_secret (
    name   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);

CREATE TABLE initial_access_token (
    hash       BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
    id         TEXT COLLATE "C" NOT NULL UNIQUE,
    kind       TEXT NOT NULL,    -- of caller that it may register
    resources  TEXT NOT NULL,
    sharing    TEXT NOT NULL CHECK (sharing IN ('exclusive', 'shared')),
    uses_left  BIGINT CHECK (uses_left >= 0),    -- null: without limit
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    withdrawn  BOOLEAN NOT NULL DEFAULT false
);

-- The access tokens that resource servers introspect with. They end with the
-- credentials they were got with.
CREATE TABLE caller_token (
    hash                 BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
    id                   TEXT COLLATE "C" NOT NULL UNIQUE,
    resource_server      TEXT COLLATE "C" NOT NULL REFERENCES resource_server (id),
    confirmation_details TEXT,    -- cnf
    issued_at            BIGINT NOT NULL,
    expires_at           BIGINT NOT NULL
);
CREATE INDEX caller_token_by_owner ON caller_token (resource_server);
CREATE INDEX caller_token_by_end ON caller_token (expires_at);

-- What a caller was registered with, if not by an administrator alone. Goes
-- with the caller.
CREATE TABLE registration (
    caller           TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES caller (id),
    approval_details TEXT NOT NULL,    -- who gave the right
    kind             TEXT NOT NULL,    -- how far the right reached, as above
    resources        TEXT NOT NULL,
    sharing          TEXT NOT NULL CHECK (sharing IN ('exclusive', 'shared')),
    narrowed         BIGINT NOT NULL CHECK (narrowed IN (0, 1)),  -- keeps to what it has
    software_details TEXT NOT NULL
);

-- Registration access tokens; position 0 is in use, the others were handed out
-- and not used yet.
CREATE TABLE registration_token (
    hash     BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
    caller   TEXT COLLATE "C" NOT NULL REFERENCES registration (caller),
    position BIGINT NOT NULL,
    UNIQUE (caller, position)
);

-- Proofs that were used (client assertions, DPoP proofs), each until its end.
-- The key is a hash of its kind, its maker and its jti.
CREATE TABLE used_proof (
    key        BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(key) = 32),
    owner      BYTEA NOT NULL CHECK (octet_length(owner) = 32),    -- hash of the client_id
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_proof_by_owner ON used_proof (owner, expires_at);
CREATE INDEX used_proof_by_end ON used_proof (expires_at);

-- How many of an owner's proofs are in used_proof, ended ones that are still
-- to be cleaned away included.
CREATE TABLE proof_owner (
    owner BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(owner) = 32),
    kept  BIGINT NOT NULL CHECK (kept >= 0)
);

-- The change feed: what was changed that other servers may have in memory. Each
-- writes it in the transaction of the change itself, and follows what the
-- others write. Only ever added to; the oldest go when no one needs them.
--
-- A lane counts its own changes. Whoever writes one takes the next number of a
-- lane and holds its row to the commit: so within a lane numbers are in the
-- order of commits, and none is missing.
CREATE TABLE change_lane (
    lane BIGINT NOT NULL PRIMARY KEY,    -- 0: what takes several statements
    last BIGINT NOT NULL CHECK (last >= 0)    -- the number given last
);
INSERT INTO change_lane (lane, last) VALUES
    (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0);

CREATE TABLE change (
    lane    BIGINT NOT NULL,
    number  BIGINT NOT NULL CHECK (number > 0),
    made_at BIGINT NOT NULL,    -- by the clock of the database
    kind    TEXT NOT NULL,    -- what has to be looked up anew
    name    TEXT COLLATE "C",    -- of which grant, client, subject or caller
    tokens  BYTEA[],    -- the hashes, where it is tokens that changed
    PRIMARY KEY (lane, number)
);

CREATE FUNCTION refuse_to_rewrite_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to, and cleaned up', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER change_stays BEFORE UPDATE ON change
FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_change();
