//! A provider that uses the token it was shown as if it were its own.

use avouch_resource_server::{GuardError, ReceivedRequest};
use http::Request;
use http::header::AUTHORIZATION;

use super::narrator::Narrator;
use super::shop::{ClientKey, DPOP};
use super::stage::Provider;
use super::told;
use crate::output::Failure;

/// What the thief is after.
pub(super) const PAYMENTS: &str = "https://pay.example/payments";

/// Tries all that can be made of a request that was seen: the token alone, the request as it was,
/// and a proof by another key.
pub(super) async fn try_at(
    tell: Narrator,
    victim: &Provider,
    token: &str,
    seen: &Request<()>,
) -> Result<(), Failure> {
    let alone = Request::post(PAYMENTS).header(AUTHORIZATION, format!("Bearer {token}"));
    let mut repeated = Request::post(PAYMENTS);
    for name in [AUTHORIZATION.as_str(), DPOP] {
        if let Some(value) = seen.headers().get(name) {
            repeated = repeated.header(name, value);
        }
    }
    let own_proof = ClientKey::generate()?.post(PAYMENTS, token)?;
    for (how, request) in [
        ("the token alone, as Bearer", alone.body(())?),
        ("with the proof the shop had sent", repeated.body(())?),
        ("with a proof by a key of its own", own_proof),
    ] {
        match victim.guard.check(ReceivedRequest::new(&request)).await {
            Err(GuardError::Denied(denial)) => {
                let code = denial.reason().code().map_or("", |code| code.as_str());
                let status = denial.reason().status().as_u16();
                tell.refused(&format!("{how}: {status} {code}, {denial}"))?;
            }
            Err(error) => return Err(error.into()),
            Ok(_) => told(false, "a token is good from its own client alone")?,
        }
    }
    Ok(())
}
