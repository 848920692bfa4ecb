//! A file per step.

mod properties;
mod register;
mod statement;
mod update;
