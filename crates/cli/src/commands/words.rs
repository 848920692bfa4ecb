//! Words of the wire, as options on the command line.

use std::str::FromStr;

use avouch_core::records::{GrantType, KeyPurpose, SubjectForm, TokenBinding, TokenFormat};
use avouch_jose::{ContentEncryption, KeyManagementAlgorithm, SignatureAlgorithm};
use avouch_oauth::negotiate::AnswerForms;
use avouch_resource_server::{StatementForm, StatementTyp};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

/// What access tokens are bound to.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Binding {
    /// Whatever is shown, if anything is
    Optional,
    /// A key shown with DPoP
    Dpop,
    /// The TLS client certificate
    Certificate,
}

impl From<Binding> for TokenBinding {
    fn from(binding: Binding) -> Self {
        match binding {
            Binding::Optional => Self::Optional,
            Binding::Dpop => Self::Dpop,
            Binding::Certificate => Self::Certificate,
        }
    }
}

/// Which forms of answer a resource server gets.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Forms {
    /// JSON, and a JWT where it asks for one
    JsonOrJwt,
    /// JWT alone; asking for JSON only is refused
    JwtOnly,
    /// JWT alone, whatever it asks for
    AlwaysJwt,
}

impl From<Forms> for AnswerForms {
    fn from(forms: Forms) -> Self {
        match forms {
            Forms::JsonOrJwt => Self::JsonOrJwt,
            Forms::JwtOnly => Self::JwtOnly,
            Forms::AlwaysJwt => Self::AlwaysJwt,
        }
    }
}

/// A claim about the statement itself, beside the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum StatementClaim {
    /// A name for the statement
    Jti,
    /// The hash of the token asked about
    Ath,
    /// The nonce of the request
    Nonce,
}

/// In which form a resource server sees the subject.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Subject {
    /// As your login system knows it
    Public,
    /// Stable for this resource server, different at every other
    Pairwise,
    /// Not at all
    Withheld,
}

impl From<Subject> for SubjectForm {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Public => Self::Public,
            Subject::Pairwise => Self::Pairwise,
            Subject::Withheld => Self::Withheld,
        }
    }
}

/// What a statement is expected to look like, where not as usual.
#[derive(Debug, Args)]
pub(crate) struct Expected {
    /// Expect this typ instead of token-introspection+jwt
    #[arg(long, value_name = "TYP")]
    pub(crate) typ: Option<StatementTyp>,

    /// Expect the form of draft -08, and no other
    #[arg(long)]
    draft_08: bool,
}

impl Expected {
    pub(crate) fn form(&self) -> StatementForm {
        if self.draft_08 {
            StatementForm::Draft08
        } else {
            StatementForm::Rfc9701
        }
    }
}

/// What access tokens look like.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Format {
    /// A random string that says nothing
    Opaque,
    /// A signed JWT that whoever holds it can read
    Jwt,
}

impl From<Format> for TokenFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Opaque => Self::Opaque,
            Format::Jwt => Self::Jwt,
        }
    }
}

/// What a key signs.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// Introspection answers
    Statements,
    /// JWT access tokens
    AccessTokens,
}

impl From<Purpose> for KeyPurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Statements => Self::Statements,
            Purpose::AccessTokens => Self::AccessTokens,
        }
    }
}

/// An algorithm that signs, by one of the names that `--help` and a refusal list.
pub(crate) fn signature_algorithm() -> impl TypedValueParser<Value = SignatureAlgorithm> {
    names(SignatureAlgorithm::ALL.map(SignatureAlgorithm::name))
}

/// The same for algorithms that encrypt a key.
pub(crate) fn key_management_algorithm() -> impl TypedValueParser<Value = KeyManagementAlgorithm> {
    names(KeyManagementAlgorithm::ALL.map(KeyManagementAlgorithm::name))
}

/// The same for algorithms that encrypt content.
pub(crate) fn content_encryption() -> impl TypedValueParser<Value = ContentEncryption> {
    names(ContentEncryption::ALL.map(ContentEncryption::name))
}

fn names<T, const N: usize>(known: [&'static str; N]) -> impl TypedValueParser<Value = T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    PossibleValuesParser::new(known).try_map(|name| name.parse::<T>())
}

/// A grant type by its name on the wire.
pub(crate) fn grant_type(name: &str) -> Result<GrantType, String> {
    GrantType::from_name(name).ok_or_else(|| {
        let names: Vec<_> = GrantType::ALL.iter().map(|grant| grant.name()).collect();
        format!("the grant types are {}", names.join(", "))
    })
}
