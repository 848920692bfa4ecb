//! Moving everything from one store to another, page by page.
//!
//! ```text
//! name     what the source is known by, so that a move goes on from the same one
//! copy     pages of records, each with the place it leaves off at in one transaction
//! compare  every record of both sides once more, counted and hashed
//! finish   the mark goes, and the target can be served
//! ```
//!
//! A move that was broken off anywhere goes on where it was. The source is not
//! changed. If it was served in between, the comparison finds that.

use std::ops::ControlFlow;

use avouch_crypto::hash::Sha256;
use thiserror::Error;

use crate::storage::{Beginning, MovePlace, MoveSource, MoveTarget, RecordKind, StoreError};

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveStep {
    /// Records are copied.
    Copying,
    /// Those of the source are read once more.
    ReadingSource,
    /// Those of the target are.
    ReadingTarget,
}

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveProgress {
    /// What is going on,
    pub step: MoveStep,
    /// with this kind of record:
    pub kind: RecordKind,
    /// so many,
    pub done: u64,
    /// of so many.
    pub of: u64,
}

/// What one side has of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// How many records.
    pub count: u64,
    /// SHA-256 over all of them, in order, as [`crate::storage::MovedRecord::canonical`] writes
    /// them, each with its length before it.
    pub sha256: [u8; 32],
}

/// Both sides of a kind, after a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The kind.
    pub kind: RecordKind,
    /// What the source has.
    pub source: Digest,
    /// What the target has.
    pub target: Digest,
}

/// What a move came to: both sides are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Each kind.
    pub compared: Vec<Compared>,
    /// Where it went on, if it had been broken off.
    pub resumed_from: Option<MovePlace>,
}

/// Why a move did not come to its end. What is copied stays in the target, marked.
#[derive(Debug, Error)]
pub enum MoveError {
    /// There is something in the target.
    #[error("the target holds records already; a move goes into an empty one")]
    TargetInUse,
    /// Another move into the target is not finished.
    #[error("a move from another source into the target is not finished")]
    OfAnother,
    /// Told to stop.
    #[error("the move was broken off; it goes on where it was with the same command")]
    BrokenOff,
    /// The sides are not the same.
    #[error(
        "source and target differ in their {}; the source was served or changed since the move \
         began", names(.0)
    )]
    Different(Vec<Compared>),
    /// The source failed.
    #[error("the source: {0}")]
    Source(#[source] StoreError),
    /// The target failed.
    #[error("the target: {0}")]
    Target(#[source] StoreError),
    /// A record cannot be written down.
    #[error("a record of the {} cannot be encoded", .0.name())]
    Unencodable(RecordKind),
}

fn names(compared: &[Compared]) -> String {
    let differ = compared.iter().filter(|one| one.source != one.target);
    let names: Vec<_> = differ.map(|one| one.kind.name()).collect();
    names.join(", ")
}

/// Moves everything, `page` records at a time: so many are in memory. `told`
/// hears of each page, after it is durable, and can break the move off.
pub async fn move_records(
    source: &impl MoveSource,
    target: &impl MoveTarget,
    page: u32,
    told: &mut (impl FnMut(MoveProgress) -> ControlFlow<()> + Send),
) -> Result<Moved, MoveError> {
    let page = page.max(1);
    let name = name(source, page).await?;
    let begun = target.begin_move(&name).await.map_err(MoveError::Target)?;
    let place = match begun {
        Beginning::From(place) => place,
        Beginning::InUse => return Err(MoveError::TargetInUse),
        Beginning::OfAnother => return Err(MoveError::OfAnother),
    };
    copy(source, target, &place, page, told).await?;
    let mut compared = Vec::with_capacity(RecordKind::ALL.len());
    for kind in RecordKind::ALL {
        compared.push(Compared {
            kind,
            source: digest(source, kind, page, MoveStep::ReadingSource, told)
                .await
                .map_err(|error| error.of(MoveError::Source))?,
            target: digest(target, kind, page, MoveStep::ReadingTarget, told)
                .await
                .map_err(|error| error.of(MoveError::Target))?,
        });
    }
    if compared.iter().any(|one| one.source != one.target) {
        return Err(MoveError::Different(compared));
    }
    target.finish_move().await.map_err(MoveError::Target)?;
    Ok(Moved {
        compared,
        resumed_from: (place != MovePlace::START).then_some(place),
    })
}

/// What the source is known by: its keys and secrets, of which no two servers
/// have the same.
async fn name(source: &impl MoveSource, page: u32) -> Result<[u8; 32], MoveError> {
    let mut hash = Sha256::new();
    for kind in [RecordKind::ServerSecret, RecordKind::SigningKey] {
        let mut untold = |_| ControlFlow::Continue(());
        let of_kind = digest(source, kind, page, MoveStep::ReadingSource, &mut untold);
        let of_kind = of_kind.await.map_err(|error| error.of(MoveError::Source))?;
        hash.update(&of_kind.sha256);
    }
    Ok(hash.finish())
}

async fn copy(
    source: &impl MoveSource,
    target: &impl MoveTarget,
    from: &MovePlace,
    page: u32,
    told: &mut (impl FnMut(MoveProgress) -> ControlFlow<()> + Send),
) -> Result<(), MoveError> {
    let kinds = RecordKind::ALL.into_iter();
    for kind in kinds.filter(|kind| *kind >= from.kind) {
        let of = source.count_records(kind).await;
        let of = of.map_err(MoveError::Source)?;
        let (mut after, mut done) = (None, 0);
        if kind == from.kind && from.after.is_some() {
            after.clone_from(&from.after);
            let there = target.count_records(kind).await;
            done = there.map_err(MoveError::Target)?;
        }
        loop {
            let records = source.records_after(kind, after.as_deref(), page).await;
            let records = records.map_err(MoveError::Source)?;
            let Some(last) = records.last() else {
                break;
            };
            let place = MovePlace {
                kind,
                after: Some(last.key().to_vec()),
            };
            let put = target.put_records(&records, &place).await;
            put.map_err(MoveError::Target)?;
            done += records.len() as u64;
            after = place.after;
            let step = MoveStep::Copying;
            if told(MoveProgress {
                step,
                kind,
                done,
                of,
            })
            .is_break()
            {
                return Err(MoveError::BrokenOff);
            }
            if (records.len() as u64) < u64::from(page) {
                break;
            }
        }
    }
    Ok(())
}

/// Why one side could not be read to its end.
enum Unread {
    Store(StoreError),
    Unencodable(RecordKind),
    BrokenOff,
}

impl Unread {
    fn of(self, side: impl FnOnce(StoreError) -> MoveError) -> MoveError {
        match self {
            Self::Store(error) => side(error),
            Self::Unencodable(kind) => MoveError::Unencodable(kind),
            Self::BrokenOff => MoveError::BrokenOff,
        }
    }
}

async fn digest(
    side: &impl MoveSource,
    kind: RecordKind,
    page: u32,
    step: MoveStep,
    told: &mut (impl FnMut(MoveProgress) -> ControlFlow<()> + Send),
) -> Result<Digest, Unread> {
    let of = side.count_records(kind).await.map_err(Unread::Store)?;
    let mut hash = Sha256::new();
    let mut after: Option<Vec<u8>> = None;
    let mut done = 0;
    loop {
        let records = side.records_after(kind, after.as_deref(), page).await;
        let records = records.map_err(Unread::Store)?;
        for record in &records {
            let octets = record.canonical();
            let octets = octets.map_err(|_| Unread::Unencodable(kind))?;
            hash.update(&(octets.len() as u64).to_be_bytes());
            hash.update(&octets);
        }
        done += records.len() as u64;
        if !records.is_empty()
            && told(MoveProgress {
                step,
                kind,
                done,
                of,
            })
            .is_break()
        {
            return Err(Unread::BrokenOff);
        }
        after = records.last().map(|last| last.key().to_vec());
        if (records.len() as u64) < u64::from(page) {
            break;
        }
    }
    Ok(Digest {
        count: done,
        sha256: hash.finish(),
    })
}
