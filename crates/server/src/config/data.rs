//! `[data]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text;

/// Where the server keeps what must survive a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Folder of the database, unless `[database]` names one, and of the admin
    /// socket. Each server has one of its own. Whoever may write here
    /// administers the server: keep it to the server's own user. A relative
    /// path counts from the folder the server is started in.
    #[serde(deserialize_with = "text::path")]
    #[schemars(example = "/var/lib/avouch")]
    pub folder: PathBuf,
}
