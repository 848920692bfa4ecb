//! Describing clients and resource servers in a file, and what it would change.
//!
//! The database is the one authority. A description is compared with it
//! ([`plan`]), shown, and only then carried out ([`Plan`] says what to write);
//! it is never read beside it. What a description does not name stays as it is.

mod description;
mod plan;

pub use description::{
    AccessDescription, AnyResource, ClientDescription, Description, DescriptionError,
    ResourceServerDescription,
};
pub use plan::{Change, Current, FieldChange, Plan, PlanError, PlannedWrite, Target, plan};
