//! Values that are each fine but do not go together.

/// A contradiction between the values of `keys`.
///
/// Found on the finished configuration; the reader adds where in the file it
/// stands, and drops it if one of the keys was refused already.
#[derive(Debug)]
pub(super) struct Conflict {
    /// The keys concerned, dotted; the first one set in the file is where the
    /// problem is shown.
    pub(super) keys: &'static [&'static str],
    /// What is wrong and what to do.
    pub(super) message: String,
}
