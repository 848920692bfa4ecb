//! What nothing can do without beside the look-up, each in a process of its own on the server's
//! core.

use std::hint::black_box;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use avouch_crypto::random::SystemRandom;
use avouch_jose::nested::NestedJwtEncrypter;
use avouch_jose::{
    ContentEncryption, DecryptionKey, EncryptionKey, KeyManagementAlgorithm, RsaKeySize,
    SignatureAlgorithm, SigningKey, base64url, jws,
};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::Failure;
use crate::alone::{self, Told};
use crate::connection::Line;
use crate::cores::CpuClock;
use crate::load::Measured;
use crate::server::Server;
use crate::site::free_address;

use super::rows::ALGORITHMS;

/// A part that is measured without the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Signing a statement.
    Signature(SignatureAlgorithm),
    /// Encrypting one.
    Encryption(KeyManagementAlgorithm),
}

/// Octets of an answer about an active token, and of its payload, as they are here.
const ANSWER: usize = 900;
const PAYLOAD: usize = 620;
/// A server that reads requests and answers all with the same octets.
pub struct FloorServer {
    /// Its process.
    pub server: Server,
    /// How it is reached.
    pub line: Line,
    _folder: TempDir,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 7] = [
        Self::Signature(ALGORITHMS[0]),
        Self::Signature(ALGORITHMS[1]),
        Self::Signature(ALGORITHMS[2]),
        Self::Signature(ALGORITHMS[3]),
        Self::Signature(ALGORITHMS[4]),
        Self::Encryption(KeyManagementAlgorithm::RsaOaep256),
        Self::Encryption(KeyManagementAlgorithm::EcdhEs),
    ];

    /// What it is called, here and on the command line of its process.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature(algorithm) => algorithm.name(),
            Self::Encryption(algorithm) => algorithm.name(),
        }
    }

    /// Measures it in a process on the server's core, while this core is as busy as under load.
    pub(super) fn measure(self, time: Duration) -> Result<Measured, Failure> {
        alone::measure(&["part", self.name(), &time.as_millis().to_string()])
    }
}

/// `bench part NAME MILLISECONDS`: does one thing over and over, and tells how it went.
pub fn measure_here(arguments: &[&str]) -> Result<(), Failure> {
    let [name, milliseconds] = arguments else {
        return Err("part NAME MILLISECONDS".into());
    };
    let time = Duration::from_millis(milliseconds.parse()?);
    let part = Part::ALL.into_iter().find(|part| part.name() == *name);
    let told = match part.ok_or("there is no such part")? {
        Part::Signature(algorithm) => repeat(time, signing(algorithm)?)?,
        Part::Encryption(algorithm) => repeat(time, encrypting(algorithm)?)?,
    };
    told.print();
    Ok(())
}

fn repeat(time: Duration, mut once: impl FnMut() -> Result<(), Failure>) -> Result<Told, Failure> {
    for _ in 0..16 {
        once()?;
    }
    let clock = CpuClock::of(std::process::id())?;
    let (started, before) = (Instant::now(), clock.read()?);
    let mut times = 0;
    while started.elapsed() < time || times == 0 {
        for _ in 0..8 {
            once()?;
        }
        times += 8;
    }
    Ok(Told {
        times,
        cpu: clock.read()?.saturating_sub(before),
        wall: started.elapsed(),
    })
}

fn signing(algorithm: SignatureAlgorithm) -> Result<impl FnMut() -> Result<(), Failure>, Failure> {
    let key = key(algorithm)?;
    let message = [b'x'; PAYLOAD * 4 / 3];
    Ok(move || {
        black_box(key.sign(black_box(&message))?);
        Ok(())
    })
}

fn encrypting(
    algorithm: KeyManagementAlgorithm,
) -> Result<impl FnMut() -> Result<(), Failure>, Failure> {
    let recipient = DecryptionKey::generate(algorithm, &SystemRandom)?;
    let key = EncryptionKey::from_jwk(recipient.public_jwk(), algorithm)?;
    let encrypter = NestedJwtEncrypter::new(key, ContentEncryption::A256Gcm);
    let signer = key_es256()?;
    let header = base64url::encode(r#"{"alg":"ES256"}"#);
    let signing_input = format!("{header}.{}", base64url::encode([b'x'; PAYLOAD]));
    let signature = signer.sign(signing_input.as_bytes())?;
    let statement = jws::append_signature(signing_input, &signature);
    Ok(move || {
        black_box(encrypter.encrypt(black_box(&statement), &SystemRandom)?);
        Ok(())
    })
}

fn key_es256() -> Result<SigningKey, Failure> {
    key(SignatureAlgorithm::Es256)
}

fn key(algorithm: SignatureAlgorithm) -> Result<SigningKey, Failure> {
    Ok(match algorithm {
        SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256 => {
            SigningKey::generate_rsa(algorithm, RsaKeySize::Bits2048)?
        }
        _ => SigningKey::generate(algorithm, &SystemRandom)?,
    })
}

impl FloorServer {
    pub(crate) fn start(parent: &Path) -> Result<Self, Failure> {
        let folder = TempDir::new_in(parent)?;
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["floor", &address.to_string()]);
        let log: PathBuf = folder.path().join("log");
        let server = Server::start(&mut command, &[address], &log)?;
        let line = Line { address, tls: None };
        Ok(Self {
            server,
            line,
            _folder: folder,
        })
    }
}

/// `bench floor ADDRESS`: serves fixed answers until it is stopped.
pub fn serve_floor(arguments: &[&str]) -> Result<(), Failure> {
    let [address] = arguments else {
        return Err("floor ADDRESS".into());
    };
    let address: SocketAddr = address.parse()?;
    // As the server does it: threads as there are cores.
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let answer = async |_: Bytes| [b'x'; ANSWER].to_vec();
        let router = Router::new().route("/introspect", post(answer));
        let listener = TcpListener::bind(address).await?;
        axum::serve(listener, router).await?;
        Ok(())
    })
}
