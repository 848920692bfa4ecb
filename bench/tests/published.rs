//! The figures in the documents are those of the files beside them.

use std::path::Path;

use bench::report::is_kept_true;
use bench::{authentication, footprint, inactive, introspection, junk, peers, profile, scale};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn plot_and_table_of_authentication_are_those_that_the_figures_make() {
    is_kept_true::<authentication::Run>(root()).unwrap();
}

#[test]
fn plot_and_table_of_footprint_are_those_that_the_figures_make() {
    is_kept_true::<footprint::Run>(root()).unwrap();
}

#[test]
fn plot_and_table_of_inactive_are_those_that_the_figures_make() {
    is_kept_true::<inactive::Run>(root()).unwrap();
}

#[test]
fn plot_and_table_of_introspection_are_those_that_the_figures_make() {
    is_kept_true::<introspection::Run>(root()).unwrap();
}

#[test]
fn plot_and_table_of_junk_are_those_that_the_figures_make() {
    is_kept_true::<junk::Run>(root()).unwrap();
}

#[test]
fn plot_and_table_of_peers_are_those_that_the_figures_make() {
    is_kept_true::<peers::Run>(root()).unwrap();
}

#[test]
fn flame_graph_and_table_of_profile_are_those_that_the_figures_make() {
    is_kept_true::<profile::Run>(root()).unwrap();
}

#[test]
fn plot_and_table_of_scale_are_those_that_the_figures_make() {
    is_kept_true::<scale::Run>(root()).unwrap();
}
