//! Tokens that are issued and revoked, one by one.

use super::{Unanswered, Worker};
use crate::parties::RESOURCE;
use crate::record::{Note, State};

impl Worker {
    pub(super) fn issue_and_revoke(&self, turn: u64) -> Result<(), Unanswered> {
        let client = &self.parties.client;
        let form = format!("grant_type=client_credentials&resource={RESOURCE}");
        let answer = self.door.post_form("/token", client, &form);
        let issued = self.notes.expect("issue", 200, answer)?;
        let token = issued.text("access_token");
        let note = |state| self.notes.write(Note::Tokens(vec![token.clone()], state));
        note(State::Issued);
        if turn.is_multiple_of(2) {
            return Ok(());
        }
        // Written down before, so that no end of ours makes it look acknowledged.
        note(State::Unknown);
        let form = format!("token={token}");
        let answer = self.door.post_form("/revoke", client, &form);
        self.notes.expect("revoke", 200, answer)?;
        note(State::Revoked);
        Ok(())
    }
}
