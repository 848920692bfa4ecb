//! Writing the answer: members in a fixed order, straight into the buffer.

use super::{ActiveToken, IntrospectionResponse};
use serde::ser::{Serialize, SerializeMap, Serializer};

impl Serialize for IntrospectionResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("active", &self.is_active())?;
        if let Self::Active(token) = self {
            write_members(token, &mut map)?;
        }
        map.end()
    }
}

fn write_members<M: SerializeMap>(token: &ActiveToken, map: &mut M) -> Result<(), M::Error> {
    write(map, "iss", token.iss.as_ref())?;
    write(map, "aud", token.aud.as_ref())?;
    write(map, "iat", token.iat.as_ref())?;
    write(map, "exp", token.exp.as_ref())?;
    write(map, "nbf", token.nbf.as_ref())?;
    write(map, "client_id", token.client_id.as_ref())?;
    write(
        map,
        "scope",
        token.scope.as_ref().filter(|scope| !scope.is_empty()),
    )?;
    write(map, "sub", token.sub.as_ref())?;
    write(map, "username", token.username.as_ref())?;
    write(map, "token_type", token.token_type.as_ref())?;
    write(map, "jti", token.jti.as_ref())?;
    write(map, "cnf", token.cnf.as_ref())?;
    let details = token
        .authorization_details
        .as_ref()
        .filter(|details| !details.is_empty());
    write(map, "authorization_details", details)?;
    write(map, "acr", token.acr.as_ref())?;
    write(map, "auth_time", token.auth_time.as_ref())?;
    for (name, value) in token.claims.iter() {
        map.serialize_entry(name, value)?;
    }
    Ok(())
}

fn write<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &'static str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    match value {
        Some(value) => map.serialize_entry(name, value),
        None => Ok(()),
    }
}
