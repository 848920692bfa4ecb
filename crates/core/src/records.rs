//! What is kept. Plain data: what it means is decided in [`crate::introspection`]
//! and its neighbours, how it is kept in [`crate::storage`].

mod access_token;
mod access_token_profile;
mod allowance;
mod caller_token;
mod certificate_name;
mod client;
mod client_authentication;
mod credentials;
mod epoch;
mod grant;
mod initial_access_token;
mod jwt_profile;
mod key_source;
mod registration;
mod release_policy;
mod resource_server;
mod revision;
mod signing_key;
mod statement_encryption;
mod token_binding;
mod used_proof;

pub use access_token::{AccessToken, CallerState, FoundToken};
pub use access_token_profile::{AccessTokenProfile, TokenFormat};
pub use allowance::{Allowance, RegistrationKinds, ResourceSharing};
pub use caller_token::CallerToken;
pub use certificate_name::{CertificateName, CertificateNameError, CertificateNameKind};
pub use client::{AllowedResources, Client, GrantType, PublicDetails};
pub use client_authentication::{
    ClientAuthentication, ClientAuthenticationError, Particulars, SecretKind,
};
pub use credentials::{Credentials, RotationError};
pub use epoch::{Epoch, Epochs};
pub use grant::{Authentication, Grant, LegalBasis, LegalBasisError, UnderlyingGrant};
pub use initial_access_token::InitialAccessToken;
pub use jwt_profile::{JwtProfile, ProfileError, ServerAnswers, StatementMembers};
pub use key_source::KeySource;
pub use registration::{Approval, Registration, RegistrationTokens, Software, SoftwareStatement};
pub use release_policy::{ReleasePolicy, ReleasedScopes, SubjectForm};
pub use resource_server::{ResourceServer, Standing};
pub use revision::Revision;
pub use signing_key::{KeyLife, KeyPurpose, KeySchedule, SigningKeyRecord};
pub use statement_encryption::{
    DEFAULT_ENCRYPTION, EncryptionProfileError, Recipient, StatementEncryption, encrypter,
};
pub use token_binding::TokenBinding;
pub use used_proof::UsedProof;
