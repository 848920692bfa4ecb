//! Who the authorization server is, is for its certificate to show.

use crate::fake_as::{FakeAs, claims, new_key, sign};
use avouch_resource_server::{Cause, ConnectionProblem, DiscoverError, HttpError};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    authority_named("ours")
}

fn authority_named(name: &str) -> Authority {
    let mut parameters = CertificateParams::new([]).unwrap();
    let subject = &mut parameters.distinguished_name;
    subject.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn certificate_for(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

/// A server on 127.0.0.1 that shows a certificate made of these parameters.
async fn start(parameters: CertificateParams, authority: &Authority) -> FakeAs {
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = FakeAs::new(format!("https://{}", listener.local_addr().unwrap()));
    let accepting = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), accepting.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    server.serve(stream).await;
                }
            });
        }
    });
    server
}

/// Discovery fails for want of trust, and no request is ever made.
async fn assert_distrusted(server: &FakeAs, trusted_pem: &str) -> Cause {
    let builder = server.builder().extra_trust_anchors(trusted_pem);
    let cause = match builder.discover().await {
        Err(DiscoverError::Network(error)) => match error.source {
            HttpError::Tls(cause) => cause,
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    };
    assert!(
        server
            .seen("/.well-known/oauth-authorization-server")
            .is_empty()
    );
    cause
}

fn problem(cause: &Cause) -> Option<ConnectionProblem> {
    cause.downcast_ref().copied()
}

#[tokio::test]
async fn row_7662_4_10_a_certificate_of_a_trusted_authority_will_do() {
    let authority = authority();
    let server = start(certificate_for("127.0.0.1"), &authority).await;
    let key = new_key();
    server.publish(&[&key]);
    server.say(sign(&key, &claims(&server)));
    let builder = server.builder().extra_trust_anchors(authority.pem());
    let introspector = builder.discover().await.unwrap();
    assert!(
        introspector
            .introspect("t0ken")
            .await
            .unwrap()
            .active()
            .is_some()
    );
}

#[tokio::test]
async fn row_7662_4_10_a_certificate_of_an_unknown_authority_fails() {
    let server = start(certificate_for("127.0.0.1"), &authority_named("theirs")).await;
    let cause = assert_distrusted(&server, &authority().pem()).await;
    assert_eq!(problem(&cause), Some(ConnectionProblem::UnknownAuthority));
}

#[tokio::test]
async fn row_7662_4_10_a_certificate_of_an_authority_is_none_of_a_server() {
    let authority = authority();
    let mut parameters = certificate_for("127.0.0.1");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let server = start(parameters, &authority).await;
    let cause = assert_distrusted(&server, &authority.pem()).await;
    assert_eq!(problem(&cause), Some(ConnectionProblem::AuthorityAsServer));
}

#[tokio::test]
async fn row_7662_4_10_a_certificate_for_another_name_fails() {
    let authority = authority();
    let server = start(certificate_for("as.example.com"), &authority).await;
    assert_distrusted(&server, &authority.pem()).await;
}

#[tokio::test]
async fn row_7662_4_10_an_expired_certificate_fails() {
    let authority = authority();
    let mut parameters = certificate_for("127.0.0.1");
    parameters.not_after = date_time_ymd(2020, 1, 1);
    let server = start(parameters, &authority).await;
    assert_distrusted(&server, &authority.pem()).await;
}
