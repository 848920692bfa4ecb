//! Accepting connections and serving them until told to stop.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;
use tracing::{debug, warn};

use crate::access::Peer;
use crate::deadline::WriteDeadline;
use crate::tls::Acceptor;

/// How long open requests may take to end after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after accepting failed, for example for want of file
/// descriptors: trying at once would burn a core and mend nothing.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often it is said that no more connections can be taken.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// Connections that may wait to be taken, if the system allows as many. A client that finds no
/// place among them tries again, after a second at the earliest.
const WAITING: u32 = 1024;

/// Listens on an address, within a tokio runtime.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // Connections of a server that was stopped a moment ago are no reason to wait.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Bounds on what one listener takes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Connections at a time; further ones wait to be accepted.
    pub(crate) connections: usize,
    /// Bytes of request line and headers; more is 431.
    pub(crate) header: usize,
    /// How long an answer may wait to be taken by the other end.
    pub(crate) answer: Duration,
}

/// What is spoken on a listener, below HTTP.
#[derive(Clone)]
pub(crate) enum Transport {
    /// Nothing.
    Plain,
    /// TLS, and nothing else.
    Tls(Acceptor),
}

/// Something connections come from.
pub(crate) trait Listener: Send + 'static {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection and where it comes from.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Io, Option<SocketAddr>)>> + Send;
}

impl Listener for TcpListener {
    type Io = tokio::net::TcpStream;

    async fn accept(&self) -> io::Result<(Self::Io, Option<SocketAddr>)> {
        let (stream, peer) = Self::accept(self).await?;
        // Answers are small and complete: waiting to fill a packet only delays them.
        stream.set_nodelay(true)?;
        Ok((stream, Some(peer)))
    }
}

impl Listener for UnixListener {
    type Io = tokio::net::UnixStream;

    async fn accept(&self) -> io::Result<(Self::Io, Option<SocketAddr>)> {
        let (stream, _) = Self::accept(self).await?;
        Ok((stream, None))
    }
}

/// Serves until `stop` changes, then lets open requests end. What `opened`
/// returns is held for as long as the connection lives.
pub(crate) async fn serve<T: Send + 'static>(
    listener: impl Listener,
    transport: Transport,
    router: Router,
    bounds: Bounds,
    opened: impl Fn() -> T + Send + 'static,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    // Dropped when draining is over, which ends every connection that is left.
    let (draining, drained) = watch::channel(());
    let slots = Arc::new(Semaphore::new(bounds.connections));
    let mut told: Option<Instant> = None;
    loop {
        if slots.available_permits() == 0 && told.is_none_or(|told| told.elapsed() > TELL_EVERY) {
            warn!(
                connections = bounds.connections,
                "all connections are taken: further ones wait; limits.connections sets how many \
                 there are"
            );
            told = Some(Instant::now());
        }
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot,
            _ = stop.changed() => break,
        };
        let (io, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            _ = stop.changed() => break,
        };
        let peer: Option<IpAddr> = peer.map(|peer| peer.ip().to_canonical());
        let (transport, router, mut stop) = (transport.clone(), router.clone(), stop.clone());
        let (watcher, mut drained) = (graceful.watcher(), drained.clone());
        let live = opened();
        // The handshake is part of the connection's own task and takes its slot: who is slow in it
        // holds nobody else up.
        tokio::spawn(async move {
            let conversation = async move {
                let io = WriteDeadline::new(io, bounds.answer);
                match transport {
                    Transport::Plain => {
                        converse(io, Peer::plain(peer), router, bounds, watcher).await;
                    }
                    Transport::Tls(acceptor) => {
                        let secured = tokio::select! {
                            secured = acceptor.accept(io) => secured,
                            _ = stop.changed() => None,
                        };
                        if let Some(secured) = secured {
                            let peer = Peer::over_tls(peer, secured.certificate);
                            converse(secured.stream, peer, router, bounds, watcher).await;
                        }
                    }
                }
            };
            tokio::select! {
                () = conversation => {}
                _ = drained.changed() => {}
            }
            drop((slot, live));
        });
    }
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        warn!("some connections did not end in time and were cut off");
    }
    drop(draining);
}

/// Answers the requests of one connection.
async fn converse(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Router,
    bounds: Bounds,
    watcher: Watcher,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        router.clone().oneshot(request.map(axum::body::Body::new))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(bounds.header.max(8192))
        .serve_connection(TokioIo::new(io), service);
    if let Err(error) = watcher.watch(connection).await {
        debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::post;
    use http_body_util::BodyExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::sync::{Mutex, mpsc};

    const ONE: Bounds = Bounds {
        connections: 1,
        header: 8192,
        answer: DRAIN,
    };

    /// Connections within this process.
    struct Inside(Mutex<mpsc::Receiver<DuplexStream>>);

    impl Listener for Inside {
        type Io = DuplexStream;

        async fn accept(&self) -> io::Result<(DuplexStream, Option<SocketAddr>)> {
            match self.0.lock().await.recv().await {
                Some(near) => Ok((near, None)),
                None => std::future::pending().await,
            }
        }
    }

    /// A burst of clients that come before one is taken: each finds a place, none has to try again.
    #[tokio::test]
    async fn a_burst_of_connections_waits_to_be_taken() {
        let limit = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let burst = limit.trim().parse::<usize>().unwrap().min(300);
        let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let patience = Duration::from_secs(30);
        let waiting: Vec<_> = (0..burst)
            .map(|_| std::net::TcpStream::connect_timeout(&address, patience).unwrap())
            .collect();
        for _ in &waiting {
            listener.accept().await.unwrap();
        }
        let taken = bind(address).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }

    /// A body that never comes holds up a stop for as long as any request may, and no longer: its
    /// connection is closed, and whoever reads it is told.
    #[tokio::test(start_paused = true)]
    async fn what_has_not_ended_when_draining_is_over_is_cut_off() {
        let (begun, mut has_begun) = mpsc::channel(1);
        let (told, mut was_told) = mpsc::channel(1);
        let router = Router::new().route(
            "/",
            post(move |body: Body| async move {
                begun.send(()).await.unwrap();
                // As in access.rs: on its own, whatever becomes of the connection.
                let reading = tokio::spawn(async move {
                    let broken = body.collect().await.is_err();
                    told.send(broken).await.unwrap();
                });
                reading.await.unwrap();
            }),
        );
        let (connect, connections) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let listener = Inside(Mutex::new(connections));
        let serving = serve(listener, Transport::Plain, router, ONE, || (), stopped);
        let serving = tokio::spawn(serving);

        let (near, mut far) = duplex(1024);
        connect.send(near).await.unwrap();
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
        far.write_all(head).await.unwrap();
        has_begun.recv().await.unwrap();

        let started = tokio::time::Instant::now();
        stop.send(true).unwrap();
        serving.await.unwrap();
        assert_eq!(was_told.recv().await, Some(true));
        let mut received = Vec::new();
        far.read_to_end(&mut received).await.unwrap();
        assert!(received.is_empty());
        assert_eq!(started.elapsed().as_secs(), DRAIN.as_secs());
    }
}
