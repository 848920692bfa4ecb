//! What a plan would change, or changed.

use schemars::JsonSchema;
use serde_json::Value;

/// What would become, or became, of one record.
#[derive(JsonSchema)]
pub(crate) struct Change {
    target: Target,
    /// Its id.
    id: String,
    /// What the database held before.
    current: Current,
    /// Which fields differ; for a new record all that it has.
    fields: Vec<FieldChange>,
}

/// The kind of a record.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Target {
    Client,
    ResourceServer,
}

/// What the database held of a record before.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Current {
    /// Nothing: it is added.
    Absent,
    /// Another version: it is changed.
    Differs,
    /// The same: nothing to do.
    Same,
}

/// One field that differs.
#[derive(JsonSchema)]
pub(crate) struct FieldChange {
    /// Its name, with dots for tables within tables.
    field: String,
    /// What the database held.
    from: Value,
    /// What the description says.
    to: Value,
    /// Whether this takes protection away from what is there, or lets a resource server learn
    /// more.
    #[schemars(default)]
    weaker: bool,
}
