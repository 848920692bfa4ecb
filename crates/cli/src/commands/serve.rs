//! `avouch serve`: run the server until told to stop.

mod announcement;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use avouch_crypto::random::SystemRandom;
use avouch_server::config;
use avouch_server::{Server, Surroundings, SystemClock, listen_hint, log, start};
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::announcement::{Announcement, Certificates};
use super::running_server::CONFIG;
use crate::development;
use crate::output::Failure;

/// Where a development server listens if not told otherwise.
const DEVELOPMENT_PORT: u16 = 8080;

/// A write beyond `ulimit -f` (POSIX); the same number on every Linux but MIPS.
const SIGXFSZ: i32 = 25;

/// Options of `avouch serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch serve --dev                      a server to try things on, gone tomorrow
  avouch serve --dev --listen 127.0.0.1:9000
  avouch serve --dev --tls                the same over https, with certificates made for both ends
  avouch config init my-avouch            makes a configuration and a sealing key, then:
  avouch serve --config my-avouch/avouch.toml")]
pub(crate) struct Arguments {
    /// Serve for development: on loopback, with a fresh data folder that goes with the server
    #[arg(long, conflicts_with = "config")]
    dev: bool,

    /// With --dev: serve https, with a certificate of a private authority made for this server,
    /// and ask clients for certificates on the next free port
    #[arg(long, requires = "dev")]
    tls: bool,

    /// Serve as this configuration file says [env: AVOUCH_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Address to listen on; with --dev this also sets the issuer
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,

    /// Begin with one JSON object: issuer, initial_access_token (null but with --dev), data_dir,
    /// and with --tls ca_file, mtls_url, client_certificate, client_key, client_subject
    #[arg(long)]
    json: bool,
}

/// Serves until interrupted or terminated, then lets open requests end.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    // Taken before anything is promised, so that no signal is lost.
    let stopped = stop_signal()?;
    // A limit on the size of files then fails the write that meets it, which is answered with an
    // error, instead of ending the process. What it says is heard by nobody.
    let _file_too_large = signal(SignalKind::from_raw(SIGXFSZ))?;
    if arguments.dev {
        // Outlives the server in it.
        let folder = development::Folder::create()?;
        let server = for_development(&folder, &arguments).await?;
        stopped.await;
        server.stop().await;
    } else {
        let file = arguments
            .config
            .clone()
            .or_else(configured)
            .ok_or_else(|| {
                Failure::new("it is not said what to serve").next(
                    "to try things on: avouch serve --dev; for keeps: avouch serve --config FILE, \
                 where avouch config init FOLDER makes the file",
                )
            })?;
        let (server, hangup) = for_keeps(&file, arguments.listen, arguments.json).await?;
        until(stopped, hangup, &server).await;
        server.stop().await;
    }
    Ok(ExitCode::SUCCESS)
}

/// Looks at the certificate files at every SIGHUP, until told to stop. A server that has none ends
/// with its terminal, as every process does.
async fn until(stopped: impl Future<Output = ()>, mut hangup: Option<Signal>, server: &Server) {
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut stopped => return,
            _ = hung_up => server.look_at_certificates().await,
        }
    }
}

/// What the environment says, for want of an option.
fn configured() -> Option<PathBuf> {
    let file = std::env::var_os(CONFIG).filter(|value| !value.is_empty());
    file.map(PathBuf::from)
}

async fn for_keeps(
    file: &Path,
    listen: Option<SocketAddr>,
    json: bool,
) -> Result<(Server, Option<Signal>), Failure> {
    let mut config = config::load(file)?;
    if let Some(address) = listen {
        config.listen.address = address;
        config.check("--listen")?;
    }
    log::init(&config.log)?;
    let hangup = if config.has_certificates() {
        Some(signal(SignalKind::hangup())?)
    } else {
        None
    };
    let listener = bind(config.listen.address, "listen.address")?;
    let server = start(&config, listener, surroundings()).await?;
    if json {
        Announcement {
            issuer: server.issuer().as_str(),
            initial_access_token: None,
            data_dir: &config.data.folder,
            ca_file: None,
            client: None,
            program: &program(),
        }
        .as_json()?;
    }
    Ok((server, hangup))
}

async fn for_development(
    folder: &development::Folder,
    arguments: &Arguments,
) -> Result<Server, Failure> {
    let usual = SocketAddr::from(([127, 0, 0, 1], DEVELOPMENT_PORT));
    let address = arguments.listen.unwrap_or(usual);
    if !address.ip().is_loopback() {
        return Err(Failure::new(format!(
            "--dev does not listen on {address}: others can reach it"
        ))
        .next("use a loopback address, or make a server for keeps: avouch config init FOLDER"));
    }
    let listener = bind(address, "--listen")?;
    let tls = if arguments.tls {
        Some(folder.make_certificate(address.ip())?)
    } else {
        None
    };
    let with_certificates = tls
        .as_ref()
        .map(|tls| (tls, development::next_free(address)));
    let config = folder.config(listener.local_addr()?, with_certificates)?;
    log::init(&config.log)?;
    let surroundings = surroundings().dangerous_for_development();
    let server = start(&config, listener, surroundings).await?;
    let token = development::initial_access_token(&server).await?;
    let announcement = Announcement {
        issuer: server.issuer().as_str(),
        initial_access_token: Some(token.expose()),
        data_dir: folder.path(),
        ca_file: tls.as_ref().map(|tls| tls.authority.as_path()),
        client: tls
            .as_ref()
            .zip(server.mtls_url())
            .map(|(tls, url)| Certificates {
                mtls_url: url,
                client_certificate: &tls.client.certificate,
                client_key: &tls.client.key,
                client_subject: development::ClientSide::subject(),
            }),
        program: &program(),
    };
    if arguments.json {
        announcement.as_json()?;
    } else {
        announcement.as_text()?;
    }
    Ok(server)
}

fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener, Failure> {
    avouch_server::bind(address).map_err(|error| {
        Failure::new(format!("cannot listen on {address}: {error}"))
            .next(format!("{} ({setting})", listen_hint(&error)))
    })
}

/// This very command, for whoever has not put it where commands are looked for.
fn program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("avouch"))
}

fn surroundings() -> Surroundings {
    Surroundings::new(Arc::new(SystemClock), Arc::new(SystemRandom))
}

/// Resolves when the process is told to stop.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
