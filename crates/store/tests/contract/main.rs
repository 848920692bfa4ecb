//! The contract of `avouch_core::storage`, sentence by sentence, for every engine.
//!
//! A test is written once, against [`Engine`]; [`suite!`] runs it on each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod caller_tokens;
mod callers;
mod clients;
mod epochs;
mod fixtures;
mod initial_access_tokens;
mod keys;
mod model;
mod moving;
mod place;
mod registrations;
mod reopening;
mod resource_servers;
mod revocation;
mod tokens;
mod used_proofs;

use std::sync::Arc;

use avouch_core::storage::{MoveSource, Storage};
use avouch_store::{AnyStore, Caching, MoveSide, PostgresStore, SqliteOptions, SqliteStore};
use tempfile::TempDir;

use place::{Passing, Place};

/// A place for one store of its own.
pub(crate) trait Engine {
    /// The store under test.
    type Store: Storage + MoveSource + 'static;

    /// Opens it, empty at first. To open it again, drop it first.
    fn open(&self) -> impl Future<Output = Self::Store>;

    /// The same for a move, or why not.
    fn open_for(&self, side: MoveSide) -> impl Future<Output = Result<AnyStore, String>>;

    /// The same for a server, or why not.
    fn try_open(&self) -> impl Future<Output = Result<AnyStore, String>>;
}

/// The embedded engine, through the type a server holds.
struct Sqlite(TempDir);

impl Sqlite {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Engine for Sqlite {
    type Store = AnyStore;

    async fn open(&self) -> AnyStore {
        SqliteStore::open(self.0.path().join("avouch.db"), &SqliteOptions::default())
            .unwrap()
            .into()
    }

    async fn open_for(&self, side: MoveSide) -> Result<AnyStore, String> {
        self.opened(Some(side))
    }

    async fn try_open(&self) -> Result<AnyStore, String> {
        self.opened(None)
    }
}

impl Sqlite {
    fn opened(&self, moving: Option<MoveSide>) -> Result<AnyStore, String> {
        let options = SqliteOptions {
            moving,
            ..SqliteOptions::default()
        };
        SqliteStore::open(self.0.path().join("avouch.db"), &options)
            .map(AnyStore::from)
            .map_err(|refused| refused.to_string())
    }
}

/// A PostgreSQL server, if the tests are given one. What is found is kept in
/// memory, and the change feed followed, as a server does.
struct Postgres(Place);

impl Postgres {
    fn new() -> Option<Self> {
        let mut place = Place::new()?;
        place.options.caching = Some(Caching::new(Arc::new(Passing::new())));
        Some(Self(place))
    }
}

impl Engine for Postgres {
    type Store = AnyStore;

    async fn open(&self) -> AnyStore {
        PostgresStore::open(&self.0.options).await.unwrap().into()
    }

    async fn open_for(&self, side: MoveSide) -> Result<AnyStore, String> {
        self.opened(Some(side)).await
    }

    async fn try_open(&self) -> Result<AnyStore, String> {
        self.opened(None).await
    }
}

impl Postgres {
    async fn opened(&self, moving: Option<MoveSide>) -> Result<AnyStore, String> {
        let options = avouch_store::PostgresOptions {
            moving,
            ..self.0.options.clone()
        };
        PostgresStore::open(&options)
            .await
            .map(AnyStore::from)
            .map_err(|refused| refused.to_string())
    }
}

/// Runs every test on one engine, as far as there is one; of random cases, as many as it takes in
/// a few seconds.
macro_rules! suite {
    ($name:ident, $engine:expr, $cases:literal, [$($module:ident::{$($test:ident),* $(,)?},)*]) => {
        mod $name {
            use super::*;
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    if let Some(engine) = $engine {
                        $module::$test(&engine).await;
                    }
                }
            )*)*

            #[test]
            fn random_histories_agree_with_a_model() {
                if $engine.is_some() {
                    model::random_histories_agree_with_a_model($cases, || $engine.unwrap());
                }
            }

            #[test]
            fn random_uses_of_proofs_agree_with_a_model() {
                if $engine.is_some() {
                    used_proofs::random_uses_of_proofs_agree_with_a_model($cases, || $engine.unwrap());
                }
            }
        }
    };
}

macro_rules! on_every_engine {
    ($($tests:tt)*) => {
        suite!(sqlite, Some(Sqlite::new()), 32, [$($tests)*]);
        suite!(postgres, Postgres::new(), 10, [$($tests)*]);
    };
}

on_every_engine! {
    tokens::{
        an_issued_token_is_found_with_all_it_hangs_on,
        the_least_a_token_and_grant_can_be_is_kept_too,
        a_grant_and_its_first_token_are_kept_both_or_neither,
        absence_is_not_remembered,
        a_token_of_an_unknown_client_is_not_kept,
        expired_tokens_are_forgotten_up_to_the_limit_with_their_grants,
        more_expired_tokens_than_fit_one_transaction_are_forgotten,
    },
    revocation::{
        a_token_is_revoked_once_and_the_first_instant_stands,
        a_grant_is_revoked_once_and_the_first_instant_stands,
        each_revocation_of_a_client_begins_its_next_epoch,
        each_revocation_of_a_subject_begins_its_next_epoch_and_needs_no_record,
        an_epoch_touches_its_own_tokens_only,
        the_tokens_of_a_removed_client_are_dead,
        after_a_revocation_returned_no_look_up_misses_it,
        after_an_epoch_returned_no_look_up_misses_it,
    },
    epochs::{
        what_was_issued_before_a_revocation_is_dead_and_nothing_later_whatever_the_clocks_say,
        an_issue_and_a_revocation_at_once_come_out_in_either_order,
        of_many_revocations_at_once_none_is_lost,
        everything_is_revoked_whatever_instant_it_bears,
        everything_until_a_named_instant_is_revoked_and_nothing_later,
    },
    caller_tokens::{
        a_token_is_found_as_it_was_kept,
        it_ends_with_the_credentials_it_was_got_with,
        it_ends_with_its_owner,
        expired_ones_are_forgotten_up_to_the_limit,
    },
    callers::{
        no_id_is_given_twice_over_both_kinds,
        two_registrations_of_one_id_at_once_leave_one,
        a_caller_is_changed_or_removed_as_it_was_read_or_not_at_all,
        a_caller_is_never_made_into_another,
        of_many_changes_from_one_state_one_is_made,
        the_store_answers,
    },
    clients::{
        a_client_is_found_as_it_was_kept,
        an_update_replaces_the_record_and_nothing_else,
        a_client_that_is_not_there_is_not_updated_or_removed,
        clients_are_listed_in_the_order_of_ids_without_the_removed,
    },
    resource_servers::{
        a_resource_server_is_found_as_it_was_kept,
        an_exclusive_resource_must_be_free,
        a_removed_resource_server_frees_its_resources_and_leaves_its_history,
        the_next_revision_is_appended,
        a_revision_in_force_is_not_changed,
        a_first_revision_has_number_one,
        a_refused_update_changes_nothing,
        a_resource_server_that_is_not_there_is_not_updated,
        who_serves_a_resource_is_told_as_of_now,
        whom_a_scope_means_is_told_as_of_now,
        resource_servers_are_listed_in_the_order_of_ids,
    },
    keys::{
        keys_come_back_oldest_first,
        a_new_key_and_the_schedules_it_changes_are_one_write,
        a_key_that_is_refused_changes_no_schedule,
        a_key_that_was_planned_on_a_past_state_is_refused,
        of_many_keys_planned_on_one_state_one_is_kept,
        after_a_key_was_kept_no_one_takes_the_old_ones_for_all,
        the_first_secret_of_a_name_stands,
        starting_at_once_all_get_the_same_secret,
        resealing_is_all_or_nothing,
    },
    initial_access_tokens::{
        an_initial_access_token_is_found_while_it_is_live,
        each_use_is_taken_once,
        the_last_use_goes_to_one_of_many,
        a_registration_that_is_refused_takes_no_use,
        a_withdrawn_one_is_gone,
        all_but_the_withdrawn_are_listed_in_the_order_of_ids,
        nothing_is_kept_twice,
    },
    registrations::{
        a_registration_is_found_by_its_token_with_its_caller,
        a_registration_is_kept_whole_or_not_at_all,
        a_change_is_made_if_nothing_changed_since_it_was_read,
        a_change_from_a_past_state_changes_nothing,
        a_removed_caller_does_not_come_back,
        changes_at_once_are_made_one_after_the_other,
        changes_and_a_removal_at_once_leave_it_removed,
        a_change_that_wants_a_taken_resource_changes_nothing,
        a_change_carries_the_histories_on,
        a_change_never_makes_another_caller,
        after_a_change_returned_no_look_up_misses_it,
        an_administrator_gives_a_registration_and_takes_it,
        a_registration_is_given_to_what_was_read_or_not_at_all,
    },
    used_proofs::{
        a_proof_is_used_once,
        of_many_uses_at_one_instant_one_is_the_first,
        a_use_counts_to_its_end_and_not_after,
        a_proof_that_has_ended_is_never_the_first,
        kinds_and_makers_do_not_get_in_each_others_way,
        above_the_quota_that_caller_alone_is_refused,
        the_quota_holds_for_many_at_one_instant,
        an_ended_use_makes_room_cleaned_away_or_not,
        a_replay_takes_no_room,
        a_lowered_quota_holds_at_once,
        ended_uses_are_cleaned_away_up_to_the_limit_and_no_others,
        more_ended_uses_than_fit_one_transaction_are_cleaned_away,
        a_use_is_remembered_after_reopening,
    },
    reopening::{
        everything_is_there_again,
    },
}

/// Every engine into every engine, as far as there are any.
macro_rules! moves {
    ($($name:ident: $from:expr => $to:expr,)*) => {
        $(mod $name {
            use super::*;

            moves!(@ $from => $to, [
                a_moved_store_answers_as_before,
                a_move_that_is_broken_off_at_any_page_goes_on,
                only_an_empty_target_is_moved_into,
                a_source_that_was_served_meanwhile_is_found_out,
            ]);
        })*
    };
    (@ $from:expr => $to:expr, [$($test:ident,)*]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let (Some(from), Some(to)) = ($from, $to) {
                    moving::$test(&from, &to).await;
                }
            }
        )*
    };
}

moves! {
    sqlite_to_sqlite: Some(Sqlite::new()) => Some(Sqlite::new()),
    sqlite_to_postgres: Some(Sqlite::new()) => Postgres::new(),
    postgres_to_sqlite: Postgres::new() => Some(Sqlite::new()),
    postgres_to_postgres: Postgres::new() => Postgres::new(),
}
