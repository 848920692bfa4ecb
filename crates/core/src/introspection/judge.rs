//! Whether a token is active for this caller at this instant (RFC 7662 section 4).

use crate::introspection::Sought;
use crate::records::{CallerState, FoundToken, ResourceServer};
use crate::time::Timestamp;

/// The judgement of a token for one RS.
#[derive(Clone, Copy, Debug)]
pub enum Judgement<'a> {
    /// It is good here and now.
    Active(&'a FoundToken),
    /// It is not. The reason goes to the event alone: on the wire all look alike.
    Inactive(InactiveReason),
}

/// Why a token is not active for an RS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InactiveReason {
    /// Not one of ours, or changed on the way.
    NeverIssued,
    /// Expired long ago and cleaned away, or lost with a restored backup.
    NotKept,
    /// The RS is not in its audience (RFC 9701 section 3).
    ForeignAudience,
    /// Not good yet.
    NotYetValid,
    /// Good no longer.
    Expired,
    /// Revoked by itself.
    TokenRevoked,
    /// Its grant was revoked since.
    GrantRevoked,
    /// All tokens of its client were revoked since.
    ClientRevoked,
    /// Its client is gone.
    ClientRemoved,
    /// All tokens of its subject were revoked since.
    SubjectRevoked,
}

impl InactiveReason {
    /// Every reason, for metrics that start at zero.
    pub const ALL: &'static [Self] = &[
        Self::NeverIssued,
        Self::NotKept,
        Self::ForeignAudience,
        Self::NotYetValid,
        Self::Expired,
        Self::TokenRevoked,
        Self::GrantRevoked,
        Self::ClientRevoked,
        Self::ClientRemoved,
        Self::SubjectRevoked,
    ];

    /// A name for events and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverIssued => "never_issued",
            Self::NotKept => "not_kept",
            Self::ForeignAudience => "foreign_audience",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::TokenRevoked => "token_revoked",
            Self::GrantRevoked => "grant_revoked",
            Self::ClientRevoked => "client_revoked",
            Self::ClientRemoved => "client_removed",
            Self::SubjectRevoked => "subject_revoked",
        }
    }
}

/// Judges a token for the RS that asks. Only the caller and the token count,
/// never who else might hold it.
pub fn judge<'a>(
    sought: &'a Sought,
    resource_server: &ResourceServer,
    now: Timestamp,
) -> Judgement<'a> {
    let found = match sought {
        Sought::Found(found) => found,
        Sought::NeverIssued => return Judgement::Inactive(InactiveReason::NeverIssued),
        Sought::NotKept => return Judgement::Inactive(InactiveReason::NotKept),
    };
    match reason_for(resource_server, found, now) {
        Some(reason) => Judgement::Inactive(reason),
        None => Judgement::Active(found),
    }
}

/// Whether a token is good at this RS.
pub fn is_good_at(resource_server: &ResourceServer, found: &FoundToken, now: Timestamp) -> bool {
    reason_for(resource_server, found, now).is_none()
}

fn reason_for(
    resource_server: &ResourceServer,
    found: &FoundToken,
    now: Timestamp,
) -> Option<InactiveReason> {
    let foreign = || !resource_server.serves_any_of(&found.token.audience);
    reason_against(found, now).or_else(|| foreign().then_some(InactiveReason::ForeignAudience))
}

/// Why the token is dead for everybody, if it is: the part of the judgement
/// that does not depend on who asks.
pub fn reason_against(found: &FoundToken, now: Timestamp) -> Option<InactiveReason> {
    let token = &found.token;
    // A tie kills: a token issued in the very instant of a revocation may have
    // been issued before it.
    let dead_by = |epoch: Option<Timestamp>| epoch.is_some_and(|before| token.issued_at <= before);
    let client_revoked_before = match found.client {
        CallerState::Removed => return Some(InactiveReason::ClientRemoved),
        CallerState::Registered { revoked_before } => revoked_before,
    };
    if token.revoked_at.is_some() {
        Some(InactiveReason::TokenRevoked)
    } else if dead_by(found.grant.revoked_before) {
        Some(InactiveReason::GrantRevoked)
    } else if dead_by(client_revoked_before) {
        Some(InactiveReason::ClientRevoked)
    } else if dead_by(found.subject_revoked_before) {
        Some(InactiveReason::SubjectRevoked)
    } else if now >= token.expires_at {
        Some(InactiveReason::Expired)
    } else if token.not_before.is_some_and(|from| now < from) {
        Some(InactiveReason::NotYetValid)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::introspection::fixtures::{SIGN, found, resource_server, seconds, sought};

    fn reason(found: FoundToken, now: i64) -> Option<InactiveReason> {
        match judge(&sought(found), &resource_server("sign", SIGN), seconds(now)) {
            Judgement::Active(_) => None,
            Judgement::Inactive(reason) => Some(reason),
        }
    }

    #[test]
    fn a_good_token_is_active_from_its_first_to_before_its_last_second() {
        assert_eq!(reason(found(SIGN), 1_000), None);
        assert_eq!(reason(found(SIGN), 1_599), None);
    }

    #[test]
    fn row_7662_4_02_a_token_ends_at_exp() {
        assert_eq!(reason(found(SIGN), 1_600), Some(InactiveReason::Expired));
    }

    #[test]
    fn row_7662_4_03_a_token_starts_at_nbf() {
        let mut late = found(SIGN);
        late.token.not_before = Some(seconds(1_100));
        assert_eq!(
            reason(late.clone(), 1_099),
            Some(InactiveReason::NotYetValid)
        );
        assert_eq!(reason(late, 1_100), None);
    }

    #[test]
    fn row_7662_4_04_revocation_of_token_grant_client_and_subject_is_seen() {
        let mut token = found(SIGN);
        token.token.revoked_at = Some(seconds(1_001));
        assert_eq!(reason(token, 1_002), Some(InactiveReason::TokenRevoked));

        let mut grant = found(SIGN);
        std::sync::Arc::make_mut(&mut grant.grant).revoked_before = Some(seconds(1_001));
        assert_eq!(reason(grant, 1_002), Some(InactiveReason::GrantRevoked));

        let mut client = found(SIGN);
        client.client = CallerState::Registered {
            revoked_before: Some(seconds(1_001)),
        };
        assert_eq!(reason(client, 1_002), Some(InactiveReason::ClientRevoked));

        let mut removed = found(SIGN);
        removed.client = CallerState::Removed;
        assert_eq!(reason(removed, 1_002), Some(InactiveReason::ClientRemoved));

        let mut subject = found(SIGN);
        subject.subject_revoked_before = Some(seconds(1_001));
        assert_eq!(reason(subject, 1_002), Some(InactiveReason::SubjectRevoked));
    }

    #[test]
    fn an_epoch_kills_what_was_issued_at_or_before_it_and_nothing_later() {
        let epoch = |at| {
            let mut token = found(SIGN); // issued at 1,000
            token.subject_revoked_before = Some(at);
            reason(token, 1_001)
        };
        assert_eq!(epoch(seconds(999)), None);
        assert_eq!(epoch(seconds(1_000)), Some(InactiveReason::SubjectRevoked));
    }

    #[test]
    fn row_7662_4_06_a_resource_server_outside_the_audience_gets_nothing() {
        assert_eq!(
            reason(found("https://pay.example"), 1_001),
            Some(InactiveReason::ForeignAudience)
        );
    }
}
