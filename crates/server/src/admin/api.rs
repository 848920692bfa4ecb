//! The documents of the admin API, as both ends write and read them.
//!
//! Requests refuse unknown members; answers may grow new ones. Instants are
//! whole seconds since 1970 UTC (`NumericDate`), spans are seconds. Tokens and
//! secrets show in no `Debug`.

mod apply;
mod caller;
mod error;
mod explanation;
mod initial_access_token;
mod key;
mod registration;
mod revocation;
mod schema;
mod token;

pub use apply::{Added, Applied, FreshSecret, PartlyApplied, Planned, RecordName};
pub use caller::{
    ClientEntry, ClientList, History, NewSecret, ResourceServerEntry, ResourceServerList,
    RevisionEntry, SecretEntry,
};
pub use error::ErrorAnswer;
pub use explanation::{Explain, Explanation};
pub use initial_access_token::{
    CreateInitialAccessToken, CreatedInitialAccessToken, InitialAccessTokenEntry,
    InitialAccessTokenList, Unlimited, Uses,
};
pub use key::{KeyEntry, KeyList, RotateKey};
pub use registration::{Approver, FreshRegistrationToken, RegistrationEntry};
pub use revocation::{
    IssuedBefore, Now, Outcome, RevokeAll, RevokeEverything, RevokedAll, RevokedEverything,
};
pub use token::{IssueToken, IssuedToken, RevokedToken, TokenEntry, TokenReference, TokenState};

pub(super) use schema::{
    ClientDescription as ClientDescriptionSchema, Description as DescriptionSchema,
    ResourceServerDescription as ResourceServerDescriptionSchema,
};
