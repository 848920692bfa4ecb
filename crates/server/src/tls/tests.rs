mod files;
mod handshake;
