//! Files of the product as they are, with the locks that shuttle schedules.
//!
//! Nothing of AWS-LC is needed for that, so nothing of it is built.

// The unit tests of these files are those of their own crates, and run on the system's locks.
#![cfg(not(test))]

extern crate self as avouch_crypto;

use bytes::Bytes;
use statement_memory::StatementKey;

pub use statement_memory::StatementMemory;

#[rustfmt::skip] // by its own crate
#[path = "../../crates/core/src/introspection/statement_memory.rs"]
mod statement_memory;

/// What stands for [`avouch_crypto::hash`] here.
pub mod hash {
    /// Tells short inputs apart, as SHA-256 tells all: pads them.
    pub fn sha256(data: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        digest[..data.len()].copy_from_slice(data);
        digest
    }
}

/// What remembering a statement takes beside its octets.
pub const OVERHEAD: u64 = statement_memory::OVERHEAD;

/// A statement, and whether it was remembered: of what is signed and, if it is encrypted, to whom.
pub async fn say<E>(
    memory: &StatementMemory,
    signed: &str,
    sealed: Option<&[u8; 32]>,
    make: impl Future<Output = Result<String, E>>,
) -> Result<(Bytes, bool), E> {
    let said = memory.say(StatementKey::of(signed, sealed), make).await?;
    Ok((said.statement, said.remembered))
}
