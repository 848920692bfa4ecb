//! Schemas of what the lower floors define, which know nothing of schemas.
//!
//! Nothing here is ever made: the types stand for others in the description.
//! A test below holds each against the type it stands for.
#![expect(dead_code, reason = "read for their schemas alone")]

mod change;
mod client_authentication;
mod explanation;
mod profile;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde_json::{Map, Value};

use client_authentication::ClientAuthentication;

pub(crate) use change::{Change, Target};
pub(crate) use explanation::ExplainedMember;
pub(crate) use profile::Profile;

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

/// Public keys (RFC 7517 section 5).
#[derive(JsonSchema)]
pub(crate) struct KeySet {
    /// One JWK each.
    keys: Vec<Map<String, Value>>,
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

#[cfg(test)]
mod tests;
