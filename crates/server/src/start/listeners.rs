//! What a server listens on.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::StartError;
use crate::app::App;
use crate::listen::{self, Bounds, Listener, Transport};
use crate::tls::{Acceptor, Question};
use crate::{access, routes};

/// What is listened on, each in a task of its own.
pub(super) struct Listeners {
    pub(super) app: Arc<App>,
    pub(super) bounds: Bounds,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) serving: JoinSet<()>,
}

impl Listeners {
    /// For clients and resource servers; its connections are counted.
    pub(super) fn public(&mut self, listener: TcpListener, question: Question) {
        let router = with_access(&self.app, routes::public(Arc::clone(&self.app)));
        let transport = transport(&self.app, question);
        let app = Arc::clone(&self.app);
        self.serving.spawn(listen::serve(
            listener,
            transport,
            router,
            self.bounds,
            move || app.metrics.connection(),
            self.stopped.clone(),
        ));
    }

    /// For whoever runs the server.
    pub(super) fn operator(
        &mut self,
        listener: impl Listener,
        transport: Transport,
        router: Router,
    ) {
        let router = with_access(&self.app, router);
        self.serving.spawn(listen::serve(
            listener,
            transport,
            router,
            self.bounds,
            || (),
            self.stopped.clone(),
        ));
    }
}

/// Listens on an address that this setting names.
pub(super) fn bind(
    setting: &str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let listen_error = |error| StartError::Listen {
        what: format!("{address} ({setting})"),
        error,
    };
    let listener = listen::bind(address).map_err(listen_error)?;
    let bound = listener.local_addr().map_err(listen_error)?;
    Ok((listener, bound))
}

/// TLS where the server has a certificate.
pub(super) fn transport(app: &Arc<App>, question: Question) -> Transport {
    if !app.certificates.is_on() {
        return Transport::Plain;
    }
    let certificates = Arc::clone(&app.certificates);
    let app = Arc::clone(app);
    let failed = move |reason| app.metrics.tls().handshake_failed(reason);
    Transport::Tls(Acceptor::new(certificates, question, failed))
}

fn with_access(app: &Arc<App>, router: Router) -> Router {
    router.layer(axum::middleware::from_fn_with_state(
        Arc::clone(app),
        access::around,
    ))
}
