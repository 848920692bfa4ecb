//! Finding tokens in the store, without a server, in a process of its own on the server's core.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use avouch_core::opaque_token::TokenHash;
use avouch_core::storage::TokenStore;
use avouch_store::{AnyStore, CacheSizes, PostgresStore, SqliteOptions, SqliteStore};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::alone::{self, Told};
use crate::cores::CpuClock;
use crate::engine::Schema;
use crate::load::Measured;
use crate::site::Site;
use crate::tokens::Tokens;
use crate::{Failure, say};

/// Tokens that are looked up.
const LOOKED_UP: usize = 200_000;
/// Look-ups at one time in a database that is asked over a connection: about as many as there are
/// requests at one time.
const AT_ONE_TIME: usize = 32;
/// What a process is told, and what it is to look up.
const PLACE: &str = "place.json";
const HASHES: &str = "hashes";

/// Where tokens are looked up, and which.
pub struct LookUp {
    folder: TempDir,
}

/// A database, and whether what was found is kept in memory.
#[derive(Serialize, Deserialize)]
enum Place {
    File { path: PathBuf, remembers: bool },
    Schema(Schema),
}

impl LookUp {
    /// Looks up in a copy of the site's file, which nobody may have open now, or in its schema. Of
    /// PostgreSQL nothing is kept in memory.
    pub fn beside(parent: &Path, site: &Site, tokens: &Tokens) -> Result<Self, Failure> {
        let folder = TempDir::new_in(parent)?;
        let place = if let Some(schema) = site.schema() {
            Place::Schema(schema.clone())
        } else {
            let path = folder.path().join("copy.sqlite3");
            std::fs::copy(site.database(), &path)?;
            let remembers = true;
            Place::File { path, remembers }
        };
        Self::prepare(folder, &place, tokens)
    }

    /// Looks up in the site's own database, which nobody may have open while that is measured.
    /// Nothing is kept in memory.
    pub fn within(parent: &Path, site: &Site, tokens: &Tokens) -> Result<Self, Failure> {
        let place = match site.schema() {
            Some(schema) => Place::Schema(schema.clone()),
            None => Place::File {
                path: site.database(),
                remembers: false,
            },
        };
        Self::prepare(TempDir::new_in(parent)?, &place, tokens)
    }

    fn prepare(folder: TempDir, place: &Place, tokens: &Tokens) -> Result<Self, Failure> {
        // Everybody else is kept out of the folder.
        std::fs::write(folder.path().join(PLACE), serde_json::to_vec(place)?)?;
        let stride = (tokens.len() / LOOKED_UP).max(1);
        let mut some: Vec<_> = (0..tokens.len())
            .step_by(stride)
            .map(|at| *TokenHash::of(tokens.get(at)).as_bytes())
            .collect();
        crate::statistics::Draw::new(3).shuffle(&mut some);
        std::fs::write(folder.path().join(HASHES), some.concat())?;
        say(&format!("  {} tokens to look up alone", some.len()));
        Ok(Self { folder })
    }

    /// Measures it, for so long.
    pub fn measure(&self, time: Duration) -> Result<Measured, Failure> {
        let milliseconds = time.as_millis().to_string();
        let folder = self.folder.path().display().to_string();
        alone::measure(&["look-up", &milliseconds, &folder])
    }
}

/// `bench look-up MILLISECONDS FOLDER`: looks up as long as that to get into its stride, then as
/// long again, and tells how it went.
pub fn measure_here(arguments: &[&str]) -> Result<(), Failure> {
    let [milliseconds, folder] = arguments else {
        return Err("look-up MILLISECONDS FOLDER".into());
    };
    let time = Duration::from_millis(milliseconds.parse()?);
    let folder = Path::new(folder);
    let place: Place = serde_json::from_slice(&std::fs::read(folder.join(PLACE))?)?;
    let hashes = std::fs::read(folder.join(HASHES))?;
    let hashes: Vec<[u8; 32]> = hashes.as_chunks().0.to_vec();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let told = runtime.block_on(async {
        let at_one_time = match place {
            Place::File { .. } => 1,
            Place::Schema(_) => AT_ONE_TIME,
        };
        let store = place.open().await?;
        let mut next = hashes.into_iter().cycle();
        look_up(&store, &mut next, at_one_time, time).await?;
        let clock = CpuClock::of(std::process::id())?;
        let (begun, before) = (Instant::now(), clock.read()?);
        let times = look_up(&store, &mut next, at_one_time, time).await?;
        Ok::<_, Failure>(Told {
            times,
            cpu: clock.read()?.saturating_sub(before),
            wall: begun.elapsed(),
        })
    })?;
    told.print();
    Ok(())
}

/// Looks up for as long as `time`, and tells how often.
async fn look_up(
    store: &AnyStore,
    next: &mut impl Iterator<Item = [u8; 32]>,
    at_one_time: usize,
    time: Duration,
) -> Result<u64, Failure> {
    let begun = Instant::now();
    let next = std::cell::RefCell::new(next);
    let one_after_another = async || {
        let mut times = 0;
        while times == 0 || begun.elapsed() < time {
            let hash = next.borrow_mut().next().ok_or("there are no tokens")?;
            let found = store.find(&TokenHash::from_bytes(hash)).await?;
            black_box(found).ok_or("a token was not found")?;
            times += 1;
        }
        Ok::<u64, Failure>(times)
    };
    let all = (0..at_one_time).map(|_| one_after_another());
    Ok(try_join_all(all).await?.into_iter().sum())
}

impl Place {
    async fn open(self) -> Result<AnyStore, Failure> {
        Ok(match self {
            Self::File { path, remembers } => {
                let mut options = SqliteOptions::default();
                if !remembers {
                    options.cache = CacheSizes {
                        tokens: 0,
                        ..options.cache
                    };
                }
                SqliteStore::open(path, &options)?.into()
            }
            Self::Schema(schema) => PostgresStore::open(&schema.options()?).await?.into(),
        })
    }
}
