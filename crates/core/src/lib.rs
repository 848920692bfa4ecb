//! Records, decisions and storage traits of the authorization server; no HTTP, no SQL, no clock of its own.
