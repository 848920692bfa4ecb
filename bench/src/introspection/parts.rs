//! What nothing can do without, each in a process of its own on the server's core.

use std::hint::black_box;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use avouch_core::opaque_token::TokenHash;
use avouch_core::storage::TokenStore;
use avouch_crypto::random::SystemRandom;
use avouch_jose::nested::NestedJwtEncrypter;
use avouch_jose::{
    ContentEncryption, DecryptionKey, EncryptionKey, KeyManagementAlgorithm, RsaKeySize,
    SignatureAlgorithm, SigningKey, base64url, jws,
};
use avouch_store::{SqliteOptions, SqliteStore};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::connection::Line;
use crate::cores::{self, Core, CpuClock};
use crate::load::Measured;
use crate::server::Server;
use crate::site::free_address;
use crate::tokens::Tokens;
use crate::{Failure, say};

use super::rows::ALGORITHMS;

/// A part that is measured without the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Finding a token in the store.
    LookUp,
    /// Signing a statement.
    Signature(SignatureAlgorithm),
    /// Encrypting one.
    Encryption(KeyManagementAlgorithm),
}

/// Octets of an answer about an active token, and of its payload, as they are here.
const ANSWER: usize = 900;
const PAYLOAD: usize = 620;
/// Tokens that are looked up.
const LOOKED_UP: usize = 200_000;

/// The same database once more: the server has its own to itself.
pub struct LookUp {
    folder: TempDir,
}

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
    pub const ALL: [Self; 8] = [
        Self::LookUp,
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
            Self::LookUp => "look-up",
            Self::Signature(algorithm) => algorithm.name(),
            Self::Encryption(algorithm) => algorithm.name(),
        }
    }

    /// Measures it in a process on the server's core, while this core is as busy as under load.
    pub(super) fn measure(self, look_up: &LookUp, time: Duration) -> Result<Measured, Failure> {
        cores::pin(Core::Server)?;
        let started = Command::new(std::env::current_exe()?)
            .args(["part", self.name(), &time.as_millis().to_string()])
            .arg(look_up.folder.path())
            .stdout(Stdio::piped())
            .spawn();
        cores::pin(Core::Load)?;
        let mut process = started?;
        let status = loop {
            if let Some(status) = process.try_wait()? {
                break status;
            }
        };
        let mut told = String::new();
        if let Some(mut output) = process.stdout.take() {
            output.read_to_string(&mut told)?;
        }
        if !status.success() {
            return Err(format!("measuring {} alone ended with {status}", self.name()).into());
        }
        let (times, nanoseconds) = told.trim().split_once(' ').ok_or("no figures came")?;
        let cpu = Duration::from_nanos(nanoseconds.parse()?);
        Ok(Measured {
            answers: times.parse()?,
            wall: cpu,
            cpu,
            ..Measured::default()
        })
    }
}

/// `bench part NAME MILLISECONDS FOLDER`: does one thing over and over, and prints how often and in
/// how many nanoseconds of CPU time.
#[expect(clippy::print_stdout, reason = "whoever started this reads it")]
pub fn measure_here(arguments: &[&str]) -> Result<(), Failure> {
    let [name, milliseconds, folder] = arguments else {
        return Err("part NAME MILLISECONDS FOLDER".into());
    };
    let time = Duration::from_millis(milliseconds.parse()?);
    let part = Part::ALL.into_iter().find(|part| part.name() == *name);
    let (times, cpu) = match part.ok_or("there is no such part")? {
        Part::Signature(algorithm) => repeat(time, signing(algorithm)?)?,
        Part::Encryption(algorithm) => repeat(time, encrypting(algorithm)?)?,
        Part::LookUp => repeat(time, looking_up(Path::new(folder))?)?,
    };
    println!("{times} {}", cpu.as_nanos());
    Ok(())
}

fn repeat(
    time: Duration,
    mut once: impl FnMut() -> Result<(), Failure>,
) -> Result<(u64, Duration), Failure> {
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
    Ok((times, clock.read()?.saturating_sub(before)))
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

fn looking_up(folder: &Path) -> Result<impl FnMut() -> Result<(), Failure> + use<>, Failure> {
    let store = SqliteStore::open(folder.join("copy.sqlite3"), &SqliteOptions::default())?;
    let hashes = std::fs::read(folder.join("hashes"))?;
    let hashes: Vec<[u8; 32]> = hashes.as_chunks().0.to_vec();
    let runtime = Builder::new_current_thread().build()?;
    let mut next = hashes.into_iter().cycle();
    Ok(move || {
        let hash = TokenHash::from_bytes(next.next().ok_or("there are no tokens")?);
        let found = runtime.block_on(store.find(&hash))?;
        black_box(found).ok_or("a token was not found")?;
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

impl LookUp {
    /// Copies a database that nobody has open, and notes which tokens are looked up.
    pub(super) fn prepare(
        parent: &Path,
        database: &Path,
        tokens: &Tokens,
    ) -> Result<Self, Failure> {
        let folder = TempDir::new_in(parent)?;
        std::fs::copy(database, folder.path().join("copy.sqlite3"))?;
        let stride = (tokens.len() / LOOKED_UP).max(1);
        let mut some: Vec<_> = (0..tokens.len())
            .step_by(stride)
            .map(|at| *TokenHash::of(tokens.get(at)).as_bytes())
            .collect();
        crate::statistics::Draw::new(3).shuffle(&mut some);
        std::fs::write(folder.path().join("hashes"), some.concat())?;
        say(&format!("  {} tokens to look up alone", some.len()));
        Ok(Self { folder })
    }
}

impl FloorServer {
    pub(super) fn start(parent: &Path) -> Result<Self, Failure> {
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
