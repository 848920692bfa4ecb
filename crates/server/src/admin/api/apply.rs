//! Descriptions and what they change.

use avouch_core::apply::{Change, Target};
use avouch_oauth::secret::IssuedSecret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ErrorAnswer, schema};

/// What a description would change.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Planned {
    /// One for each record described.
    #[schemars(with = "Vec<schema::Change>")]
    pub changes: Vec<Change>,
}

/// What a description has changed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// One for each record described; all are in force.
    #[schemars(with = "Vec<schema::Change>")]
    pub changes: Vec<Change>,
    /// The secrets of the records that got one: given out this once.
    pub secrets: Vec<FreshSecret>,
}

/// A client or resource server that was added.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Added {
    /// Its id.
    pub client_id: String,
    /// Its secret, if its method works with one: given out this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub client_secret: Option<IssuedSecret>,
}

/// A fresh secret of a client or resource server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FreshSecret {
    /// The id it is presented with.
    pub client_id: String,
    /// The secret: given out this once.
    #[schemars(with = "String")]
    pub client_secret: IssuedSecret,
}

/// A description was carried out in part: one write failed, and none was tried
/// after it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PartlyApplied {
    /// Why it stopped.
    #[serde(flatten)]
    pub error: ErrorAnswer,
    /// In force, in the order written.
    pub written: Vec<RecordName>,
    /// The one that failed.
    pub failed: RecordName,
    /// Whether the one that failed may be in force all the same: the store
    /// went away before it said so.
    pub failed_may_be_written: bool,
    /// Not tried.
    pub not_written: Vec<RecordName>,
    /// The secrets of the records that got one: given out this once.
    pub secrets: Vec<FreshSecret>,
}

/// Names a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordName {
    /// Its kind.
    #[schemars(with = "schema::Target")]
    pub target: Target,
    /// Its id.
    pub id: String,
}
