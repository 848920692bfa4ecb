//! Cryptographic primitives for avouch: one file per primitive, and the only crate that names aws-lc-rs.
