//! The resource server's end of RFC 9701: ask, verify, and get claims only after every check.
