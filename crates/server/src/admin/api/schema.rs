//! Schemas of what the lower floors define, which know nothing of schemas.
//!
//! Nothing here is ever made: the types stand for others in the description.
//! A test below holds each against the type it stands for.
#![expect(dead_code, reason = "read for their schemas alone")]

mod client_authentication;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde_json::{Map, Value};

use client_authentication::ClientAuthentication;

/// Letters, digits and `- . _ ~ : @`.
#[derive(JsonSchema)]
#[schemars(transparent, inline)]
pub(crate) struct Identifier(
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9._~:@-]+$"))] String,
);

/// Printable ASCII without blanks.
#[derive(JsonSchema)]
#[schemars(transparent, inline)]
pub(crate) struct Subject(
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[!-~]+$"))] String,
);

/// An absolute URI without fragment (RFC 8707).
#[derive(PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(transparent, inline)]
pub(crate) struct Resource(#[schemars(length(max = 2048), extend("format" = "uri"))] String);

/// Claims by name. Names with a meaning of their own, such as `sub`, are refused.
#[derive(JsonSchema)]
#[schemars(transparent, inline)]
pub(crate) struct Claims(BTreeMap<String, Value>);

/// One object with a `type`; the type decides what the other members mean.
#[derive(JsonSchema)]
pub(crate) struct AuthorizationDetail {
    /// What kind of detail this is.
    r#type: String,
    #[schemars(flatten)]
    further: Map<String, Value>,
}

/// The login a grant rests on (RFC 9470 section 6.2).
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Authentication {
    /// The authentication context class.
    acr: Option<String>,
    /// When the user logged in.
    auth_time: Option<u64>,
}

/// The key a token is bound to (RFC 7800).
#[derive(JsonSchema)]
pub(crate) struct Confirmation {
    /// The RFC 7638 thumbprint of the `DPoP` key.
    jkt: Option<String>,
    /// The SHA-256 of the client certificate.
    #[schemars(rename = "x5t#S256")]
    x5t_s256: Option<String>,
    #[schemars(flatten)]
    further: Map<String, Value>,
}

/// The name of a signature algorithm.
pub(crate) type Algorithm = crate::config::AlgorithmName;

/// What a key signs.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Purpose {
    /// Introspection answers (RFC 9701).
    #[default]
    Statements,
    /// JWT access tokens (RFC 9068).
    AccessTokens,
}

/// What an access token looks like.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Format {
    /// A random string that says nothing.
    Opaque,
    /// A signed JWT that whoever holds it can read (RFC 9068).
    Jwt,
}

/// Where a key stands in its life.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Life {
    /// Published, so that verifiers know it before it is used.
    Next,
    /// Signs.
    Active,
    /// Published, so that what it signed can still be checked.
    Retiring,
    /// Gone from the published set.
    Retired,
}

/// Whom an initial access token may register.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Kinds {
    Clients,
    ResourceServers,
    /// Either: a resource server if the registration carries `resource` or
    /// `grant_types: []`, else a client.
    Both,
}

/// Whether a resource may belong to several resource servers.
#[derive(JsonSchema, Default)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Sharing {
    #[default]
    Exclusive,
    Shared,
}

/// `"any"`, or a list of resource identifiers.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
pub(crate) enum Access {
    Only(Vec<Resource>),
    Any(AnyResource),
}

impl Default for Access {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

/// The word `any`.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum AnyResource {
    /// Any registered resource.
    Any,
}

/// Clients and resource servers, as a file names them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Description {
    /// Clients.
    #[schemars(default)]
    client: Vec<ClientDescription>,
    /// Resource servers.
    #[schemars(default)]
    resource_server: Vec<ResourceServerDescription>,
}

/// One client. Only `id` is needed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct ClientDescription {
    /// Its `client_id`.
    id: Identifier,
    /// Name and links for people.
    #[schemars(default)]
    details: PublicDetails,
    /// How it proves itself; `client_secret_basic` if left out.
    #[schemars(default)]
    authentication: ClientAuthentication,
    /// Which grants it may use; none if its tokens are ordered for it.
    #[schemars(default)]
    grant_types: BTreeSet<GrantType>,
    /// The most it may be granted, values separated by spaces.
    #[schemars(default)]
    scope: String,
    /// The resources its tokens may be good for.
    #[schemars(default)]
    resources: Access,
    /// Seconds its access tokens live; the server's default if left out.
    #[schemars(range(min = 1))]
    access_token_lifetime: Option<u64>,
    /// What its access tokens look like where the resource server leaves it
    /// open; the server's default if left out.
    access_token_format: Option<Format>,
    /// What its access tokens are bound to; a proof that it shows of its own
    /// accord binds in any case.
    #[schemars(default)]
    token_binding: TokenBinding,
}

/// One resource server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct ResourceServerDescription {
    /// The `client_id` it presents.
    id: Identifier,
    /// Name and links for people.
    #[schemars(default)]
    details: PublicDetails,
    /// How it proves itself; `client_secret_basic` if left out.
    #[schemars(default)]
    authentication: ClientAuthentication,
    /// The resources it serves.
    #[schemars(length(min = 1))]
    resources: BTreeSet<Resource>,
    /// `client_credentials` for one that gets itself a token for
    /// introspection; none if it presents its credentials each time.
    #[schemars(default)]
    grant_types: BTreeSet<GrantType>,
    /// Whether other resource servers may serve these resources too.
    #[schemars(default)]
    shared: bool,
    /// The reason why it is stopped from asking, or `false` to let it ask again; left out, its
    /// standing stays as it is.
    suspended: Option<Suspended>,
    /// How its answers are secured.
    #[schemars(default)]
    profile: Profile,
    /// What it may learn.
    #[schemars(default)]
    policy: ReleasePolicy,
    /// Which access tokens are for it, and how they are made.
    #[schemars(default)]
    access_tokens: AccessTokenProfile,
}

/// Which access tokens are for a resource server, and how they are made.
#[derive(Default, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub(crate) struct AccessTokenProfile {
    /// The scope values that mean this resource server, separated by spaces: a
    /// token with one of them that is asked for without a resource is for it.
    for_scopes: String,
    /// What they look like; the client's, then the server's setting if left
    /// out. A JWT is issued for one resource server alone.
    format: Option<Format>,
    /// The claims about the subject, by name, that travel inside a JWT. Each
    /// must be among the policy's claims. The client reads them too.
    claims: BTreeSet<String>,
}

/// A reason, or `false`.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Suspended {
    /// Why it may not ask.
    For(String),
    /// It may ask.
    Lifted(bool),
}

/// Name and links for people; shown, never trusted.
#[derive(Default, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub(crate) struct PublicDetails {
    name: Option<String>,
    uri: Option<String>,
    contacts: Vec<String>,
    tos_uri: Option<String>,
    policy_uri: Option<String>,
}

/// What access tokens are bound to.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum TokenBinding {
    /// Whatever is shown, if anything is.
    #[default]
    Optional,
    /// A key shown with `DPoP` (RFC 9449).
    Dpop,
    /// The TLS client certificate (RFC 8705).
    Certificate,
}

/// A way to get tokens.
#[derive(PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum GrantType {
    ClientCredentials,
}

/// How the answers of a resource server are secured.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub(crate) struct Profile {
    /// `introspection_signed_response_alg`; RS256 if left out.
    signing_algorithm: Algorithm,
    /// How its statements are encrypted; signed alone if left out.
    encryption: Option<Encryption>,
    /// Which forms of answer it may get.
    forms: Forms,
    /// Whether it may also get the form of draft -08.
    legacy: Legacy,
    /// The `typ` of its statements, for one that cannot take
    /// `token-introspection+jwt`; never that of another kind of JWT.
    typ: Option<String>,
    /// Claims beside `token_introspection`.
    members: StatementMembers,
}

/// How statements are encrypted, and to which key: that of `jwks` which fits, or of what is
/// published at `jwks_uri`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Encryption {
    /// `introspection_encrypted_response_alg`.
    alg: KeyManagement,
    /// `introspection_encrypted_response_enc`; A128CBC-HS256 if left out.
    #[schemars(default)]
    enc: ContentEncryption,
    /// Its public keys by value: a JWK Set (RFC 7517). Either this or `jwks_uri`.
    jwks: Option<KeySet>,
    /// The https URL where it publishes them.
    jwks_uri: Option<String>,
}

/// Public keys (RFC 7517 section 5).
#[derive(JsonSchema)]
pub(crate) struct KeySet {
    /// One JWK each.
    keys: Vec<Map<String, Value>>,
}

/// How the content encryption key is given to the resource server (RFC 7518 section 4).
#[derive(JsonSchema)]
#[schemars(inline)]
pub(crate) enum KeyManagement {
    #[schemars(rename = "RSA-OAEP")]
    RsaOaep,
    #[schemars(rename = "RSA-OAEP-256")]
    RsaOaep256,
    #[schemars(rename = "RSA-OAEP-384")]
    RsaOaep384,
    #[schemars(rename = "RSA-OAEP-512")]
    RsaOaep512,
    #[schemars(rename = "ECDH-ES")]
    EcdhEs,
    #[schemars(rename = "ECDH-ES+A128KW")]
    EcdhEsA128Kw,
    #[schemars(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
}

/// How the content is encrypted (RFC 7518 section 5).
#[derive(Default, JsonSchema)]
#[schemars(inline)]
pub(crate) enum ContentEncryption {
    #[default]
    #[schemars(rename = "A128CBC-HS256")]
    A128CbcHs256,
    #[schemars(rename = "A192CBC-HS384")]
    A192CbcHs384,
    #[schemars(rename = "A256CBC-HS512")]
    A256CbcHs512,
    A128GCM,
    A192GCM,
    A256GCM,
}

/// Optional claims at the top level of a statement. None goes with `legacy`.
#[derive(Default, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub(crate) struct StatementMembers {
    /// `jti`: a name for the statement.
    jti: bool,
    /// `ath`: the base64url SHA-256 of the token asked about.
    ath: bool,
    /// `nonce`: that of the request, where it has one.
    nonce: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            signing_algorithm: Algorithm::RS256,
            encryption: None,
            forms: Forms::default(),
            legacy: Legacy::default(),
            typ: None,
            members: StatementMembers::default(),
        }
    }
}

/// Which forms of answer are on offer.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Forms {
    /// JSON, and a JWT where one is asked for.
    #[default]
    JsonOrJwt,
    /// JWT alone; a caller that will take only JSON is refused.
    JwtOnly,
    /// JWT alone, whatever `Accept` says.
    AlwaysJwt,
}

/// Whether the answer of draft -08 is on offer.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Legacy {
    #[default]
    Off,
    On,
}

/// What a resource server may learn. What it does not name is not released.
#[derive(Default, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub(crate) struct ReleasePolicy {
    /// The scope values it may see.
    scopes: ReleasedScopes,
    /// The claims about the subject it may see, by name.
    claims: BTreeSet<String>,
    /// The types of authorization details it may see.
    authorization_details_types: BTreeSet<String>,
    /// The form in which it sees the subject; `pairwise` if left out.
    subject: SubjectForm,
    /// Why it may learn nothing about a person at all, whatever else stands here.
    not_cleared: Option<String>,
}

/// Which scope values of a token a resource server sees.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum ReleasedScopes {
    /// All the token has.
    #[default]
    All,
    /// Those that stand here too, separated by spaces.
    Only(String),
}

/// The form in which a resource server sees the subject.
#[derive(Default, JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum SubjectForm {
    /// As the operator's login system knows it.
    Public,
    /// Stable for this resource server, different at every other.
    #[default]
    Pairwise,
    /// Not at all.
    Withheld,
}

/// What would become, or became, of one record.
#[derive(JsonSchema)]
pub(crate) struct Change {
    target: Target,
    /// Its id.
    id: String,
    /// What the database held before.
    current: Current,
    /// Which fields differ; for a new record all that it has.
    fields: Vec<FieldChange>,
}

/// The kind of a record.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Target {
    Client,
    ResourceServer,
}

/// What the database held of a record before.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Current {
    /// Nothing: it is added.
    Absent,
    /// Another version: it is changed.
    Differs,
    /// The same: nothing to do.
    Same,
}

/// One field that differs.
#[derive(JsonSchema)]
pub(crate) struct FieldChange {
    /// Its name, with dots for tables within tables.
    field: String,
    /// What the database held.
    from: Value,
    /// What the description says.
    to: Value,
    /// Whether this takes protection away from what is there, or lets a resource server learn
    /// more.
    #[schemars(default)]
    weaker: bool,
}

#[cfg(test)]
mod tests;

/// One thing that could be told, and what becomes of it.
#[derive(JsonSchema)]
pub(crate) struct ExplainedMember {
    kind: MemberKind,
    /// Its name or, for what is no personal data, its value.
    name: String,
    /// Whether the answer holds it.
    released: bool,
    because: Because,
}

/// What kind of thing is told or not.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum MemberKind {
    Scope,
    Claim,
    AuthorizationDetails,
    Subject,
    Audience,
}

/// The rule that decided.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Because {
    PolicyReleasesAll,
    PolicyNamesIt,
    PolicyDoesNotNameIt,
    NoLegalBasis,
    NotCleared,
    SubjectIsPublic,
    SubjectIsPairwise,
    SubjectIsWithheld,
    SubjectIsTheClient,
    OwnResource,
    ForeignResource,
}
