//! One event for each answer, before the answer leaves.

use avouch_oauth::negotiate::ResponseFormat;

use crate::event::{Answer, Event, RecordError, Recorder};
use crate::introspection::{Judgement, SecuredAnswer, Sought};
use crate::records::ResourceServer;
use crate::time::Timestamp;

/// Records who asked, about which token, what was answered and why. If it
/// cannot be recorded, it must not be sent.
pub async fn record(
    recorder: &impl Recorder,
    resource_server: &ResourceServer,
    sought: &Sought,
    judgement: &Judgement<'_>,
    format: ResponseFormat,
    answer: &SecuredAnswer,
    now: Timestamp,
) -> Result<(), RecordError> {
    let token = match sought {
        Sought::Found(found) => Some(&found.token.id),
        Sought::NeverIssued | Sought::NotKept => None,
    };
    recorder
        .record(&Event::Introspected {
            at: now,
            resource_server: &resource_server.id,
            profile: resource_server.profile.number,
            policy: resource_server.policy.number,
            token,
            answer: match judgement {
                Judgement::Active(_) => Answer::Active,
                Judgement::Inactive(reason) => Answer::Inactive(*reason),
            },
            format,
            signed_with: answer.signed_with,
            encrypted_with: answer.encrypted_with.as_ref(),
            statement: answer.statement.as_ref(),
        })
        .await
}
