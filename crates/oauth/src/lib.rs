//! The OAuth 2.0 wire vocabulary: names, messages, errors and content negotiation, without I/O.
