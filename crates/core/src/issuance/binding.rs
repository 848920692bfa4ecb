//! The key a new token is bound to (RFC 8705 section 3, RFC 9449 section 5).

use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};

use super::IssueError;
use crate::records::TokenBinding;

/// The keys that a request showed to be its sender's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShownKeys {
    /// The thumbprint of the key of a `DPoP` proof.
    pub dpop: Option<Sha256Thumbprint>,
    /// The thumbprint of a TLS client certificate.
    pub certificate: Option<Sha256Thumbprint>,
}

/// What to bind a token to that is asked for with these keys. With
/// `sender_constrained` no token goes out unbound, whatever its client says.
pub(super) fn bind(
    binding: TokenBinding,
    sender_constrained: bool,
    shown: ShownKeys,
) -> Result<Option<Confirmation>, IssueError> {
    let certificate = match binding {
        TokenBinding::Dpop if shown.dpop.is_none() => return Err(IssueError::NoProof),
        TokenBinding::Certificate => Some(shown.certificate.ok_or(IssueError::NoCertificate)?),
        // A certificate that is shown for another reason binds only for want of anything else.
        TokenBinding::Optional if sender_constrained && shown.dpop.is_none() => {
            Some(shown.certificate.ok_or(IssueError::Unbound)?)
        }
        TokenBinding::Dpop | TokenBinding::Optional => None,
    };
    let confirmation = Confirmation {
        x5t_s256: certificate,
        jkt: shown.dpop,
        ..Confirmation::default()
    };
    Ok((confirmation != Confirmation::default()).then_some(confirmation))
}

/// Checks a binding that was ordered for a client.
pub(super) fn check(
    binding: TokenBinding,
    sender_constrained: bool,
    ordered: Option<&Confirmation>,
) -> Result<(), IssueError> {
    let dpop = ordered.and_then(|confirmation| confirmation.jkt);
    let certificate = ordered.and_then(|confirmation| confirmation.x5t_s256);
    match binding {
        TokenBinding::Dpop if dpop.is_none() => Err(IssueError::NoProof),
        TokenBinding::Certificate if certificate.is_none() => Err(IssueError::NoCertificate),
        _ if sender_constrained && dpop.is_none() && certificate.is_none() => {
            Err(IssueError::Unbound)
        }
        TokenBinding::Optional | TokenBinding::Dpop | TokenBinding::Certificate => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(octet: u8) -> Sha256Thumbprint {
        Sha256Thumbprint::from_bytes([octet; 32])
    }

    fn shown(dpop: bool, certificate: bool) -> ShownKeys {
        ShownKeys {
            dpop: dpop.then(|| key(1)),
            certificate: certificate.then(|| key(2)),
        }
    }

    #[test]
    fn row_8705_3_03_and_9449_5_01_what_is_registered_is_compulsory() {
        let bind = |binding, shown| bind(binding, false, shown);
        let jkt = Some(Confirmation::jkt(key(1)));
        let x5t = Some(Confirmation::x5t_s256(key(2)));
        assert!(matches!(
            bind(TokenBinding::Dpop, shown(false, true)),
            Err(IssueError::NoProof)
        ));
        assert!(matches!(
            bind(TokenBinding::Certificate, shown(true, false)),
            Err(IssueError::NoCertificate)
        ));
        assert_eq!(bind(TokenBinding::Dpop, shown(true, true)).unwrap(), jkt);
        assert_eq!(
            bind(TokenBinding::Certificate, shown(false, true)).unwrap(),
            x5t
        );
        assert_eq!(
            bind(TokenBinding::Optional, shown(true, true)).unwrap(),
            jkt
        );
        assert_eq!(
            bind(TokenBinding::Optional, shown(false, true)).unwrap(),
            None
        );
        let both = bind(TokenBinding::Certificate, shown(true, true))
            .unwrap()
            .unwrap();
        assert_eq!((both.jkt, both.x5t_s256), (Some(key(1)), Some(key(2))));
    }

    #[test]
    fn row_fsp_5_3_2_1_04_no_token_goes_out_unbound_where_that_is_demanded() {
        let bind = |shown| bind(TokenBinding::Optional, true, shown);
        assert!(matches!(
            bind(shown(false, false)),
            Err(IssueError::Unbound)
        ));
        assert_eq!(
            bind(shown(true, false)).unwrap(),
            Some(Confirmation::jkt(key(1)))
        );
        let by_certificate = Some(Confirmation::x5t_s256(key(2)));
        assert_eq!(bind(shown(false, true)).unwrap(), by_certificate);
        let check = |ordered| check(TokenBinding::Optional, true, ordered);
        assert!(matches!(check(None), Err(IssueError::Unbound)));
        assert!(check(by_certificate.as_ref()).is_ok());
    }
}
