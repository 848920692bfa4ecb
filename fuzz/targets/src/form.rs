//! Form bodies, and the requests that come in them.

use std::collections::BTreeMap;

use avouch_oauth::form::{FormError, MAX_PARAMETERS};
use avouch_oauth::introspection::{IntrospectionRequest, MAX_NONCE_LENGTH, MAX_TOKEN_LENGTH};
use avouch_oauth::revocation::RevocationRequest;
use avouch_oauth::token::{MAX_RESOURCES, REPEATABLE, TokenRequest};
use avouch_oauth::{AuthorizationDetails, Form, Scope};
use url::form_urlencoded;

/// A body. The `url` crate reads it too, as browsers do: where our reading takes it, both read the same.
pub fn form(data: &[u8]) {
    let theirs: Vec<(String, String)> = form_urlencoded::parse(data).into_owned().collect();
    let ours = match Form::parse(data, REPEATABLE) {
        Ok(form) => form,
        Err(error) => return check_refusal(error, data, &theirs),
    };
    check_reading(&ours, &theirs);
    let written = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&theirs)
        .finish();
    let again = Form::parse(written.as_bytes(), REPEATABLE).expect("what was taken is taken again");
    check_reading(&again, &theirs);
    check_debug(&ours);
    introspection_request(&ours);
    token_request(&ours);
}

fn by_name(pairs: &[(String, String)]) -> BTreeMap<&str, Vec<&str>> {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        names.entry(name).or_default().push(value);
    }
    names
}

fn check_reading(ours: &Form<'_>, theirs: &[(String, String)]) {
    assert!(theirs.len() <= MAX_PARAMETERS);
    for (name, values) in by_name(theirs) {
        assert!(
            values.len() == 1 || REPEATABLE.contains(&name),
            "a parameter came twice"
        );
        let sent = values.iter().copied().filter(|value| !value.is_empty());
        assert!(ours.all(name).eq(sent), "another reading of a parameter");
        assert_eq!(ours.get(name), ours.all(name).next());
    }
}

/// Each refusal has its cause in the body.
fn check_refusal(error: FormError, data: &[u8], theirs: &[(String, String)]) {
    let cause = match error {
        FormError::TooManyParameters => theirs.len() > MAX_PARAMETERS,
        FormError::BrokenPercent => data.contains(&b'%'),
        FormError::NotUtf8 => theirs
            .iter()
            .any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')),
        FormError::Repeated { name } => by_name(theirs).iter().any(|(sent, values)| {
            values.len() > 1 && !REPEATABLE.contains(sent) && name.is_none_or(|name| name == *sent)
        }),
    };
    assert!(cause, "refused without a cause: {error}");
}

/// Nothing that the sender wrote, but for names that are known.
fn check_debug(form: &Form<'_>) {
    let shown = format!("{form:?}");
    let names = shown
        .strip_prefix("Form [")
        .and_then(|rest| rest.strip_suffix(']'))
        .expect("a list of names");
    let is_known = |name: &str| {
        name == "\"(other)\""
            || name
                .trim_matches('"')
                .bytes()
                .all(|octet| octet.is_ascii_lowercase() || octet == b'_')
    };
    assert!(
        names.is_empty() || names.split(", ").all(is_known),
        "{shown}"
    );
    assert!(names.split(", ").all(|name| name.len() <= 24), "{shown}");
}

fn introspection_request(form: &Form<'_>) {
    let revocation = RevocationRequest::parse(form);
    let Ok(request) = IntrospectionRequest::parse(form) else {
        assert!(
            revocation.is_err(),
            "a token to revoke, but not to ask about"
        );
        return;
    };
    let revocation = revocation.expect("a token to ask about can be revoked");
    let token = request.token.expose();
    assert_eq!(Some(token), form.get("token"));
    assert_eq!(token, revocation.token.expose());
    assert!(!token.is_empty() && token.len() <= MAX_TOKEN_LENGTH);
    assert_eq!(request.token_type_hint, revocation.token_type_hint);
    if let Some(hint) = request.token_type_hint {
        assert_eq!(form.get("token_type_hint"), Some(hint.as_str()));
    }
    if let Ok(nonce) = request.nonce() {
        assert_eq!(nonce, form.get("nonce"));
        let is_plain = |nonce: &str| nonce.bytes().all(|octet| octet.is_ascii_graphic());
        assert!(nonce.is_none_or(|nonce| nonce.len() <= MAX_NONCE_LENGTH && is_plain(nonce)));
    }
}

fn token_request(form: &Form<'_>) {
    let Ok(request) = TokenRequest::parse(form) else {
        return;
    };
    assert_eq!(form.get("grant_type"), Some(request.grant.as_str()));
    assert_eq!(request.scope.is_some(), form.get("scope").is_some());
    if let (Some(scope), Some(sent)) = (&request.scope, form.get("scope")) {
        assert!(sent.split(' ').all(|token| scope.contains(token)));
        assert!(scope.is_subset(scope) && !scope.is_empty());
        assert_eq!(Scope::parse(&scope.to_string()).as_ref(), Ok(scope));
    }
    assert!(request.resources.len() <= MAX_RESOURCES);
    for (index, resource) in request.resources.iter().enumerate() {
        assert!(
            !request.resources[..index].contains(resource),
            "twice the same"
        );
        assert!(form.all("resource").any(|sent| sent == resource.as_str()));
    }
    let details = serde_json::to_value(&request.authorization_details).expect("details are JSON");
    assert_eq!(
        AuthorizationDetails::from_value(details).as_ref(),
        Ok(&request.authorization_details)
    );
}
