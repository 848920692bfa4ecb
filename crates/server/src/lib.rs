//! The HTTP server: one route table, one file per endpoint.
