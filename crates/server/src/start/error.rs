//! Why a server did not start, and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use avouch_core::keys::SecretsError;
use avouch_core::storage::StoreError;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_store::{OpenError, PostgresError};
use thiserror::Error;

use crate::config::{DatabasePasswordError, NoSealingKey, StatementKeysError};
use crate::keys::KeysError;
use crate::recipient_keys::FetchSetupError;
use crate::tls;

/// Why the server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data folder cannot be made or used.
    #[error("the data folder {}: {error}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The sealing key cannot be had.
    #[error(transparent)]
    SealingKey(#[from] NoSealingKey),
    /// The database cannot be opened.
    #[error("{}", error.of_file(file))]
    Store {
        /// Which.
        file: PathBuf,
        /// Why.
        error: OpenError,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] PostgresError),
    /// The password of the database cannot be had.
    #[error(transparent)]
    DatabasePassword(#[from] DatabasePasswordError),
    /// Another server has its admin socket there.
    #[error(
        "the data folder {} is in use by another server; give each its own, also if they share a \
         database", .0.display()
    )]
    FolderInUse(PathBuf),
    /// The server's own secrets cannot be had.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The signing keys cannot be had.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Published keys cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchSetupError),
    /// The keys of those whose software statements are trusted cannot be had.
    #[error(transparent)]
    StatementKeys(#[from] StatementKeysError),
    /// The server's certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] tls::CertificateError),
    /// The authorities for certificates of callers cannot be had.
    #[error(transparent)]
    ClientAuthorities(#[from] tls::ClientAuthoritiesError),
    /// No URL can be made of where the admin API listens.
    #[error("{0} is no address that tokens can be asked for: set admin.url in the configuration")]
    AdminUrl(SocketAddr),
    /// A resource server has the name of the admin API.
    #[error(
        "the resource {0} belongs to a resource server and cannot be the admin API: choose another \
         admin.url, or start without admin.listen and take the resource from the resource server"
    )]
    AdminUrlServed(ResourceIdentifier),
    /// The records cannot be read.
    #[error(transparent)]
    Records(StoreError),
    /// A listener cannot be set up.
    #[error("cannot listen on {what}: {error}; {}", listen_hint(error))]
    Listen {
        /// Where, and by which setting.
        what: String,
        /// Why.
        error: io::Error,
    },
    /// The socket of the admin API cannot be made.
    #[error("the admin socket {}: {error}{}", socket.display(), socket_hint(error))]
    Socket {
        /// Where.
        socket: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// What to do about an address that cannot be listened on.
pub fn listen_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another process listens there: stop it, or choose another address"
        }
        io::ErrorKind::PermissionDenied => {
            "this user may not listen there: ports below 1024 take the capability \
             CAP_NET_BIND_SERVICE; grant it, or choose a port from 1024 on"
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have the address: choose one that it has"
        }
        _ => "choose another address",
    }
}

fn socket_hint(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::PermissionDenied {
        "; it or its folder belongs to another user: run the server as that user, or give the data \
         folder to this one with all that is in it"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_had_is_not_said_to_be_taken() {
        let hint = |kind: io::ErrorKind| listen_hint(&kind.into());
        let taken = hint(io::ErrorKind::AddrInUse);
        assert!(taken.contains("another process"), "{taken}");
        let denied = hint(io::ErrorKind::PermissionDenied);
        assert!(denied.contains("below 1024"), "{denied}");
        assert!(!denied.contains("another"), "{denied}");
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(socket_hint(&denied).contains("another user"));
        assert_eq!(socket_hint(&io::ErrorKind::NotFound.into()), "");
    }
}
