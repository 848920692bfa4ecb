//! Reading an answer, on the side of the resource server: strict in types, no member twice.

use super::{ActiveToken, FurtherClaims, IntrospectionResponse};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

impl<'de> Deserialize<'de> for IntrospectionResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = IntrospectionResponse;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an introspection answer, a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut active: Option<bool> = None;
        let mut token = ActiveToken::default();
        let mut further = Map::new();
        let mut members = 0_usize;
        while let Some(name) = map.next_key::<String>()? {
            members += 1;
            match name.as_str() {
                "active" => once(&mut active, "active", &mut map)?,
                "iss" => once(&mut token.iss, "iss", &mut map)?,
                "aud" => once(&mut token.aud, "aud", &mut map)?,
                "iat" => once(&mut token.iat, "iat", &mut map)?,
                "exp" => once(&mut token.exp, "exp", &mut map)?,
                "nbf" => once(&mut token.nbf, "nbf", &mut map)?,
                "client_id" => once(&mut token.client_id, "client_id", &mut map)?,
                "scope" => once(&mut token.scope, "scope", &mut map)?,
                "sub" => once(&mut token.sub, "sub", &mut map)?,
                "username" => once(&mut token.username, "username", &mut map)?,
                "token_type" => once(&mut token.token_type, "token_type", &mut map)?,
                "jti" => once(&mut token.jti, "jti", &mut map)?,
                "cnf" => once(&mut token.cnf, "cnf", &mut map)?,
                "authorization_details" => {
                    once(
                        &mut token.authorization_details,
                        "authorization_details",
                        &mut map,
                    )?;
                }
                "acr" => once(&mut token.acr, "acr", &mut map)?,
                "auth_time" => once(&mut token.auth_time, "auth_time", &mut map)?,
                _ => {
                    let value: Value = map.next_value()?;
                    if further.insert(name, value).is_some() {
                        return Err(Error::custom("a member is given twice"));
                    }
                }
            }
        }
        match active.ok_or_else(|| Error::missing_field("active"))? {
            true => {
                token.claims = FurtherClaims::new(further).map_err(Error::custom)?;
                Ok(IntrospectionResponse::active(token))
            }
            // RFC 9701, section 5: then there is nothing but `active`. An answer that says more
            // contradicts itself, and is not taken at half its word.
            false if members > 1 => Err(Error::custom(
                "an inactive token must have no member but active",
            )),
            false => Ok(IntrospectionResponse::Inactive),
        }
    }
}

/// Reads a member that must be given once and not be null.
fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    match slot.replace(map.next_value()?) {
        Some(_) => Err(Error::duplicate_field(name)),
        None => Ok(()),
    }
}
