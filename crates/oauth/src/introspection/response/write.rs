//! Writing the answer: members in a fixed order, straight into the buffer.

use super::{ActiveToken, INACTIVE, IntrospectionResponse};
use crate::json::ObjectWriter;

impl IntrospectionResponse {
    /// Appends the answer. There is no other way to write one.
    pub(in crate::introspection) fn write(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Inactive => buffer.extend_from_slice(INACTIVE),
            Self::Active(token) => {
                let mut object = ObjectWriter::open(buffer);
                object.member("active", &true);
                write_members(token, &mut object);
                object.close();
            }
        }
    }
}

fn write_members(token: &ActiveToken, object: &mut ObjectWriter<'_>) {
    object.optional("iss", token.iss.as_ref());
    object.optional("aud", token.aud.as_ref());
    object.optional("iat", token.iat.as_ref());
    object.optional("exp", token.exp.as_ref());
    object.optional("nbf", token.nbf.as_ref());
    object.optional("client_id", token.client_id.as_ref());
    let scope = token.scope.as_ref();
    object.optional("scope", scope.filter(|scope| !scope.is_empty()));
    object.optional("sub", token.sub.as_ref());
    object.optional("username", token.username.as_ref());
    object.optional("token_type", token.token_type.as_ref());
    object.optional("jti", token.jti.as_ref());
    object.optional("cnf", token.cnf.as_ref());
    if let Some(details) = &token.authorization_details
        && !details.is_empty()
    {
        object.raw("authorization_details", |buffer| details.write(buffer));
    }
    object.optional("acr", token.acr.as_ref());
    object.optional("auth_time", token.auth_time.as_ref());
    if !token.claims.is_empty() {
        object.members(|buffer| token.claims.write(buffer));
    }
}
