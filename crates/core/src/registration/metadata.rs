//! The way back: a registration as metadata, with every default and replaced
//! value (RFC 7591 section 3.2.1). Read from the record itself, so that it shows
//! what is in force, an administrator's changes included.

use std::collections::BTreeSet;

use avouch_oauth::client_metadata::ClientMetadata;

use crate::records::{
    CertificateName, CertificateNameKind, Client, ClientAuthentication, GrantType, KeySource,
    PublicDetails, Recipient, ResourceServer, StatementEncryption, TokenBinding,
};
use crate::storage::{CallerRecord, RegisteredCaller};

impl RegisteredCaller {
    /// All that is registered, but for ids, secrets and tokens. Sent back as an
    /// update it changes nothing.
    pub fn metadata(&self) -> ClientMetadata {
        let software = &self.registration.software;
        ClientMetadata {
            software_id: software.id.clone(),
            software_version: software.version.clone(),
            software_statement: software
                .statement
                .as_ref()
                .map(|statement| statement.text.clone()),
            ..match &self.caller {
                CallerRecord::Client(client) => of_client(client),
                CallerRecord::ResourceServer(server) => of_resource_server(server),
            }
        }
    }
}

fn of_client(client: &Client) -> ClientMetadata {
    ClientMetadata {
        grant_types: Some(names(&client.grant_types)),
        scope: (!client.scope.is_empty()).then(|| client.scope.clone()),
        dpop_bound_access_tokens: client.token_binding == TokenBinding::Dpop,
        tls_client_certificate_bound_access_tokens: client.token_binding
            == TokenBinding::Certificate,
        ..common(&client.details, &client.credentials.authentication)
    }
}

fn of_resource_server(server: &ResourceServer) -> ClientMetadata {
    let profile = &server.profile.value;
    ClientMetadata {
        grant_types: Some(names(&server.grant_types)),
        resource: server.resources.iter().cloned().collect(),
        introspection_signed_response_alg: Some(profile.signing_algorithm.name().to_owned()),
        ..with_encryption(
            common(&server.details, &server.credentials.authentication),
            profile.encryption.as_ref(),
        )
    }
}

fn names(grant_types: &BTreeSet<GrantType>) -> Vec<String> {
    grant_types
        .iter()
        .map(|grant| grant.name().to_owned())
        .collect()
}

/// A caller has one set of keys, for authentication and encryption alike.
fn with_encryption(
    metadata: ClientMetadata,
    encryption: Option<&StatementEncryption>,
) -> ClientMetadata {
    let Some(encryption) = encryption else {
        return metadata;
    };
    let (jwks, jwks_uri) = match encryption.recipient() {
        Recipient::Keys { set, .. } => (Some(set.to_object()), None),
        Recipient::Uri(uri) => (None, Some(uri.as_str().to_owned())),
    };
    ClientMetadata {
        introspection_encrypted_response_alg: Some(encryption.algorithm().name().to_owned()),
        introspection_encrypted_response_enc: Some(encryption.encryption().name().to_owned()),
        jwks,
        jwks_uri,
        ..metadata
    }
}

fn common(details: &PublicDetails, authentication: &ClientAuthentication) -> ClientMetadata {
    let PublicDetails {
        name,
        uri,
        contacts,
        tos_uri,
        policy_uri,
    } = details.clone();
    let (jwks, jwks_uri) = match authentication.keys() {
        None => (None, None),
        Some(KeySource::Keys(set)) => (Some(set.to_object()), None),
        Some(KeySource::Uri(uri)) => (None, Some(uri.as_str().to_owned())),
    };
    let certificate_name = |kind| {
        let name = authentication.certificate_name();
        name.filter(|name| name.kind() == kind)
            .map(CertificateName::to_string)
    };
    ClientMetadata {
        token_endpoint_auth_method: Some(authentication.method()),
        token_endpoint_auth_signing_alg: authentication.algorithm_name().map(str::to_owned),
        tls_client_auth_subject_dn: certificate_name(CertificateNameKind::SubjectDn),
        tls_client_auth_san_dns: certificate_name(CertificateNameKind::SanDns),
        tls_client_auth_san_uri: certificate_name(CertificateNameKind::SanUri),
        tls_client_auth_san_ip: certificate_name(CertificateNameKind::SanIp),
        tls_client_auth_san_email: certificate_name(CertificateNameKind::SanEmail),
        jwks,
        jwks_uri,
        response_types: Some(Vec::new()),
        client_name: name,
        client_uri: uri,
        contacts,
        tos_uri,
        policy_uri,
        ..ClientMetadata::default()
    }
}
