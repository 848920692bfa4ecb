//! A certificate: `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 section 2).
//!
//! That the caller holds its key was shown in the handshake. Everything else is judged here, at the
//! instant of the request, however old the connection is.

use avouch_jose::JwkSet;

use super::{AuthenticationError, AuthenticationFailure, AuthenticationMeans};
use crate::certificate::{CertificateAuthorities, PresentedCertificate};
use crate::keys::{CallerKeys, KeysUnavailable};
use crate::records::{CertificateName, ClientAuthentication, KeySource};
use crate::storage::{CallerRecord, CallerStore};
use crate::time::Timestamp;

/// Checks the certificate against what the caller that the request names registered.
pub(super) async fn check(
    id: &str,
    certificate: &PresentedCertificate,
    means: &AuthenticationMeans<'_, impl CallerStore, impl CallerKeys>,
    now: Timestamp,
) -> Result<CallerRecord, AuthenticationError> {
    let Some(record) = means.store.find_caller(id).await? else {
        return Err(AuthenticationFailure::UnknownCaller.into());
    };
    if !certificate.validity().includes(now) {
        return Err(AuthenticationFailure::CertificateOutOfDate.into());
    }
    match &record.credentials().authentication {
        ClientAuthentication::TlsClientAuth { name } => {
            vouched_for(certificate, name, means.client_authorities, now)?;
        }
        ClientAuthentication::SelfSignedTlsClientAuth { keys } => {
            registered(certificate, keys, means.published_keys).await?;
        }
        ClientAuthentication::ClientSecretBasic
        | ClientAuthentication::ClientSecretPost
        | ClientAuthentication::ClientSecretJwt { .. }
        | ClientAuthentication::PrivateKeyJwt { .. } => {
            return Err(AuthenticationFailure::WrongMethod.into());
        }
    }
    Ok(record)
}

/// An authority says that it is of whom it should be. The names in it are looked at only then.
fn vouched_for(
    certificate: &PresentedCertificate,
    name: &CertificateName,
    authorities: Option<&CertificateAuthorities>,
    now: Timestamp,
) -> Result<(), AuthenticationFailure> {
    let authorities = authorities.ok_or(AuthenticationFailure::MethodNotOffered)?;
    let verified = authorities
        .verify(certificate, now)
        .map_err(AuthenticationFailure::UntrustedCertificate)?;
    if name.is_among(verified.names()) {
        Ok(())
    } else {
        Err(AuthenticationFailure::WrongCertificateName)
    }
}

/// It is one of those that were registered, or are published where that was registered.
async fn registered(
    certificate: &PresentedCertificate,
    keys: &KeySource,
    published: &impl CallerKeys,
) -> Result<(), AuthenticationFailure> {
    let unavailable = |KeysUnavailable| AuthenticationFailure::KeysUnavailable;
    let found = match keys {
        KeySource::Keys(set) => is_in(certificate, set),
        KeySource::Uri(uri) => {
            is_in(certificate, &*published.keys(uri).await.map_err(unavailable)?)
                // Perhaps the owner has published a new one since: asked once in a while.
                || is_in(certificate, &*published.newer_keys(uri).await.map_err(unavailable)?)
        }
    };
    if found {
        Ok(())
    } else {
        Err(AuthenticationFailure::CertificateNotRegistered)
    }
}

/// The first certificate in an `x5c` is that of the key; the others only lead to an authority, and
/// none is asked here.
fn is_in(certificate: &PresentedCertificate, set: &JwkSet) -> bool {
    let own = set.keys.iter().filter_map(|key| key.certificates().first());
    own.into_iter().any(|der| certificate.is(der))
}
