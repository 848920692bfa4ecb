//! What a description would change.

use std::collections::BTreeSet;
use std::sync::Arc;

use avouch_oauth::resource::ResourceIdentifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::weakens::{removes_encryption, weakens};
use super::{ClientDescription, Description, DescriptionError, ResourceServerDescription};
use crate::id::ResourceServerId;
use crate::records::{Client, ResourceServer, ResourceSharing};
use crate::storage::{CallerRecord, CallerStore, StoreError};
use crate::time::Timestamp;

/// What is to be done, in the order of the description.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For people: what would change.
    pub changes: Vec<Change>,
    /// For the store: how it would change. One for each change that is none.
    pub writes: Vec<PlannedWrite>,
}

/// What would become of one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The record's kind.
    pub target: Target,
    /// Its `client_id`.
    pub id: String,
    /// What is there now.
    pub current: Current,
    /// Which fields differ; for a new record all that it has. Empty where all is as described.
    pub fields: Vec<FieldChange>,
}

/// The kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A client.
    Client,
    /// A resource server.
    ResourceServer,
}

/// What the database holds of a described record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Current {
    /// Nothing: it would be added.
    Absent,
    /// Another version: it would be changed.
    Differs,
    /// The same: nothing to do.
    Same,
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name in the description, with dots for tables within tables.
    pub field: String,
    /// What the database holds.
    pub from: Value,
    /// What the description says.
    pub to: Value,
    /// Whether this takes protection away from what is there, or lets a resource server learn
    /// more. Left out where it does not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub weaker: bool,
}

/// One write.
#[derive(Clone, Debug)]
pub enum PlannedWrite {
    /// Add this client, with a fresh secret.
    AddClient(ClientDescription),
    /// Put the second in the place of the client's record, which is the first.
    UpdateClient(Arc<Client>, Client),
    /// Add this RS, with a fresh secret.
    AddResourceServer(ResourceServerDescription),
    /// Put the second in the place of the RS's record, which is the first.
    UpdateResourceServer(Arc<ResourceServer>, ResourceServer, ResourceSharing),
}

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The description is wrong.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// An id names a record of the other kind.
    #[error(
        "{0} is registered as the other kind: a client never becomes a resource server, \
             nor the reverse; choose another id"
    )]
    OtherKind(String),
    /// A resource would belong to two RSs, one of which does not share it.
    #[error(
        "{resource_server}: the resource {resource} belongs to another resource server; to let both \
         serve it say shared = true, else take it from the other first"
    )]
    ResourceTaken {
        /// Who is described to serve it.
        resource_server: ResourceServerId,
        /// Which.
        resource: ResourceIdentifier,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Compares a description with the database.
pub async fn plan(
    description: &Description,
    callers: &impl CallerStore,
    now: Timestamp,
) -> Result<Plan, PlanError> {
    description.check()?;
    let mut plan = Plan {
        changes: Vec::new(),
        writes: Vec::new(),
    };
    let mut resources = Resources::default();
    // RSs first: a new client may be meant for a new RS.
    for server in &description.resource_servers {
        let current = match callers.current_caller(server.id.as_str()).await? {
            Some(CallerRecord::Client(_)) => {
                return Err(PlanError::OtherKind(server.id.to_string()));
            }
            Some(CallerRecord::ResourceServer(current)) => Some(current),
            None => None,
        };
        resources.claim(server, current.as_deref(), callers).await?;
        plan.resource_server(server, current, now);
    }
    for client in &description.clients {
        let current = match callers.current_caller(client.id.as_str()).await? {
            Some(CallerRecord::ResourceServer(_)) => {
                return Err(PlanError::OtherKind(client.id.to_string()));
            }
            Some(CallerRecord::Client(current)) => Some(current),
            None => None,
        };
        plan.client(client, current);
    }
    Ok(plan)
}

/// Who would serve what once the plan is carried out, as far as it goes: a conflict is told before
/// anything is written.
#[derive(Default)]
struct Resources {
    claimed: BTreeSet<ResourceIdentifier>,
    given_up: BTreeSet<ResourceIdentifier>,
}

impl Resources {
    async fn claim(
        &mut self,
        wanted: &ResourceServerDescription,
        current: Option<&ResourceServer>,
        callers: &impl CallerStore,
    ) -> Result<(), PlanError> {
        let own = current.map(|current| &current.resources);
        let is_own = |resource| own.is_some_and(|own| own.contains(resource));
        for resource in wanted.resources.iter().filter(|resource| !is_own(resource)) {
            // What an earlier record of the plan gives up is for the store to judge.
            let in_the_way = self.claimed.contains(resource)
                || (!self.given_up.contains(resource) && callers.is_served(resource).await?);
            if in_the_way && !wanted.shared {
                return Err(PlanError::ResourceTaken {
                    resource_server: wanted.id.clone(),
                    resource: resource.clone(),
                });
            }
        }
        self.claimed.extend(wanted.resources.iter().cloned());
        let given_up = own.into_iter().flatten().cloned();
        self.given_up
            .extend(given_up.filter(|resource| !wanted.resources.contains(resource)));
        Ok(())
    }
}

impl Plan {
    /// The resource servers whose answers are encrypted and would not be any longer.
    pub fn without_encryption(&self) -> impl Iterator<Item = &str> {
        let changed = self
            .changes
            .iter()
            .filter(|change| change.current == Current::Differs);
        let removes = |field: &FieldChange| removes_encryption(&field.field, &field.to);
        changed
            .filter(move |change| change.fields.iter().any(removes))
            .map(|change| change.id.as_str())
    }

    fn client(&mut self, wanted: &ClientDescription, current: Option<Arc<Client>>) {
        let Some(current) = current else {
            self.note(
                Target::Client,
                wanted.id.as_str(),
                Current::Absent,
                everything(wanted),
            );
            self.writes.push(PlannedWrite::AddClient(wanted.clone()));
            return;
        };
        let fields = differences(&ClientDescription::of(&current), wanted);
        let state = if fields.is_empty() {
            Current::Same
        } else {
            Current::Differs
        };
        if state == Current::Differs {
            let credentials = current
                .credentials
                .with_authentication(wanted.authentication.clone());
            let record = wanted.to_record(credentials, current.registered_at);
            self.writes
                .push(PlannedWrite::UpdateClient(current, record));
        }
        self.note(Target::Client, wanted.id.as_str(), state, fields);
    }

    fn resource_server(
        &mut self,
        wanted: &ResourceServerDescription,
        current: Option<Arc<ResourceServer>>,
        now: Timestamp,
    ) {
        let Some(current) = current else {
            self.note(
                Target::ResourceServer,
                wanted.id.as_str(),
                Current::Absent,
                everything(wanted),
            );
            self.writes
                .push(PlannedWrite::AddResourceServer(wanted.clone()));
            return;
        };
        let described = ResourceServerDescription::of(&current, wanted.shared);
        let wanted = &wanted.in_the_place_of(&described);
        let fields = differences(&described, wanted);
        let state = if fields.is_empty() {
            Current::Same
        } else {
            Current::Differs
        };
        if state == Current::Differs {
            let credentials = current
                .credentials
                .with_authentication(wanted.authentication.clone());
            let mut record = wanted.to_record(credentials, current.registered_at);
            record.profile = current.profile.follow(record.profile.value, now);
            record.policy = current.policy.follow(record.policy.value, now);
            record.access_tokens = current
                .access_tokens
                .follow(record.access_tokens.value, now);
            let sharing = if wanted.shared {
                ResourceSharing::Shared
            } else {
                ResourceSharing::Exclusive
            };
            self.writes
                .push(PlannedWrite::UpdateResourceServer(current, record, sharing));
        }
        self.note(Target::ResourceServer, wanted.id.as_str(), state, fields);
    }

    fn note(&mut self, target: Target, id: &str, current: Current, fields: Vec<FieldChange>) {
        self.changes.push(Change {
            target,
            id: id.to_owned(),
            current,
            fields,
        });
    }
}

/// All that a new record has: what it may learn is never added unseen.
fn everything<T: Serialize>(description: &T) -> Vec<FieldChange> {
    let mut fields = Vec::new();
    flatten("", &as_value(description), &mut fields);
    fields.retain(|field| field.field != "id");
    fields
}

fn flatten(path: &str, value: &Value, fields: &mut Vec<FieldChange>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                flatten(&path, value, fields);
            }
        }
        value if is_empty(value) => {}
        value => fields.push(FieldChange {
            field: path.to_owned(),
            from: Value::Null,
            to: value.clone(),
            // Nothing is there yet that could be weakened.
            weaker: false,
        }),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn differences<T: Serialize>(from: &T, to: &T) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare("", &as_value(from), &as_value(to), &mut changes);
    changes
}

fn as_value<T: Serialize>(description: &T) -> Value {
    // Descriptions hold strings, lists and tables with string keys: no such
    // value fails to serialize, and Null would only show as a difference.
    serde_json::to_value(description).unwrap_or(Value::Null)
}

fn compare(path: &str, from: &Value, to: &Value, changes: &mut Vec<FieldChange>) {
    if let (Value::Object(old), Value::Object(new)) = (from, to) {
        for name in names(old, new) {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            let value =
                |table: &Map<String, Value>| table.get(name).cloned().unwrap_or(Value::Null);
            compare(&path, &value(old), &value(new), changes);
        }
    } else if from != to {
        changes.push(FieldChange {
            field: path.to_owned(),
            from: from.clone(),
            to: to.clone(),
            weaker: weakens(path, from, to),
        });
    }
}

fn names<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> Vec<&'a String> {
    old.keys()
        .chain(new.keys().filter(|name| !old.contains_key(*name)))
        .collect()
}
