//! Events as log lines, under the target `avouch::event`.

use avouch_core::event::{Answer, Event, RecordError, Recorder};
use tracing::info;

/// Writes each event as one structured line. What was asked about shows by its
/// `jti`, never by the token.
#[derive(Clone, Copy, Debug)]
pub struct LogRecorder;

impl Recorder for LogRecorder {
    async fn record(&self, event: &Event<'_>) -> Result<(), RecordError> {
        write(event);
        Ok(())
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "an arm for each event, and nothing else"
)]
fn write(event: &Event<'_>) {
    const TARGET: &str = "avouch::event";
    match event {
        Event::AuthenticationFailed { reason, caller, .. } => {
            let reason = reason.name();
            info!(target: TARGET, event = "authentication_failed", caller, reason);
        }
        Event::Refused { caller, reason, .. } => {
            info!(target: TARGET, event = "refused", caller, reason);
        }
        Event::Introspected {
            at,
            resource_server,
            profile,
            policy,
            token,
            answer,
            format,
            signed_with,
            encrypted_with,
            statement,
        } => {
            let (active, reason) = verdict(*answer);
            info!(
                target: TARGET,
                event = "introspected",
                iat = at.as_secs(),
                resource_server = resource_server.as_str(),
                profile,
                policy,
                jti = token.map(avouch_core::id::TokenId::as_str),
                active,
                reason,
                media_type = format.media_type(),
                signed_with = signed_with.map(avouch_jose::SignatureAlgorithm::name),
                encrypted_with = encrypted_with.map(|with| with.algorithm.name()),
                content_encryption = encrypted_with.map(|with| with.encryption.name()),
                recipient_kid = encrypted_with.and_then(|with| with.kid.as_deref()),
                statement = statement.map(avouch_core::id::StatementId::as_str),
            );
        }
        Event::OwnTokenIntrospected {
            client,
            token,
            answer,
            ..
        } => {
            let (active, reason) = verdict(*answer);
            info!(
                target: TARGET,
                event = "own_token_introspected",
                client = client.as_str(),
                jti = token.map(avouch_core::id::TokenId::as_str),
                active,
                reason,
            );
        }
        Event::TokenIssued {
            client,
            grant,
            token,
            ordered_by,
            disclosure,
            ..
        } => {
            // Of claims the names alone.
            let claims = disclosure.map(|disclosure| disclosure.claims.join(" "));
            info!(
                target: TARGET,
                event = "token_issued",
                client = client.as_str(),
                grant = grant.as_str(),
                jti = token.as_str(),
                by = ordered_by,
                format = disclosure.map_or("opaque", |_| "jwt"),
                resource_server = disclosure.map(|told| told.resource_server.as_str()),
                profile = disclosure.map(|told| told.profile),
                policy = disclosure.map(|told| told.policy),
                claims,
            );
        }
        Event::CallerTokenIssued {
            resource_server,
            token,
            ..
        } => {
            info!(
                target: TARGET,
                event = "caller_token_issued",
                resource_server = resource_server.as_str(),
                jti = token.as_str(),
            );
        }
        Event::Revoked {
            by,
            what,
            name,
            outcome,
            ..
        } => {
            info!(target: TARGET, event = "revoked", by, what, name, outcome = ?outcome);
        }
        Event::Administered { by, what, name, .. } => {
            info!(target: TARGET, event = "administered", by, what, name);
        }
    }
}

fn verdict(answer: Answer) -> (bool, Option<&'static str>) {
    match answer {
        Answer::Active => (true, None),
        Answer::Inactive(reason) => (false, Some(reason.name())),
    }
}
