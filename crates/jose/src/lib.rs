//! JWS, JWK and (later) JWE, strict and without I/O.
