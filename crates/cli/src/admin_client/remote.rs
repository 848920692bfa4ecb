//! The admin API over TCP: as a client that administers, with an access token for each call.

mod advice;

use std::fmt;

use avouch_core::administration::{ADMIN_SCOPE, AdminRight};
use avouch_resource_server::{CallError, ResourceClient, ResourceClientBuilder, Scope};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};

pub(crate) use self::advice::Told;
use super::Asked;

/// A server that is asked from elsewhere.
#[derive(Debug)]
pub(crate) struct Remote {
    client: ResourceClient,
    told: Told,
}

/// What went wrong as it does over TCP alone, and what to do about it.
#[derive(Debug)]
pub(crate) struct RemoteError {
    what: String,
    next: Option<String>,
}

impl Remote {
    /// Finds the admin API and its authorization server. Nothing secret is sent yet.
    pub(crate) async fn discover(
        builder: ResourceClientBuilder,
        told: Told,
    ) -> Result<Self, RemoteError> {
        match builder.discover().await {
            Ok(client) => Ok(Self { client, told }),
            Err(error) => Err(told.on_discovery(&error)),
        }
    }

    pub(super) async fn exchange(
        &self,
        asked: Asked<'_>,
    ) -> Result<(StatusCode, Bytes), RemoteError> {
        let right = asked.right;
        let request = Request::builder()
            .method(asked.method)
            .uri(asked.path)
            .header(CONTENT_TYPE, "application/json")
            .body(asked.body)
            // As if the path had been sent.
            .map_err(|_| self.told.on_call(&CallError::Target, right))?;
        let answer = self.client.call(&scopes(right), &request).await;
        let answer = answer.map_err(|error| self.told.on_call(&error, right))?;
        match self.told.on_answer(&answer) {
            Some(refusal) => Err(refusal),
            None => Ok((answer.status(), answer.into_body())),
        }
    }
}

/// Those that will do, the narrowest first.
fn scopes(right: AdminRight) -> Vec<Scope> {
    let mut names = vec![right.scope(), ADMIN_SCOPE];
    names.dedup();
    let scopes = names.into_iter().map(Scope::parse);
    scopes.filter_map(Result::ok).collect()
}

impl RemoteError {
    /// In one line: part of it may be words of whoever answers.
    fn new(what: impl fmt::Display) -> Self {
        Self {
            what: what.to_string().replace('\n', " "),
            next: None,
        }
    }

    fn next(self, next: impl fmt::Display) -> Self {
        Self {
            next: Some(next.to_string()),
            ..self
        }
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.next {
            Some(next) => write!(f, "\n  {next}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RemoteError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_scope_comes_first() {
        let names = |right| {
            let scopes = scopes(right);
            scopes.iter().map(Scope::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names(AdminRight::Read), ["admin:read", "admin"]);
        assert_eq!(names(AdminRight::Issue), ["admin:issue", "admin"]);
        assert_eq!(names(AdminRight::Write), ["admin"]);
    }
}
