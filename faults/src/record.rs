//! What was acknowledged, and whether it is still so.

use std::collections::BTreeMap;
use std::fmt;
use std::thread;

use crate::parties::Parties;
use crate::random::Random;
use crate::wire::Door;
use crate::work::{Exchanged, Noted};

/// At one time.
const CHECKERS: usize = 4;
/// Of what was checked before, so many of each kind are looked at again in between.
const SAMPLE: usize = 25;

/// The last acknowledged state of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Issued, and no revocation was tried.
    Issued,
    /// A revocation was sent and not answered: either way is right.
    Unknown,
    /// Revoked, by itself or with others.
    Revoked,
}

/// One thing that a client was told, or was about to ask for.
#[derive(Clone, Debug)]
pub enum Note {
    /// These tokens are so now.
    Tokens(Vec<String>, State),
    /// The client of these tokens is about to be removed: those that were good may be either.
    Removing(Vec<String>),
    /// This registration is so now.
    Registration(Noted),
    /// An assertion was taken, and a token given for it.
    Exchanged(Exchanged),
    /// Another write was acknowledged, which the following ones build on.
    Acknowledged,
    /// A request was sent and not answered as asked.
    Unanswered,
    /// It was answered with "not now".
    Refused,
    /// It was answered as no server should.
    Wrong(String),
}

/// What kind of thing was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A token, or its revocation.
    Token,
    /// A registration, an update or a removal.
    Registration,
    /// That an assertion was used.
    Use,
    /// A token that an assertion bought.
    Bought,
}

/// Something that is otherwise than it was acknowledged.
#[derive(Clone, Debug)]
pub struct Loss {
    /// What.
    pub kind: Kind,
    what: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.what)
    }
}

/// How much is looked at.
pub enum Depth<'a> {
    /// Everything.
    Whole,
    /// What is new since the last look, and a sample of the rest.
    New(&'a mut Random),
}

/// Something on record.
#[derive(Clone, Debug)]
enum Item {
    Token(String, State),
    Registration(Noted),
    Exchanged(Exchanged),
}

/// Everything with its last acknowledged state.
#[derive(Debug, Default)]
pub struct Record {
    tokens: BTreeMap<String, State>,
    registrations: BTreeMap<String, Noted>,
    exchanged: Vec<Exchanged>,
    /// What is new since the last look, by its place in one of the above.
    new_tokens: Vec<String>,
    new_registrations: Vec<String>,
    looked_at: usize,
    acknowledged: usize,
    unknown: usize,
    refused: usize,
    wrong: Vec<String>,
}

impl Record {
    /// Takes a note.
    pub fn take(&mut self, note: Note) {
        match note {
            Note::Tokens(tokens, state) => {
                self.acknowledged += usize::from(state != State::Unknown);
                for token in tokens {
                    self.new_tokens.push(token.clone());
                    self.tokens.insert(token, state);
                }
            }
            Note::Removing(tokens) => {
                for token in tokens {
                    if let Some(state @ State::Issued) = self.tokens.get_mut(&token) {
                        *state = State::Unknown;
                    }
                    self.new_tokens.push(token);
                }
            }
            Note::Registration(noted) => {
                self.acknowledged += usize::from(noted.is_acknowledged());
                self.new_registrations.push(noted.path().to_owned());
                self.registrations.insert(noted.path().to_owned(), noted);
            }
            Note::Exchanged(exchanged) => {
                self.acknowledged += 1;
                self.exchanged.push(exchanged);
            }
            Note::Acknowledged => self.acknowledged += 1,
            Note::Unanswered => self.unknown += 1,
            Note::Refused => self.refused += 1,
            Note::Wrong(what) => self.wrong.push(what),
        }
    }

    /// How many writes were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    /// How many requests were not answered as asked.
    pub fn unknown(&self) -> usize {
        self.unknown
    }

    /// How many of these were answered with "not now".
    pub fn refused(&self) -> usize {
        self.refused
    }

    /// Answers that no server should give.
    pub fn wrong(&self) -> &[String] {
        &self.wrong
    }

    /// Tokens that are in this state for certain.
    pub fn tokens(&self, wanted: State) -> impl Iterator<Item = &str> {
        let tokens = self.tokens.iter();
        tokens.filter_map(move |(token, state)| (*state == wanted).then_some(token.as_str()))
    }

    /// What the server knows otherwise than it was acknowledged.
    pub fn lost(&mut self, door: &Door, parties: &Parties, depth: Depth<'_>) -> Vec<Loss> {
        let items = match depth {
            Depth::Whole => self.whole(),
            Depth::New(random) => self.new_and_some(random),
        };
        let lost = thread::scope(|scope| {
            let share = items.len().div_ceil(CHECKERS).max(1);
            let checkers: Vec<_> = items
                .chunks(share)
                .map(|items| {
                    let check = move || items.iter().filter_map(|item| item.lost(door, parties));
                    scope.spawn(move || check().collect::<Vec<_>>())
                })
                .collect();
            let lost = checkers.into_iter().map(|checker| checker.join().unwrap());
            lost.flatten().collect()
        });
        self.new_tokens.clear();
        self.new_registrations.clear();
        self.looked_at = self.exchanged.len();
        lost
    }

    fn whole(&self) -> Vec<Item> {
        let tokens = self.tokens.iter();
        let tokens = tokens.map(|(token, state)| Item::Token(token.clone(), *state));
        let registrations = self.registrations.values().cloned().map(Item::Registration);
        let exchanged = self.exchanged.iter().cloned().map(Item::Exchanged);
        tokens.chain(registrations).chain(exchanged).collect()
    }

    fn new_and_some(&self, random: &mut Random) -> Vec<Item> {
        let mut tokens: Vec<&String> = self.new_tokens.iter().collect();
        tokens.extend(sample(&self.tokens, random));
        let mut registrations: Vec<&String> = self.new_registrations.iter().collect();
        registrations.extend(sample(&self.registrations, random));
        for names in [&mut tokens, &mut registrations] {
            names.sort_unstable();
            names.dedup();
        }
        let mut items = Vec::new();
        items.extend(tokens.iter().filter_map(|token| {
            let state = self.tokens.get(*token)?;
            Some(Item::Token((*token).clone(), *state))
        }));
        items.extend(registrations.iter().filter_map(|path| {
            let noted = self.registrations.get(*path)?;
            Some(Item::Registration(noted.clone()))
        }));
        let (old, new) = self.exchanged.split_at(self.looked_at);
        items.extend(new.iter().cloned().map(Item::Exchanged));
        if !old.is_empty() {
            let again = (0..SAMPLE).map(|_| old[random.below(old.len())].clone());
            items.extend(again.map(Item::Exchanged));
        }
        items
    }
}

impl Item {
    fn lost(&self, door: &Door, parties: &Parties) -> Option<Loss> {
        let loss = |kind, what: String| Some(Loss { kind, what });
        match self {
            Self::Token(token, state) => match (state, parties.is_active(door, token)) {
                (State::Unknown, Some(_))
                | (State::Issued, Some(true))
                | (State::Revoked, Some(false)) => None,
                (_, active) => loss(
                    Kind::Token,
                    format!("acknowledged as {state:?}, now active: {active:?}"),
                ),
            },
            Self::Registration(noted) => {
                let what = noted.lost(door)?;
                loss(Kind::Registration, what)
            }
            Self::Exchanged(exchanged) => {
                if exchanged.is_taken_again(door) {
                    return loss(Kind::Use, "an assertion was taken twice".into());
                }
                if !exchanged.is_good(door) {
                    return loss(
                        Kind::Bought,
                        "a token bought with an assertion is gone".into(),
                    );
                }
                None
            }
        }
    }
}

/// Some keys of a map, which may be drawn twice.
fn sample<'a, V>(map: &'a BTreeMap<String, V>, random: &mut Random) -> Vec<&'a String> {
    if map.is_empty() {
        return Vec::new();
    }
    let chosen: Vec<usize> = (0..SAMPLE).map(|_| random.below(map.len())).collect();
    let keys = map.keys().enumerate();
    keys.filter_map(|(place, key)| chosen.contains(&place).then_some(key))
        .collect()
}
