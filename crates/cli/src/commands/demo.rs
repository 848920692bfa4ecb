//! `avouch demo`: what avouch is for, told in a minute. Every line of it
//! happens as it is told; where something turns out otherwise than told, the
//! demo fails. The server is asked over sockets on loopback; what the shop
//! sends to a provider is handed to the guard of that provider.

mod database;
mod keepsake;
mod narrator;
mod shop;
mod stage;
mod tampering;
mod theft;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use avouch_oauth::introspection::IntrospectionResponse;
use avouch_resource_server::{
    Expectations, Freshness, Introspected, ReceivedRequest, verify_statement,
};
use clap::Args;
use http::Request;
use serde_json::{Value, json};

use self::database::Database;
use self::narrator::Narrator;
use self::stage::{Provider, Stage};
use crate::output::Failure;
use crate::statement::{decode, parts};

/// Options of `avouch demo`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Keep statements and keys in this new folder, to look at and verify afterwards
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,

    /// Keep the data in this PostgreSQL database, in a schema of its own that goes with the demo;
    /// as database.url in the configuration
    #[arg(long, value_name = "URL")]
    store: Option<String>,

    /// File with the password for --store, readable by its owner alone
    #[arg(long, value_name = "FILE", requires = "store")]
    store_password_file: Option<PathBuf>,
}

/// Tells the story.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(folder) = arguments.keep.as_deref().filter(|folder| folder.exists()) {
        return Err(
            Failure::new(format!("{}: it is there already", folder.display()))
                .next("name a folder that is not there yet"),
        );
    }
    let database = Database::make(&arguments).await?;
    let told = Box::pin(tell_all(&arguments, database.as_ref())).await;
    // Also after a story that broke off.
    if let Some(database) = database {
        database.drop().await?;
    }
    told
}

async fn tell_all(arguments: &Arguments, database: Option<&Database>) -> Result<ExitCode, Failure> {
    let tell = Narrator::new();
    tell.opening(
        "A customer signs a contract in a shop and pays for it. One access token serves\n\
         two providers: one that signs, one that pays. Each learns its part, in writing.",
    )?;

    tell.chapter(
        1,
        "An authorization server, three resource servers, one client",
    )?;
    let stage = Stage::set_up(database).await?;
    tell.good(&format!("avouch listens on {}", stage.issuer()))?;
    if let Some(database) = database {
        tell.good(&format!(
            "its data is in PostgreSQL, in the schema {}",
            database.config.schema.as_str()
        ))?;
    }
    tell.good("sign, pay and parcel are registered as resource servers, shop as a client")?;
    tell.aside("what each may learn: crates/cli/src/commands/demo/parties.toml")?;

    tell.chapter(
        2,
        "The customer agrees; the login system orders one token for the shop",
    )?;
    let token = stage.order_token().await?;
    tell.good("an opaque token: it says nothing to whoever holds it")?;
    tell.good("bound to a key of the shop's (DPoP): it does nothing for whoever finds it")?;
    tell.document(
        "kept with its grant, under the legal basis \"consent 2026-11/4711\"",
        &known(),
    )?;

    tell.chapter(
        3,
        "The shop goes to sign; sign asks what the token is worth to it",
    )?;
    let seen_by_sign = stage
        .shop_key
        .post("https://sign.example/contracts", &token)?;
    let for_sign = receive(&stage.sign, &seen_by_sign).await?;
    show_encryption(tell, &for_sign)?;
    show_statement(tell, &for_sign)?;
    refuse_less(tell, &stage.sign, &token).await?;
    check_part(&for_sign, "birthdate", &["iban", "payment", "pay.example"])?;
    tell.good("name and birth date for the certificate; nothing of the payment")?;
    tell.good("the request is the shop's: its proof is by the key that cnf names")?;

    tell.chapter(4, "The shop goes to pay; pay asks about the same token")?;
    let payment = stage.shop_key.post(theft::PAYMENTS, &token)?;
    let for_pay = receive(&stage.pay, &payment).await?;
    show_statement(tell, &for_pay)?;
    compare_with_json(tell, &stage.pay, &token, &for_pay).await?;
    check_part(
        &for_pay,
        "iban",
        &["birthdate", "Mustermann", "sign.example"],
    )?;
    tell.good("account and amount; nothing of the person")?;
    check_subjects_differ(&for_sign, &for_pay)?;
    tell.good("each knows the customer by another sub")?;

    tell.chapter(5, "parcel asks too, though the token is not meant for it")?;
    ask_in_vain(tell, &stage.parcel, &token).await?;

    tell.chapter(6, "sign has seen the token, and tries to pay with it")?;
    theft::try_at(tell, &stage.pay, &token, &seen_by_sign).await?;

    tell.chapter(
        7,
        "A statement changed on the way, and one meant for somebody else",
    )?;
    refuse_tampered(tell, &stage.sign, &for_sign)?;
    refuse_foreign(tell, &stage, &for_pay)?;

    tell.chapter(8, "The shop revokes the token")?;
    stage.revoke(&token).await?;
    tell.good("revoked: 200")?;
    for provider in [&stage.sign, &stage.pay, &stage.parcel] {
        ask_in_vain(tell, provider, &token).await?;
    }

    tell.chapter(9, "Next")?;
    if let Some(folder) = &arguments.keep {
        keepsake::keep(
            tell,
            folder,
            &[(&stage.sign, &for_sign), (&stage.pay, &for_pay)],
        )?;
    }
    tell.command(
        "avouch serve --dev",
        "a server to try things on, with curl commands that work",
    )?;
    tell.command(
        "avouch config init my-avouch",
        "a server for keeps: its configuration, explained line by line, and its sealing key",
    )?;
    tell.command("avouch help", "everything else")?;
    tell.aside("built with cargo: put `cargo run --release --` in the place of `avouch`")?;
    stage.strike().await;
    Ok(ExitCode::SUCCESS)
}

/// What the server knows, for the reader: no resource server sees it all.
fn known() -> Value {
    json!({ "claims": stage::claims(), "authorization_details": stage::payment() })
}

/// The provider's guard asks, verifies the answer, and checks that the request
/// comes from whom the token is bound to.
async fn receive(provider: &Provider, request: &Request<()>) -> Result<Introspected, Failure> {
    let verified = provider.guard.check(ReceivedRequest::new(request)).await?;
    told(
        verified.is_sender_constrained(),
        "the token is bound to the shop's key",
    )?;
    Ok(verified.into_token())
}

/// The outer layer of a nested statement: what anybody on the way would see.
fn show_encryption(tell: Narrator, answer: &Introspected) -> Result<(), Failure> {
    let sealed = answer.received();
    told(
        sealed.split('.').count() == 5 && answer.jwt().split('.').count() == 3,
        "the statement came encrypted, and signed inside",
    )?;
    let outer = sealed.split('.').next().unwrap_or_default();
    tell.document(
        "outer header: it came encrypted to sign's own key",
        &decode(outer)?,
    )?;
    tell.good("decrypted with sign's private key; inside it is signed as every statement is")?;
    Ok(())
}

/// Whoever is set up for encryption is given nothing less.
async fn refuse_less(tell: Narrator, provider: &Provider, token: &str) -> Result<(), Failure> {
    match provider.introspector.introspect_unsigned(token).await {
        Err(error) => Ok(tell.refused(&format!("asked for plain JSON: {error}"))?),
        Ok(_) => told(false, "a provider set up for encryption gets nothing less"),
    }
}

/// The same question once more, for an answer in plain JSON.
async fn compare_with_json(
    tell: Narrator,
    provider: &Provider,
    token: &str,
    answer: &Introspected,
) -> Result<(), Failure> {
    let unsigned = provider.introspector.introspect_unsigned(token).await?;
    let same = serde_json::from_str::<Value>(unsigned.json())?
        == serde_json::from_slice::<Value>(&answer.statement().response().to_json())?;
    told(same, "the JSON answer says what the statement says")?;
    tell.good("the same answer as plain JSON has the same members, and proves nothing later")?;
    tell.aside(unsigned.json())?;
    Ok(())
}

fn show_statement(tell: Narrator, answer: &Introspected) -> Result<(), Failure> {
    let statement = answer.statement();
    let [header, claims, _] = parts(answer.jwt())?;
    tell.document("header", &decode(header)?)?;
    tell.document("claims", &decode(claims)?)?;
    tell.good(&format!(
        "verified by the resource server's library: {} by key {}, for {}",
        statement.header().algorithm(),
        statement.header().kid().unwrap_or("without a name"),
        statement.audience().iter().collect::<Vec<_>>().join(", "),
    ))?;
    Ok(())
}

async fn ask_in_vain(tell: Narrator, provider: &Provider, token: &str) -> Result<(), Failure> {
    let answer = provider.introspector.introspect(token).await?;
    let inactive = matches!(
        answer.statement().response(),
        IntrospectionResponse::Inactive
    );
    told(inactive, "the token is not active there")?;
    let [_, claims, _] = parts(answer.jwt())?;
    tell.good(&format!("{}: {}", provider.id, decode(claims)?))?;
    Ok(())
}

/// The statement holds the resource server's part and nothing of another's.
fn check_part(answer: &Introspected, own: &str, foreign: &[&str]) -> Result<(), Failure> {
    let text = String::from_utf8(answer.statement().response().to_json())?;
    told(
        text.contains(own),
        "the statement holds what the provider needs",
    )?;
    let leaks = foreign.iter().any(|word| text.contains(word));
    told(
        !leaks,
        "the statement holds nothing of another provider's part",
    )
}

fn check_subjects_differ(one: &Introspected, other: &Introspected) -> Result<(), Failure> {
    let subject = |answer: &Introspected| answer.active().and_then(|token| token.sub.clone());
    let (one, other) = (subject(one), subject(other));
    told(
        one.is_some() && other.is_some() && one != other,
        "each provider sees its own subject",
    )
}

fn refuse_tampered(
    tell: Narrator,
    sign: &Provider,
    statement: &Introspected,
) -> Result<(), Failure> {
    let tampered = tampering::another_birthdate(statement.jwt())?;
    let expected = Expectations::new(sign.issuer.clone(), sign.id);
    match verify_statement(&tampered, &sign.keys, &expected, Freshness::Archived) {
        Err(error) => Ok(tell.refused(&format!("with another birth date: {error}"))?),
        Ok(_) => told(false, "a changed statement is refused"),
    }
}

fn refuse_foreign(tell: Narrator, stage: &Stage, for_pay: &Introspected) -> Result<(), Failure> {
    let sign = &stage.sign;
    let expected = Expectations::new(sign.issuer.clone(), sign.id);
    match verify_statement(for_pay.jwt(), &sign.keys, &expected, Freshness::Archived) {
        Err(error) => Ok(tell.refused(&format!("pay's statement, shown to sign: {error}"))?),
        Ok(_) => told(false, "a statement for another resource server is refused"),
    }
}

/// The demo tells nothing that did not happen.
fn told(happened: bool, what: &str) -> Result<(), Failure> {
    if happened {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "it did not happen that {what}; this is a bug in avouch"
        )))
    }
}
