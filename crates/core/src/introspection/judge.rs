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
    /// All tokens of everybody were revoked since, or those of its age.
    EverythingRevoked,
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
        Self::EverythingRevoked,
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
            Self::EverythingRevoked => "everything_revoked",
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
    let (token, issued_in, current) = (&found.token, found.issued_in, found.current);
    // A tie kills: a token issued in the very instant that was named was issued
    // until then.
    let too_old = |until: Timestamp| token.issued_at <= until;
    if found.client == CallerState::Removed {
        Some(InactiveReason::ClientRemoved)
    } else if token.revoked_at.is_some() {
        Some(InactiveReason::TokenRevoked)
    } else if found.grant.revoked_at.is_some() {
        Some(InactiveReason::GrantRevoked)
    // Another epoch, not only a later one: a count that fell behind what was
    // issued under it is damage, and does not make a token good.
    } else if issued_in.client != current.client {
        Some(InactiveReason::ClientRevoked)
    } else if issued_in.subject != current.subject {
        Some(InactiveReason::SubjectRevoked)
    } else if issued_in.server != current.server || found.all_revoked_until.is_some_and(too_old) {
        Some(InactiveReason::EverythingRevoked)
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
    use crate::records::{Epoch, Epochs};

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
        grant.grant.revoked_at = Some(seconds(1_001));
        assert_eq!(reason(grant, 1_002), Some(InactiveReason::GrantRevoked));

        let mut client = found(SIGN);
        client.current.client = Epoch::new(1);
        assert_eq!(reason(client, 1_002), Some(InactiveReason::ClientRevoked));

        let mut removed = found(SIGN);
        removed.client = CallerState::Removed;
        assert_eq!(reason(removed, 1_002), Some(InactiveReason::ClientRemoved));

        let mut subject = found(SIGN);
        subject.current.subject = Epoch::new(1);
        assert_eq!(reason(subject, 1_002), Some(InactiveReason::SubjectRevoked));

        let mut everything = found(SIGN);
        everything.current.server = Epoch::new(1);
        let reason = reason(everything, 1_002);
        assert_eq!(reason, Some(InactiveReason::EverythingRevoked));
    }

    /// No clock is asked: the token may bear any instant, before or after.
    #[test]
    fn a_token_is_good_in_the_epochs_it_was_issued_in_and_in_no_other() {
        let every: [fn(&mut Epochs) -> &mut Epoch; 3] = [
            |epochs| &mut epochs.client,
            |epochs| &mut epochs.subject,
            |epochs| &mut epochs.server,
        ];
        for one in every {
            for (issued_in, current) in [(0, 1), (3, 4), (1, 7), (2, 1)] {
                let mut token = found(SIGN);
                *one(&mut token.issued_in) = Epoch::new(issued_in);
                *one(&mut token.current) = Epoch::new(current);
                assert!(reason(token.clone(), 1_001).is_some(), "{token:?}");
                token.issued_in = token.current;
                assert_eq!(reason(token, 1_001), None);
            }
        }
    }

    #[test]
    fn a_named_instant_kills_what_was_issued_at_or_before_it_and_nothing_later() {
        let until = |at| {
            let mut token = found(SIGN); // issued at 1,000
            token.all_revoked_until = Some(at);
            reason(token, 1_001)
        };
        assert_eq!(until(seconds(999)), None);
        let dead = Some(InactiveReason::EverythingRevoked);
        assert_eq!(until(seconds(1_000)), dead);
        assert_eq!(until(seconds(1_001)), dead);
    }

    #[test]
    fn row_7662_4_06_a_resource_server_outside_the_audience_gets_nothing() {
        assert_eq!(
            reason(found("https://pay.example"), 1_001),
            Some(InactiveReason::ForeignAudience)
        );
    }
}
