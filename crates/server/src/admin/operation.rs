//! One operation: how it is reached, and how it is described.

use std::sync::Arc;

use avouch_core::administration::AdminRight;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, post, put};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::app::App;

/// Adds a type's schema to the components and refers to it.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A row of the table.
pub(super) struct Operation {
    /// In lower case, as `OpenAPI` writes it.
    pub(super) method: &'static str,
    /// With `{id}` for what varies.
    pub(super) path: &'static str,
    /// Its `operationId`.
    pub(super) name: &'static str,
    /// One line.
    pub(super) summary: &'static str,
    /// What it needs to be told, if anything.
    pub(super) request: Option<SchemaOf>,
    /// The status when all went well.
    pub(super) status: u16,
    /// What it answers then, if anything.
    pub(super) answer: Option<SchemaOf>,
    /// Statuses of its own errors; 503 and 500 may come from any.
    pub(super) errors: &'static [u16],
    /// What it takes to call it over TCP.
    pub(super) right: AdminRight,
    /// Whether it takes `after` and `limit`.
    pub(super) pages: bool,
    /// Whether it takes `allow_weaker`.
    pub(super) may_weaken: bool,
    pub(super) handler: MethodRouter<Arc<App>>,
}

impl Operation {
    fn new(
        method: &'static str,
        path: &'static str,
        name: &'static str,
        handler: MethodRouter<Arc<App>>,
    ) -> Self {
        Self {
            method,
            path,
            name,
            summary: "",
            request: None,
            status: 200,
            answer: None,
            errors: &[],
            right: if method == "get" {
                AdminRight::Read
            } else {
                AdminRight::Write
            },
            pages: false,
            may_weaken: false,
            handler,
        }
    }

    pub(super) fn get<T: 'static>(
        path: &'static str,
        name: &'static str,
        handler: impl Handler<T, Arc<App>>,
    ) -> Self {
        Self::new("get", path, name, get(handler))
    }

    pub(super) fn post<T: 'static>(
        path: &'static str,
        name: &'static str,
        handler: impl Handler<T, Arc<App>>,
    ) -> Self {
        Self::new("post", path, name, post(handler))
    }

    pub(super) fn put<T: 'static>(
        path: &'static str,
        name: &'static str,
        handler: impl Handler<T, Arc<App>>,
    ) -> Self {
        Self::new("put", path, name, put(handler))
    }

    pub(super) fn delete<T: 'static>(
        path: &'static str,
        name: &'static str,
        handler: impl Handler<T, Arc<App>>,
    ) -> Self {
        Self::new("delete", path, name, delete(handler))
    }

    pub(super) fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// It changes nothing, though it is no GET: what it is told does not belong in a URL.
    pub(super) fn reads(self) -> Self {
        Self {
            right: AdminRight::Read,
            ..self
        }
    }

    /// It issues an access token for a subject.
    pub(super) fn issues(self) -> Self {
        Self {
            right: AdminRight::Issue,
            ..self
        }
    }

    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        Self {
            request: Some(SchemaGenerator::subschema_for::<T>),
            ..self
        }
    }

    pub(super) fn answers<T: JsonSchema>(self, status: u16) -> Self {
        Self {
            status,
            answer: Some(SchemaGenerator::subschema_for::<T>),
            ..self
        }
    }

    pub(super) fn answers_nothing(self) -> Self {
        Self {
            status: 204,
            ..self
        }
    }

    pub(super) fn fails(self, errors: &'static [u16]) -> Self {
        Self { errors, ..self }
    }

    pub(super) fn may_weaken(self) -> Self {
        Self {
            may_weaken: true,
            ..self
        }
    }

    pub(super) fn pages(self) -> Self {
        Self {
            pages: true,
            ..self
        }
    }
}
