//! Describing clients and resource servers in a file, and what it would change.
//!
//! The database is the one authority. A description is compared with it
//! ([`plan`]), shown, and only then carried out ([`Plan`] says what to write);
//! it is never read beside it. Records that a description does not name stay as
//! they are; one that it names becomes what it says, and what it leaves out of it
//! returns to its default. Only a suspension is not lifted by silence.

mod description;
mod plan;
mod suspension;
mod weakens;

pub use description::{
    AccessDescription, AnyResource, ClientDescription, Description, DescriptionError,
    ResourceServerDescription,
};
pub use plan::{Change, Current, FieldChange, Plan, PlanError, PlannedWrite, Target, plan};
pub use suspension::Suspension;
